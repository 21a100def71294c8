import { describe, expect, it } from 'vitest';
import {
  type FakePrometheus,
  healthyObjects,
  healthyPrometheus,
  judged,
  messages,
  namespace,
  operatorDeployment,
  podMonitor,
  pool,
  prometheusAt,
  prometheusEndpoints,
  prometheusObject,
  prometheusPod,
  proxies,
  proxyPod,
  type World,
} from './world.ts';

const without = (...kinds: readonly string[]): typeof healthyObjects => healthyObjects.filter(({ kind }) => !kinds.includes(kind));
const served = (fake: FakePrometheus): NonNullable<World['endpoints']> =>
  prometheusEndpoints(prometheusAt, { ...healthyPrometheus, ...fake });
const empty = served({ targets: [], pools: [], names: {} });
const emptyPool = served({ targets: [], names: {} });
const monitor = (spec: object, metadata: object = {}): typeof healthyObjects => [
  ...without('PodMonitor'),
  podMonitor('tokens', { ...spec }, { ...metadata }),
];
const endpoint = (fields: object) => monitor({ podMetricsEndpoints: [fields] });
const prometheus = (spec: object): typeof healthyObjects => [...without('Prometheus'), prometheusObject('k8s', { ...spec })];
const both = (labels: Readonly<Record<string, string>> = {}) => [
  ...['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, labels: { job: 'gateways/tokens', ...labels } })),
  ...['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, pool: 'podMonitor/gateways/copy/0', labels: { job: 'gateways/copy', ...labels } })),
];
const bare = proxyPod('gw-1', '10.0.0.1', { spec: { initContainers: [{ name: 'extproc' }] } });

/** A world, the one root of its failures, and words that its message must have. */
const worlds: readonly (readonly [string, World, string, readonly string[]])[] = [
  ['no container declares the port', { proxies: [bare], endpoints: emptyPool }, 'port-undeclared', ['declares port 1064']],
  [
    'no PodMonitor kind',
    { refused: { podmonitors: 'absent' }, objects: without('Prometheus'), endpoints: empty },
    'operator-missing',
    ['does not know the kind PodMonitor'],
  ],
  ['no Prometheus object', { objects: without('Prometheus', 'Pod'), endpoints: {} }, 'operator-missing', ['no Prometheus object']],
  [
    'the port name of an older release',
    { objects: endpoint({ port: 'aigw-metrics' }), endpoints: empty },
    'unmonitored-proxies',
    ['port: aigw-metrics', '"aigw-admin"'],
  ],
  [
    'a port pattern is anchored',
    { objects: endpoint({ port: 'aigw' }), endpoints: empty },
    'unmonitored-proxies',
    ['port: aigw exists on none'],
  ],
  [
    'another port number',
    { objects: endpoint({ portNumber: 1063 }), endpoints: empty },
    'unmonitored-proxies',
    ['portNumber: 1063', '"aigw-admin"'],
  ],
  [
    'a label that the pods lack',
    { objects: monitor({ selector: { matchLabels: { app: 'gw' } } }), endpoints: empty },
    'unmonitored-proxies',
    ['wants app=gw', 'no label app'],
  ],
  [
    'a label with another value',
    { objects: monitor({ selector: { matchLabels: { 'app.kubernetes.io/component': 'gw' } } }), endpoints: empty },
    'unmonitored-proxies',
    ['app.kubernetes.io/component=proxy'],
  ],
  [
    'another namespace',
    { objects: monitor({}, { namespace: 'monitoring' }), endpoints: empty },
    'unmonitored-proxies',
    ['looks in namespace monitoring', 'are in gateways'],
  ],
  [
    'another path',
    { objects: endpoint({ port: 'aigw-admin', path: '/stats/prometheus' }), endpoints: empty },
    'unmonitored-proxies',
    ['path /stats/prometheus'],
  ],
  [
    'relabelings that drop the pods',
    {
      objects: endpoint({
        port: 'aigw-admin',
        relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_container_init'], regex: 'true', action: 'drop' }],
      }),
      endpoints: served({ targets: [], names: {}, dropped: { [pool]: 2 } }),
    },
    'targets-missing',
    ['relabelings[0] of PodMonitor gateways/tokens endpoint 0 drops them', '"action":"drop"'],
  ],
  [
    'relabelings that scrape another port',
    {
      objects: endpoint({
        port: 'aigw-admin',
        relabelings: [{ sourceLabels: ['__meta_kubernetes_pod_ip'], targetLabel: '__address__', replacement: '$1:19001' }],
      }),
      endpoints: emptyPool,
    },
    'targets-missing',
    ['send the scrape to another address'],
  ],
  ['series that ended', { endpoints: served({ names: {}, lastAge: 600 }) }, 'series-absent', ['the last sample is 10m old']],
  ['no PodMonitor at all', { objects: without('PodMonitor'), endpoints: empty }, 'unmonitored-proxies', ['no PodMonitor comes near']],
  [
    'a label that Prometheus wants',
    { objects: monitor({}, { labels: { team: 'a' } }), endpoints: empty },
    'unselected-monitors',
    ['wants release=kps', 'no label release'],
  ],
  [
    'a podMonitorSelector that is absent',
    { objects: prometheus({ podMonitorSelector: null }), endpoints: empty },
    'unselected-monitors',
    ['podMonitorSelector is absent'],
  ],
  [
    'a namespace selector that is absent',
    { objects: prometheus({ podMonitorNamespaceSelector: null }), endpoints: empty },
    'unselected-monitors',
    ['only in its own namespace monitoring'],
  ],
  [
    'a namespace without the label',
    { objects: prometheus({ podMonitorNamespaceSelector: { matchLabels: { monitored: 'yes' } } }), endpoints: empty },
    'unselected-monitors',
    ['namespaces with monitored=yes', 'no labels'],
  ],
  [
    'an operator that looks elsewhere',
    { objects: [...without('Deployment'), operatorDeployment(['--namespaces=monitoring'])], endpoints: empty },
    'unselected-monitors',
    ['--namespaces=monitoring', 'does not look in namespace gateways'],
  ],
  [
    'an operator that denies the namespace',
    { objects: [...without('Deployment'), operatorDeployment(['--deny-namespaces=gateways'])], endpoints: empty },
    'unselected-monitors',
    ['--deny-namespaces=gateways'],
  ],
  [
    'an operator for other instances',
    { objects: [...without('Deployment'), operatorDeployment(['--controller-id=other'])], endpoints: empty },
    'unselected-monitors',
    ['--controller-id=other'],
  ],
  [
    'a paused Prometheus without the pool',
    { objects: prometheus({ paused: true }), endpoints: empty },
    'unselected-monitors',
    ['is paused'],
  ],
  [
    'a Prometheus that ignores namespace selectors',
    {
      objects: [
        ...without('PodMonitor', 'Prometheus'),
        podMonitor('tokens', { namespaceSelector: { any: true } }, { namespace: 'monitoring' }),
        prometheusObject('k8s', { ignoreNamespaceSelectors: true }),
      ],
      endpoints: empty,
    },
    'unselected-monitors',
    ['ignores namespace selectors'],
  ],
  [
    'a regex that RE2 refuses',
    {
      objects: endpoint({ port: 'aigw-admin', metricRelabelings: [{ action: 'drop', sourceLabels: ['x'], regex: '(?!a).*' }] }),
      endpoints: empty,
    },
    'rejected-monitors',
    ['metricRelabelings[0]', '(?!a).*'],
  ],
  [
    'a timeout beyond the interval',
    { objects: endpoint({ port: 'aigw-admin', interval: '10s', scrapeTimeout: '20s' }), endpoints: empty },
    'rejected-monitors',
    ['20s is longer than the interval 10s'],
  ],
  [
    'a timeout beyond the interval of the Prometheus',
    { objects: endpoint({ port: 'aigw-admin', scrapeTimeout: '1m' }), endpoints: empty },
    'rejected-monitors',
    ['1m is longer than the interval 30s'],
  ],
  [
    'a scrape class that is not there',
    { objects: monitor({ scrapeClass: 'tls' }), endpoints: empty },
    'rejected-monitors',
    ['scrapeClass "tls"'],
  ],
  [
    'two ways to authenticate',
    { objects: endpoint({ port: 'aigw-admin', basicAuth: { username: { name: 'a' } }, oauth2: { clientId: {} } }), endpoints: empty },
    'rejected-monitors',
    ['basicAuth, oauth2'],
  ],
  [
    'a dotted target label on Prometheus 2',
    {
      objects: [
        ...without('PodMonitor', 'Prometheus'),
        podMonitor('tokens', { podMetricsEndpoints: [{ port: 'aigw-admin', relabelings: [{ targetLabel: 'a.b', replacement: 'x' }] }] }),
        prometheusObject('k8s', { version: 'v2.55.1' }),
      ],
      endpoints: empty,
    },
    'rejected-monitors',
    ['"a.b" is no label name in Prometheus v2.55.1'],
  ],
  [
    'pods dropped by the pool',
    { endpoints: served({ targets: [], names: {}, dropped: { [pool]: 14 } }) },
    'targets-missing',
    ['drops 14 discovered targets'],
  ],
  ['a pool that discovers nothing', { endpoints: emptyPool }, 'targets-missing', ['ServiceAccount of Prometheus']],
  [
    'one pod without a target',
    { endpoints: served({ targets: [{ ip: '10.0.0.1' }] }) },
    'targets-missing',
    ['proxy gateways/gw-2 has no active target'],
  ],
  ['a pool that is not there', { endpoints: empty }, 'pool-absent', [pool]],
  [
    'a reload that failed',
    { endpoints: served({ targets: [], pools: [], names: {}, reload: false }) },
    'pool-absent',
    ['last reload failed (the last good one is of 2026-11-24T11:00:00Z)'],
  ],
  [
    'an operator without a pod',
    { objects: [...without('Deployment'), operatorDeployment([], 0)], endpoints: empty },
    'pool-absent',
    ['Deployment monitoring/operator has no ready pod'],
  ],
  [
    'targets that refuse',
    {
      endpoints: served({
        targets: ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, lastError: 'dial tcp: connect: connection refused' })),
        names: {},
      }),
    },
    'targets-down',
    ['nothing listens'],
  ],
  [
    'one bad label',
    {
      endpoints: served({ targets: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2', lastError: 'label name "le" is not unique: invalid sample' }] }),
    },
    'targets-down',
    ['gateways/gw-2', 'label "le" twice'],
  ],
  [
    'the same address in a hand-written job',
    {
      endpoints: served({
        pools: [pool, 'pods'],
        targets: [...both().slice(0, 2), { ip: '10.0.0.1', pool: 'pods', labels: { job: 'pods' } }],
        overcount: 2,
      }),
    },
    'duplicate-monitors',
    ['PodMonitor gateways/tokens (port: aigw-admin) and scrape job pods both scrape', 'differ in job', '2.00 ×'],
  ],
  [
    'the same address in two hand-written jobs',
    {
      objects: without('PodMonitor'),
      endpoints: served({
        pools: ['pods', 'more'],
        targets: [
          ...both()
            .slice(0, 2)
            .map((it) => ({ ...it, pool: 'pods' })),
          { ip: '10.0.0.1', pool: 'more', labels: { job: 'more' } },
        ],
        overcount: 2,
      }),
    },
    'duplicate-targets',
    ['scrape pools more and pods', 'differ in job', '2.00 ×'],
  ],
  [
    'a monitor and a ServiceMonitor',
    {
      endpoints: served({
        pools: [pool, 'serviceMonitor/gateways/svc/0'],
        targets: [...both().slice(0, 2), { ip: '10.0.0.2', pool: 'serviceMonitor/gateways/svc/0', labels: { job: 'svc' } }],
      }),
    },
    'duplicate-monitors',
    ['ServiceMonitor gateways/svc', 'every sum counts them twice'],
  ],
  [
    'a configuration that is nobody’s',
    {
      objects: prometheus({ podMonitorSelector: null, serviceMonitorSelector: null }),
      endpoints: empty,
    },
    'unselected-monitors',
    ['the operator leaves its configuration alone'],
  ],
  [
    'a Secret that may be missing',
    {
      objects: endpoint({ port: 'aigw-admin', authorization: { credentials: { name: 'token', key: 'value' } } }),
      endpoints: empty,
    },
    'rejected-monitors',
    ['refers to Secret gateways/token (key value)'],
  ],
  [
    'two port names in one monitor',
    {
      proxies: [
        proxyPod('gw-1', '10.0.0.1', {
          spec: {
            initContainers: [
              {
                name: 'extproc',
                ports: [
                  { name: 'aigw-admin', containerPort: 1064 },
                  { name: 'aigw-metrics', containerPort: 1064 },
                ],
              },
            ],
          },
        }),
      ],
      objects: monitor({ podMetricsEndpoints: [{ port: 'aigw-admin' }, { port: 'aigw-metrics' }] }),
      endpoints: served({
        pools: [pool, 'podMonitor/gateways/tokens/1'],
        targets: [{ ip: '10.0.0.1' }, { ip: '10.0.0.1', pool: 'podMonitor/gateways/tokens/1', labels: { endpoint: 'aigw-metrics' } }],
        overcount: 2,
      }),
    },
    'duplicate-monitors',
    ['endpoints 0 (port: aigw-admin) and 1 (port: aigw-metrics) of PodMonitor', 'differ in endpoint', '2.00 ×'],
  ],
  [
    'two monitors on one port',
    {
      objects: [...healthyObjects, podMonitor('copy')],
      endpoints: served({ pools: [pool, 'podMonitor/gateways/copy/0'], targets: both(), overcount: 2.004 }),
    },
    'duplicate-monitors',
    ['PodMonitor gateways/tokens', 'PodMonitor gateways/copy', '2.00 × too high'],
  ],
  [
    'an identity label that the target has',
    { endpoints: served({ labels: ['exported_user_id', 'user_id'] }) },
    'labels-exported',
    ['exported_user_id'],
  ],
  [
    'nothing stored though all is up',
    { endpoints: served({ names: {} }) },
    'series-absent',
    ['2 proxies have counted tokens', 'asked for gen_ai_client_token_usage_sum'],
  ],
  [
    'two spellings',
    { endpoints: served({ names: { gen_ai_client_token_usage_sum: 3, 'gen_ai.client.token.usage_token_sum': 4 } }) },
    'spellings-mixed',
    ['gen_ai.client.token.usage_token_sum (4 series)'],
  ],
  [
    'a label that is not stored',
    { endpoints: served({ labels: [] }) },
    'stored-identity-absent',
    ['no stored token series carries user_id', '2 proxies expose it'],
  ],
  ['an old sample', { endpoints: served({ age: 190 }) }, 'series-stale', ['3m10s old', '30s']],
];

describe('one thing is wrong', () => {
  it.each(worlds)('%s', async (_, world, root, words) => {
    const result = await judged(world);
    expect(result.roots).toEqual([root]);
    const said = messages(result, root).join('\n');
    for (const word of words) expect(said).toContain(word);
  });

  it('has a world for every shared check that can fail', async () => {
    const { verdicts } = await judged({});
    const seen = new Set(worlds.map(([, , root]) => root));
    expect(Object.keys(verdicts).filter((id) => !seen.has(id))).toEqual(['prometheus-unreachable']);
  });
});

describe('two things are wrong', () => {
  it('both stand when they are about different pods', async () => {
    const result = await judged({
      proxies: [...proxies, proxyPod('gw-3', '10.0.0.3', { metadata: { labels: { app: 'else' } } })],
      endpoints: served({ targets: [{ ip: '10.0.0.1' }, { ip: '10.0.0.2', lastError: 'sample limit exceeded' }] }),
    });
    expect(result.roots).toEqual(['unmonitored-proxies', 'targets-down']);
  });

  it('a warning is only a warning when both pools make the same series', async () => {
    const same = { job: 'tokens' };
    const result = await judged({
      proxies: proxies.map((pod) => ({ ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, team: 'tokens' } } })),
      objects: [...without('PodMonitor'), podMonitor('tokens', { jobLabel: 'team' }), podMonitor('copy', { jobLabel: 'team' })],
      endpoints: served({ pools: [pool, 'podMonitor/gateways/copy/0'], targets: both(same) }),
    });
    const findings = Object.values(result.verdicts).flatMap((verdict) => (verdict.status === 'fail' ? verdict.findings : []));
    expect(findings.map(({ severity }) => severity)).toEqual(['warning', 'warning']);
    expect(result.failing).toEqual(['duplicate-monitors', 'duplicate-targets']);
  });
});

