import { expect, it } from 'vitest';
import { maskArgs, redact } from '../../../src/parse/redact.ts';

it.each([
  ['a seed after =', ['-mcpSessionEncryptionSeed=hush'], ['-mcpSessionEncryptionSeed=***']],
  ['a seed as the next word', ['-mcpSessionEncryptionSeed', 'hush', '-x'], ['-mcpSessionEncryptionSeed', '***', '-x']],
  ['the fallback seed', ['--mcpFallbackSessionEncryptionSeed=hush'], ['--mcpFallbackSessionEncryptionSeed=***']],
  ['a secret with = inside', ['--api-key=a=b'], ['--api-key=***']],
  ['a flag without a value before another flag', ['--token', '--x=1'], ['--token', '--x=1']],
  ['a name that only speaks of keys', ['--tlsKeyName=tls.key', '--token-file=/t'], ['--tlsKeyName=tls.key', '--token-file=/t']],
  ['a mapping', ['--metricsRequestHeaderAttributes=x-token:token'], ['--metricsRequestHeaderAttributes=x-token:token']],
  ['what is no text', [1, null], [1, null]],
])('masks %s', (_, args, expected) => expect(maskArgs(args)).toEqual(expected));

const object = (kind: string, rest: object) => ({ apiVersion: 'v1', kind, metadata: { name: 'x' }, ...rest });

it.each([
  [
    'the data of a Secret',
    object('Secret', { data: { a: 'b' }, stringData: { c: 'd' }, type: 'Opaque' }),
    object('Secret', { type: 'Opaque' }),
  ],
  ['the data of a ConfigMap not', object('ConfigMap', { data: { a: 'b' } }), object('ConfigMap', { data: { a: 'b' } })],
  [
    'an Authorization header',
    object('X', { spec: { headers: { Authorization: 'Bearer x' } } }),
    object('X', { spec: { headers: { Authorization: '***' } } }),
  ],
  [
    'literal secrets in the environment',
    object('Pod', {
      spec: {
        initContainers: [
          {
            env: [
              { name: 'OPENAI_API_KEY', value: 'sk' },
              { name: 'AUTH_KEY', value: 'sk' },
              { name: 'DATABASE_DSN', value: 'root:p@ss@tcp(db:3306)/g' },
              { name: 'DATABASE_URL', value: 'postgres://u:pw@db/g' },
              { name: 'DATABASE_DSN', value: './data/g.db' },
              { name: 'TOKEN', valueFrom: {} },
              { name: 'PATH', value: '/' },
            ],
          },
        ],
      },
    }),
    object('Pod', {
      spec: {
        initContainers: [
          {
            env: [
              { name: 'OPENAI_API_KEY', value: '***' },
              { name: 'AUTH_KEY', value: '***' },
              { name: 'DATABASE_DSN', value: '***@tcp(db:3306)/g' },
              { name: 'DATABASE_URL', value: 'postgres://***@db/g' },
              { name: 'DATABASE_DSN', value: './data/g.db' },
              { name: 'TOKEN', valueFrom: {} },
              { name: 'PATH', value: '/' },
            ],
          },
        ],
      },
    }),
  ],
])('masks %s', (_, before, after) => expect(redact(before)).toEqual(after));
