import { describe, expect, it } from 'vitest';
import { gather } from '../../../src/engine/gather.ts';
import { prometheusServers, type Servers } from '../../../src/facts/prometheus.ts';
import { storedSeries } from '../../../src/facts/stored-series.ts';
import { targets } from '../../../src/facts/targets.ts';
import type { PrometheusChoice } from '../../../src/model/fact.ts';
import type { Endpoint, KubeObject, Request, Source } from '../../../src/model/source.ts';
import {
  healthyObjects,
  healthyPrometheus,
  nounsOf,
  options,
  prometheusAt,
  prometheusEndpoints,
  prometheusObject,
  prometheusPod,
  sourceOf,
  type World,
} from '../checks/world.ts';

const build = '{"status":"success","data":{"version":"3.5.0"}}';
const without = (kind: string): readonly KubeObject[] => healthyObjects.filter((object) => object.kind !== kind);
const choice = (target: PrometheusChoice['target']): Partial<World> => ({
  options: { prometheus: { target, headers: { authorization: 'Bearer t' } } },
});
const owned = (name: string, kind: string, owner: string): KubeObject => ({
  ...prometheusPod(),
  metadata: { name, namespace: 'mon', ownerReferences: [{ kind, name: owner, controller: true }] },
});

async function servers(world: World): Promise<Servers> {
  return gather(sourceOf(world), { ...options, ...world.options }).reader.ask(prometheusServers(nounsOf(world)));
}

describe('where Prometheus is', () => {
  it.each<readonly [string, World, string, string]>([
    ['behind the object that takes the monitors', {}, 'Prometheus monitoring/k8s', 'pod monitoring/prometheus-k8s-0:9090'],
    [
      'on the port that the object names',
      {
        objects: [
          ...without('Pod'),
          {
            ...prometheusPod(),
            spec: {
              containers: [
                {
                  name: 'prometheus',
                  ports: [
                    { name: 'reloader', containerPort: 8080 },
                    { name: 'web', containerPort: 9999 },
                  ],
                },
              ],
            },
          },
        ],
        endpoints: { 'monitoring/prometheus-k8s-0:9999/api/v1/status/buildinfo': build },
      },
      'Prometheus monitoring/k8s',
      'pod monitoring/prometheus-k8s-0:9999',
    ],
    [
      'under the route prefix of the object',
      {
        objects: [...without('Prometheus'), prometheusObject('k8s', { routePrefix: '/prom' })],
        endpoints: { [`${prometheusAt}/prom/api/v1/status/buildinfo`]: build },
      },
      'Prometheus monitoring/k8s',
      'pod monitoring/prometheus-k8s-0:9090/prom',
    ],
    [
      'under the path of its external URL',
      {
        objects: [...without('Prometheus'), prometheusObject('k8s', { externalUrl: 'https://x.example/prom/' })],
        endpoints: { [`${prometheusAt}/prom/api/v1/status/buildinfo`]: build },
      },
      'Prometheus monitoring/k8s',
      'pod monitoring/prometheus-k8s-0:9090/prom',
    ],
    [
      'where / leads to',
      {
        endpoints: {
          [`${prometheusAt}/api/v1/status/buildinfo`]: { status: 404, body: '404 page not found' },
          [`${prometheusAt}/`]: { status: 302, headers: { location: '/deep/prom/graph' }, body: '' },
          [`${prometheusAt}/deep/prom/api/v1/status/buildinfo`]: build,
        },
      },
      'Prometheus monitoring/k8s',
      'pod monitoring/prometheus-k8s-0:9090/deep/prom',
    ],
    [
      'at a URL',
      {
        ...choice({ at: 'url', url: 'https://me:secret@prom.example' }),
        endpoints: { 'https://me:secret@prom.example/api/v1/status/buildinfo': build },
      },
      'Prometheus https://prom.example',
      'url ',
    ],
    [
      'behind a service',
      {
        ...choice({ at: 'service', namespace: 'mon', service: 'prom', port: 'web' }),
        endpoints: { 'mon/prom:web/api/v1/status/buildinfo': build },
      },
      'Service mon/prom',
      'service mon/prom:web',
    ],
    [
      'in a Deployment',
      {
        ...choice({ at: 'object', namespace: 'mon', kind: 'Deployment', name: 'prom' }),
        objects: [...healthyObjects, owned('other-1', 'ReplicaSet', 'prom-other-77'), owned('prom-77-x', 'ReplicaSet', 'prom-77')],
        endpoints: { 'mon/prom-77-x:9090/api/v1/status/buildinfo': build },
      },
      'Deployment mon/prom',
      'pod mon/prom-77-x:9090',
    ],
    [
      'in a StatefulSet',
      {
        ...choice({ at: 'object', namespace: 'mon', kind: 'StatefulSet', name: 'prom' }),
        objects: [...healthyObjects, owned('prom-0', 'StatefulSet', 'prom')],
        endpoints: { 'mon/prom-0:9090/api/v1/status/buildinfo': build },
      },
      'StatefulSet mon/prom',
      'pod mon/prom-0:9090',
    ],
    [
      'the named object rather than the one that takes the monitors',
      {
        ...choice({ at: 'object', namespace: 'monitoring', kind: 'Prometheus', name: 'other' }),
        objects: [...healthyObjects, prometheusObject('other', { podMonitorSelector: null }), prometheusPod('other')],
        endpoints: { 'monitoring/prometheus-other-0:9090/api/v1/status/buildinfo': build },
      },
      'Prometheus monitoring/other',
      'pod monitoring/prometheus-other-0:9090',
    ],
  ])('%s', async (_, world, subject, place) => {
    const found = await servers(world);
    expect(found.servers.map((server) => server.subject)).toEqual([subject]);
    expect(found.servers[0]?.shards.map(({ endpoint, prefix }) => `${nameOf(endpoint)}${prefix}`)).toEqual([place]);
  });

  it('an object that does not exist is named', async () => {
    const world = choice({ at: 'object', namespace: 'mon', kind: 'Prometheus', name: 'none' });
    await expect(servers(world)).rejects.toThrow('--prometheus names Prometheus mon/none, and there is none');
  });

  it('objects that take nothing are asked when none takes the monitors', async () => {
    const world = { objects: [...without('Prometheus'), prometheusObject('k8s', { podMonitorSelector: null })] };
    expect((await servers(world)).servers.map(({ subject }) => subject)).toEqual(['Prometheus monitoring/k8s']);
  });

  it('https when the object serves TLS', async () => {
    const world = { objects: [...without('Prometheus'), prometheusObject('k8s', { web: { tlsConfig: { cert: {} } } })] };
    const [server] = (await servers(world)).servers;
    expect(server?.shards[0]?.endpoint).toMatchObject({ at: 'pod', scheme: 'https' });
  });
});