describe('series that ended', () => {
  it('are stale too, as a consequence', async () => {
    const result = await judged({ endpoints: served({ names: {}, lastAge: 600 }) });
    expect(result.failing).toEqual(['series-absent', 'series-stale']);
  });

  it('are nobody’s loss while all is idle', async () => {
    const result = await judged({ endpoints: served({ names: {}, lastAge: 600 }), emissions: { 'gw-1': 'idle', 'gw-2': 'idle' } });
    expect(result.failing).toEqual([]);
  });
});

describe('what mends it', () => {
  const remedyOf = async (world: World, id: string) => {
    const verdict = (await judged(world)).verdicts[id];
    return verdict?.status === 'fail' ? verdict.findings[0]?.remedy : undefined;
  };

  it.each([
    [
      'the port name',
      { objects: endpoint({ port: 'aigw-metrics' }), endpoints: empty },
      [{ op: 'replace', path: '/spec/podMetricsEndpoints/0/port', value: 'aigw-admin' }],
    ],
    [
      'the port number',
      { objects: endpoint({ portNumber: 9 }), endpoints: empty },
      [{ op: 'add', path: '/spec/podMetricsEndpoints/0/portNumber', value: 1064 }],
    ],
    [
      'the namespace',
      { objects: monitor({}, { namespace: 'monitoring' }), endpoints: empty },
      [{ op: 'add', path: '/spec/namespaceSelector', value: { matchNames: ['monitoring', 'gateways'] } }],
    ],
    [
      'labels that survive a rollout',
      { objects: monitor({ selector: { matchLabels: { app: 'gw' } } }), endpoints: empty },
      [
        {
          op: 'replace',
          path: '/spec/selector',
          value: { matchLabels: { 'app.kubernetes.io/managed-by': 'envoy-gateway', 'app.kubernetes.io/component': 'proxy' } },
        },
      ],
    ],
  ] as const)('%s', async (_, world, patch) => {
    expect((await remedyOf(world, 'unmonitored-proxies'))?.patch).toEqual(patch);
  });

  it('the label that Prometheus wants', async () => {
    const remedy = await remedyOf({ objects: monitor({}, { labels: {} }), endpoints: empty }, 'unselected-monitors');
    expect(remedy?.command).toBe('kubectl -n gateways label podmonitor tokens --overwrite release=kps');
  });

  const down = (lastError: string) =>
    served({
      targets: both()
        .slice(0, 2)
        .map((target) => ({ ...target, health: 'down', lastError })),
    });
  it.each([
    [
      'a limit of the monitor',
      { objects: monitor({ sampleLimit: 50 }), endpoints: down('sample limit exceeded') },
      'podmonitor tokens',
      '/spec/sampleLimit',
    ],
    [
      'a limit of the Prometheus',
      {
        objects: prometheus({ enforcedLabelLimit: 5 }),
        endpoints: down('label_limit exceeded (metric: "x", number of labels: 12, limit: 5)'),
      },
      'prometheus k8s',
      '/spec/enforcedLabelLimit',
    ],
  ] as const)('%s', async (_, world, object, path) => {
    const { command = '' } = (await remedyOf(world, 'targets-down')) ?? {};
    expect(command).toContain(`patch ${object} --type json -p '${JSON.stringify([{ op: 'remove', path }])}'`);
  });

  it('a scheme that the port does not speak', async () => {
    const world = { endpoints: down('Get "https://x": http: server gave HTTP response to HTTPS client') };
    expect((await remedyOf(world, 'targets-down'))?.patch).toEqual([
      { op: 'add', path: '/spec/podMetricsEndpoints/0/scheme', value: 'http' },
    ]);
  });

  it('the monitor of a part, where another has all', async () => {
    const part = proxyPod('gw-2', '10.0.0.2', { metadata: { labels: { 'app.kubernetes.io/component': 'proxy', track: 'canary' } } });
    const canary = podMonitor('canary', { selector: { matchLabels: { track: 'canary' } } });
    for (const objects of [
      [...without('PodMonitor'), canary, podMonitor('tokens', {})],
      [...without('PodMonitor'), podMonitor('tokens', {}), canary],
    ]) {
      const world = { objects, proxies: [proxyPod('gw-1', '10.0.0.1'), part], endpoints: empty };
      expect((await remedyOf(world, 'duplicate-monitors'))?.command).toBe('kubectl -n gateways delete podmonitor canary');
    }
  });

  it('a timeout that the operator refuses', async () => {
    const objects = endpoint({ port: 'aigw-admin', interval: '5s', scrapeTimeout: '10s' });
    expect((await remedyOf({ objects, endpoints: empty }, 'rejected-monitors'))?.patch).toEqual([
      { op: 'remove', path: '/spec/podMetricsEndpoints/0/scrapeTimeout' },
    ]);
  });

  it('a ServiceAccount that may not list the pods', async () => {
    expect((await remedyOf({ endpoints: served({ targets: [] }) }, 'targets-missing'))?.patch).toMatchObject({
      kind: 'RoleBinding',
      metadata: { namespace: 'gateways' },
      roleRef: { kind: 'ClusterRole', name: 'view' },
    });
  });

  it('a PodMonitor that the Prometheus would take', async () => {
    const remedy = await remedyOf({ objects: without('PodMonitor'), endpoints: empty }, 'unmonitored-proxies');
    expect(remedy?.patch).toMatchObject({
      metadata: { namespace: 'gateways', labels: { release: 'kps' } },
      spec: { podMetricsEndpoints: [{ port: 'aigw-admin' }] },
    });
  });
});

