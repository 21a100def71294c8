/** A Prometheus that usage is asked of. */
export const shard = {
  name: 'Prometheus a/b',
  endpoint: { at: 'url', url: 'http://prometheus' },
  prefix: '',
  headers: {},
  build: { product: 'prometheus', version: '3.5.3' },
} as const;