function nameOf(endpoint: Endpoint): string {
  if (endpoint.at === 'pod') return `pod ${endpoint.namespace}/${endpoint.pod}:${endpoint.port}`;
  return endpoint.at === 'service' ? `service ${endpoint.namespace}/${endpoint.service}:${endpoint.port}` : 'url ';
}

/** A source that notes every request with its query and headers. */
function noted(world: World): { readonly source: Source; readonly requests: Request[] } {
  const base = sourceOf(world);
  const requests: Request[] = [];
  return {
    requests,
    source: {
      ...base,
      get: (endpoint, request) => {
        requests.push(request);
        return base.get(endpoint, request);
      },
    },
  };
}

describe('what Prometheus is asked', () => {
  const queries = (requests: readonly Request[]): readonly string[] =>
    requests.flatMap(({ query = [] }) => query.filter(([name]) => name === 'query').map(([, text]) => text));

  it('only for active targets', async () => {
    const { source, requests } = noted({});
    await gather(source, options).reader.ask(targets(nounsOf({})));
    expect(requests.filter(({ path }) => path.endsWith('/targets')).map(({ query }) => query)).toEqual([[['state', 'active']]]);
    expect(requests.every(({ peer }) => peer === 'prometheus')).toBe(true);
  });

  it('for dropped counts without the dropped targets, when a pod has none', async () => {
    const { source, requests } = noted({ endpoints: prometheusEndpoints(prometheusAt, { ...healthyPrometheus, targets: [] }) });
    await gather(source, options).reader.ask(targets(nounsOf({})));
    expect(requests.filter(({ path }) => path.endsWith('/targets'))[1]?.query).toEqual([
      ['state', 'dropped'],
      ['scrapePool', 'tokmeter/no-such-pool'],
    ]);
  });

  it('not for what an old version does not have', async () => {
    const { source, requests } = noted({
      endpoints: prometheusEndpoints(prometheusAt, { ...healthyPrometheus, version: '2.41.0', targets: [] }),
    });
    await gather(source, options).reader.ask(targets(nounsOf({})));
    expect(requests.map(({ path }) => path)).toEqual(['/api/v1/status/buildinfo', '/api/v1/targets', '/api/v1/status/runtimeinfo']);
  });

  it('with the headers that the user gave', async () => {
    const world: World = {
      ...choice({ at: 'service', namespace: 'mon', service: 'p', port: 1 }),
      endpoints: prometheusEndpoints('mon/p:1', healthyPrometheus),
    };
    const { source, requests } = noted(world);
    await gather(source, { ...options, ...world.options }).reader.ask(storedSeries(nounsOf(world)));
    expect(requests.length).toBeGreaterThan(3);
    expect(requests.every(({ headers }) => headers?.authorization === 'Bearer t')).toBe(true);
  });

  it('quotes label names that 2.x could not spell, and none that it can', async () => {
    const { source, requests } = noted({
      endpoints: prometheusEndpoints(prometheusAt, { ...healthyPrometheus, labels: ['user.id', 'user_id'] }),
    });
    await gather(source, options).reader.ask(storedSeries(nounsOf({})));
    const name = '__name__=~"gen_ai[._]client[._]token[._]usage(_token)?_sum"';
    expect(queries(requests)).toEqual([
      `count by (__name__) ({${name}})`,
      `count by (__name__) (last_over_time({${name}}[1h]))`,
      `time() - max(timestamp({__name__="gen_ai_client_token_usage_sum"}))`,
      `count({${name},user_id!=""})`,
      `count({${name},"user.id"!=""})`,
    ]);
  });

  it('measures over-counting by what differs between the targets of one pod', async () => {
    const doubled = [
      { ip: '10.0.0.1', labels: { job: 'a' } },
      { ip: '10.0.0.1', pool: 'pods', labels: { job: 'b', service: 'x' } },
      { ip: '10.0.0.2' },
    ];
    const { source, requests } = noted({
      endpoints: prometheusEndpoints(prometheusAt, { ...healthyPrometheus, targets: doubled, overcount: 2 }),
    });
    const [series] = await gather(source, options).reader.ask(storedSeries(nounsOf({})));
    const selector = '{__name__=~"gen_ai[._]client[._]token[._]usage(_token)?_sum",instance=~"10\\\\.0\\\\.0\\\\.1:1064"}';
    expect(queries(requests)).toContain(`sum(${selector}) / sum(avg without (job, service) (${selector}))`);
    expect(series?.overcount).toBe(2);
  });
});