describe('what the operator itself says', () => {
  const status = (accepted: string, observedGeneration: number) => ({
    bindings: [
      {
        resource: 'prometheuses',
        name: 'k8s',
        namespace: 'monitoring',
        conditions: [{ type: 'Accepted', status: accepted, reason: 'InvalidConfiguration', message: 'bad', observedGeneration }],
      },
    ],
  });
  const slow = { podMetricsEndpoints: [{ port: 'aigw-admin', interval: '10s', scrapeTimeout: '20s' }] };

  it.each([
    ['refused and current', {}, status('False', 1), 'fail'],
    ['refused and outdated', {}, status('False', 0), 'pass'],
    ['accepted and current, against our rules', slow, status('True', 1), 'pass'],
    ['accepted and outdated, against our rules', slow, status('True', 0), 'fail'],
  ])('%s', async (_, spec, said, expected) => {
    const object = { ...podMonitor('tokens', spec), status: said };
    const result = await judged({ objects: [...without('PodMonitor'), object] });
    expect(result.verdicts['rejected-monitors']?.status).toBe(expected);
  });
});

describe('what could not be read', () => {
  const unread = async (world: World, id: string): Promise<string> => {
    const verdict = (await judged(world)).verdicts[id];
    return verdict?.status === 'unknown' ? verdict.unread.map(({ message }) => message).join('\n') : `${verdict?.status}`;
  };
  const answer = (path: string, status: number, body: string, type = 'text/plain') => ({
    ...served({}),
    [`${prometheusAt}${path}`]: { status, headers: { 'content-type': type }, body },
  });

  it.each([
    ['nobody found', { objects: without('Prometheus', 'Pod') }, 'no Prometheus was found'],
    [
      'no ready pod',
      { objects: [...without('Pod'), { ...prometheusPod(), status: { phase: 'Running', conditions: [] } }] },
      'no pod of Prometheus monitoring/k8s is ready',
    ],
    ['refused', { endpoints: answer('/api/v1/status/buildinfo', 401, 'Unauthorized') }, 'needs --prometheus-token-file'],
    ['a login page', { endpoints: answer('/api/v1/status/buildinfo', 200, '<html>Log in</html>', 'text/html') }, 'HTML page'],
    [
      'half an answer',
      { endpoints: answer('/api/v1/targets', 200, '{"status":"success","data":{"activeTargets":[', 'application/json') },
      'ends early',
    ],
    [
      'an overload',
      { endpoints: answer('/api/v1/query', 503, '{"status":"error","errorType":"timeout","error":"query timed out"}', 'application/json') },
      'query timed out',
    ],
    [
      'an agent',
      {
        objects: [
          ...without('Prometheus'),
          prometheusObject('k8s', {}, 'PrometheusAgent'),
          {
            ...prometheusPod(),
            metadata: {
              ...prometheusPod().metadata,
              labels: { ...prometheusPod().metadata.labels, 'app.kubernetes.io/name': 'prometheus-agent' },
            },
          },
        ],
      },
      'is an agent',
    ],
  ] as const)('%s makes prometheus-unreachable unknown', async (_, world, words) => {
    expect(await unread(world, 'prometheus-unreachable')).toContain(words);
  });

  it('a Mimir has stored series and no targets', async () => {
    const at = 'https://mimir.example/prometheus';
    const mimir = {
      [`${at}/api/v1/status/buildinfo`]: {
        headers: {},
        body: '{"status":"success","data":{"application":"Grafana Mimir","version":"3.0.5"}}',
      },
    };
    const world: World = {
      endpoints: { ...prometheusEndpoints(at, healthyPrometheus), ...mimir },
      options: { prometheus: { target: { at: 'url', url: at }, headers: {} } },
    };
    const result = await judged(world);
    expect(result.failing).toEqual([]);
    expect(result.unknown).toEqual(['prometheus-unreachable', 'pool-absent', 'targets-missing', 'targets-down', 'duplicate-targets']);
    expect(await unread(world, 'prometheus-unreachable')).toContain('Grafana Mimir 3.0.5) stores what others scrape');
  });

  it('a shard that does not answer hides its targets', async () => {
    const objects = [...without('Prometheus'), prometheusObject('k8s', { shards: 2 })];
    const result = await judged({ objects, endpoints: served({ targets: [{ ip: '10.0.0.1' }] }) });
    expect(result.failing).toEqual([]);
    expect(result.unknown).toContain('targets-missing');
  });

  it('namespaces matter only to a selector over them', async () => {
    const refused = { namespaces: 'forbidden' } as const;
    expect((await judged({ refused })).unknown).toEqual([]);
    const objects = [...prometheus({ podMonitorNamespaceSelector: { matchLabels: { a: 'b' } } }), namespace('gateways', { a: 'b' })];
    expect((await judged({ refused, objects, endpoints: empty })).unknown).toContain('unselected-monitors');
  });

  it('PodMonitors that are refused are unknown, not missing', async () => {
    const result = await judged({ refused: { podmonitors: 'forbidden' } }).catch((error: Error) => error.message);
    expect(result).toContain('podmonitors');
  });
});
