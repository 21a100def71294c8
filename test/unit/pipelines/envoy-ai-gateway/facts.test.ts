import { describe, expect, it } from 'vitest';
import { ReadError } from '../../../../src/model/source.ts';
import { controllers } from '../../../../src/pipelines/envoy-ai-gateway/facts/controller.ts';
import { emitters } from '../../../../src/pipelines/envoy-ai-gateway/facts/emitters.ts';
import { identity } from '../../../../src/pipelines/envoy-ai-gateway/facts/identity.ts';
import { installed } from '../../../../src/pipelines/envoy-ai-gateway/facts/installed.ts';
import { proxies } from '../../../../src/pipelines/envoy-ai-gateway/facts/proxies.ts';
import { proxiesView } from '../../../../src/pipelines/envoy-ai-gateway/views/proxies.ts';
import { memorySource } from '../../memory-source.ts';
import { aiRoute, controller, idlePage, proxyPod } from './objects.ts';
import { ask, readerOf } from './reader.ts';
import { type Change, memoryOf, metricsAt, ownChecks } from './world.ts';

const of = (change: Change) => memorySource(memoryOf(change));
const nothing: Change = { controller: null, controllerPods: [], pods: [], gateways: [], routes: [], httpRoutes: [] };
const noApi = { aigatewayroutes: 'absent' } as const;

describe('installed', () => {
  it.each<[string, Change, string, string | null]>([
    ['all of it', {}, 'installed', 'v0.5.0'],
    ['two releases', { pods: [proxyPod(), proxyPod({ name: 'b', version: 'v0.4.0' })] }, 'installed', 'v0.4.0, v0.5.0'],
    [
      'ten after nine',
      { pods: [proxyPod({ version: 'v0.5.10' }), proxyPod({ name: 'b', version: 'v0.5.9' })] },
      'installed',
      'v0.5.9, v0.5.10',
    ],
    ['the API alone', { ...nothing }, 'installed', null],
    ['a controller alone', { ...nothing, controller: controller(), refused: noApi }, 'installed', 'v0.5.0'],
    ['sidecars alone', { ...nothing, pods: [proxyPod()], refused: noApi }, 'installed', 'v0.5.0'],
    ['nothing', { ...nothing, refused: noApi }, 'absent', null],
    ['Envoy Gateway without AI', { ...nothing, pods: [proxyPod({ sidecar: false })], refused: noApi }, 'absent', null],
    ['a controller, and pods that may not be listed', { refused: { pods: 'forbidden' } }, 'installed', 'v0.5.0'],
  ])('%s', async (_, change, status, variant) => {
    const found = await ask(installed, of(change));
    expect(found.status).toBe(status);
    expect(found.status === 'installed' ? found.variant : null).toBe(variant);
  });

  it.each(['pods', 'deployments', 'aigatewayroutes'])('is not absent when %s may not be listed', async (resource) => {
    const source = of({ ...nothing, refused: { ...noApi, [resource]: 'forbidden' } });
    await expect(ask(installed, source)).rejects.toThrow('forbidden');
  });

  it('says what it looked for', async () => {
    const found = await ask(installed, of({ ...nothing, refused: noApi }));
    expect(found).toMatchObject({
      lookedFor: [
        expect.stringContaining('AIGatewayRoute'),
        expect.stringContaining('ai-gateway-controller'),
        expect.stringContaining('ai-gateway-extproc'),
      ],
    });
  });

  it('sums up', async () => expect(await ask(installed, of({}))).toMatchObject({ summary: '1 proxy of 1 gateway, 1 AI route' }));
});

const fingerprint = {
  'v0.2': ['-metricsPort', '1064', '-healthPort', '1065'],
  'v0.3': ['-metricsPort', '1064', '-rootPrefix', '/'],
  'v0.4': ['-adminPort', '1064', '-rootPrefix', '/'],
};
const old = [{ name: 'aigw-metrics', containerPort: 1064 }];
const both = [{ name: 'aigw-admin', containerPort: 1064 }, ...old];

describe('the release of a sidecar', () => {
  it.each<[string, Parameters<typeof proxyPod>[0], string | null, number]>([
    ['by tag', {}, 'v0.5.0', 1],
    ['by the tag of a mirror', { image: 'registry.alauda.cn:60080/ait/ai-gateway-extproc:v1.0.0' }, 'v1.0.0', 1],
    ['a newer one than all', { version: 'v1.7.0' }, 'v1.7.0', 1],
    ['by arguments and ports: v0.2', { image: 'm/extproc@sha256:1', args: fingerprint['v0.2'], ports: old }, 'v0.2', 1],
    ['by arguments and ports: v0.3', { image: 'm/extproc@sha256:1', args: fingerprint['v0.3'], ports: old }, 'v0.3', 1],
    ['by arguments and ports: v0.4', { image: 'm/extproc@sha256:1', args: fingerprint['v0.4'], ports: both }, 'v0.4', 1],
    ['by a flag of v1.1', { image: 'm/extproc@sha256:1', args: ['-configBundlePath', '/x', '-adminPort', '1064'] }, 'v1.1', 1],
    ['not by a digest alone', { image: 'm/ai-gateway-extproc@sha256:1', args: ['-adminPort', '1064'] }, null, 5],
    [
      'by tag where newer arguments were made for it',
      { version: 'v0.5.0', args: ['-adminPort', '1064', '-requestHeaderAttributes', 'x-a:a'] },
      'v0.5.0',
      1,
    ],
    ['by tag where arguments and ports deny it', { version: 'v1.1.0', args: fingerprint['v0.3'], ports: old }, 'v1.1.0', 1],
  ])('%s', async (_, shape, version, candidates) => {
    const { read } = await ask(proxies, of({ pods: [proxyPod({ name: 'p', ...shape })] }));
    expect(read[0]?.sidecar?.guess.version).toBe(version);
    expect(read[0]?.sidecar?.guess.candidates).toHaveLength(candidates);
  });
});

describe('proxies', () => {
  it.each<[string, Change, readonly string[]]>([
    ['in all namespaces', { pods: [proxyPod(), proxyPod({ name: 'b', namespace: 'maas-system' })] }, ['envoy-maas-0', 'b']],
    [
      'of one namespace, by pod or by Gateway',
      {
        pods: [
          proxyPod(),
          proxyPod({
            name: 'b',
            namespace: 'x',
            labels: { 'app.kubernetes.io/managed-by': 'envoy-gateway', 'app.kubernetes.io/component': 'proxy' },
          }),
        ],
        options: { namespace: 'maas-system' },
      },
      ['envoy-maas-0'],
    ],
    ['of one Gateway', { pods: [proxyPod()], options: { gateway: { namespace: 'maas-system', name: 'other' } } }, []],
    ['with a label of the user', { pods: [proxyPod()], options: { selector: 'tier=canary' } }, []],
  ])('%s', async (_, change, names) => {
    const { read } = await ask(proxies, of(change), change.options);
    expect(read.map(({ pod }) => pod.name)).toEqual(names);
  });

  it('may be listed in one namespace alone', async () => {
    const source = of({ pods: [proxyPod(), proxyPod({ name: 'b', namespace: 'elsewhere' })] });
    const narrow: typeof source = {
      ...source,
      list: (kind, scope) =>
        scope?.namespace === undefined ? Promise.reject(new ReadError('forbidden', 'list pods', 'forbidden')) : source.list(kind, scope),
    };
    const { read } = await ask(proxies, narrow, { namespace: 'envoy-gateway-system' });
    expect(read.map(({ pod }) => pod.name)).toEqual(['envoy-maas-0']);
    await expect(ask(proxies, narrow)).rejects.toThrow('forbidden');
  });

  it('says of many what it says of each', async () => {
    const shapes: readonly Parameters<typeof proxyPod>[0][] = [
      {},
      { mapping: ['-metricsRequestHeaderAttributes', 'x-team:team.id'] },
      { version: 'v1.1.0' },
      { args: ['-adminPort=2064'] },
      { args: ['-adminPort=2064'], ports: [{ containerPort: 2064 }] },
      { args: ['-adminPort', '1064'], image: 'm/extproc@sha256:1' },
      {},
    ];
    const pods = shapes.map((shape, index) => proxyPod({ name: `p${index}`, ...shape }));
    const alone = await Promise.all(pods.map(async (pod) => (await ask(proxies, of({ pods: [pod] }))).read[0]));
    expect((await ask(proxies, of({ pods }))).read).toEqual(alone);
  });

  it('takes the port from the arguments and its names from all containers', async () => {
    const pod = proxyPod({ args: ['-adminPort=2064'], ports: [{ containerPort: 2064 }] });
    const { read } = await ask(emitters, of({ pods: [pod] }));
    expect(read[0]).toMatchObject({ port: 2064, portNames: [], container: 'ai-gateway-extproc', path: '/metrics' });
    expect((await ask(emitters, of({ pods: [proxyPod({ args: ['-adminPort=2064'] })] }))).read[0]?.portNames).toBeNull();
    expect((await ask(emitters, of({ pods: [proxyPod({ version: 'v0.4.0', ports: both })] }))).read[0]?.portNames).toEqual([
      'aigw-admin',
      'aigw-metrics',
    ]);
  });
});

describe('identity', () => {
  it.each<[string, Change, readonly string[]]>([
    ['of the controller', {}, ['user_id']],
    [
      'base and metrics',
      {
        controller: controller({
          version: 'v1.1.0',
          mapping: ['--requestHeaderAttributes=x-t:tenant.id', '--metricsRequestHeaderAttributes=x-u:user.id'],
        }),
      },
      ['tenant_id', 'user_id'],
    ],
    ['expected ones as well, once', { options: { expectLabels: ['user.id', 'team'] } }, ['user_id', 'team']],
    [
      'of the sidecars, where the controller does not parse',
      { controller: controller({ mapping: ['--metricsRequestHeaderAttributes=x,'] }) },
      ['user_id'],
    ],
    ['of the sidecars, where the controller may not be read', { refused: { deployments: 'forbidden' } }, ['user_id']],
    ['of the controller, where the pods may not be read', { refused: { pods: 'forbidden' } }, ['user_id']],
  ])('%s', async (_, change, labels) =>
    expect((await ask(identity, of(change), change.options)).map(({ label }) => label)).toEqual(labels),
  );

  it('is unread when nothing may be read', async () => {
    await expect(ask(identity, of({ refused: { pods: 'forbidden', deployments: 'forbidden' } }))).rejects.toThrow('forbidden');
  });
});

describe('secrets in arguments', () => {
  const seed = 'hunter2-seed';
  const secret = ['-mcpSessionEncryptionSeed', seed, `--mcpFallbackSessionEncryptionSeed=${seed}`];
  const change: Change = {
    controller: controller({ mapping: [...secret, 'stray', '--metricsRequestHeaderAttributes=X-A:a'] }),
    pods: [proxyPod({ mapping: secret }), proxyPod({ name: 'b', sidecar: false })],
    metrics: idlePage(),
  };

  it('stay in the facts that read them', async () => {
    for (const fact of [controllers, proxies, emitters, identity])
      expect(JSON.stringify(await ask<unknown>(fact, of(change)))).not.toContain(seed);
  });

  it('reach no verdict and no table', async () => {
    const reader = readerOf(of(change));
    for (const check of ownChecks) expect(JSON.stringify(await check.examine(reader))).not.toContain(seed);
    expect(JSON.stringify(await proxiesView.show(reader))).not.toContain(seed);
  });
});

describe('the table of proxies', () => {
  it('shows release, mapping and state', async () => {
    const pods = [
      proxyPod(),
      proxyPod({ name: 'envoy-maas-1', native: false, mapping: [] }),
      proxyPod({ name: 'envoy-maas-2', sidecar: false }),
    ];
    const source = of({ pods, endpoints: { [metricsAt('envoy-maas-1')]: idlePage() } });
    const table = await proxiesView.show(readerOf(source));
    expect(table.columns.filter(({ wide }) => !wide).map(({ name }) => name)).toEqual([
      'NAMESPACE',
      'NAME',
      'GATEWAY',
      'RELEASE',
      'SIDECAR',
      'READY',
      'RESTARTS',
      'MAPPING',
      'METRICS',
    ]);
    expect(table.rows.map((row) => row.slice(1, 9))).toEqual([
      ['envoy-maas-0', 'maas-system/maas', 'v0.5.0', 'init', 'yes', '0', 'x-user-id:user.id', '4 series'],
      ['envoy-maas-1', 'maas-system/maas', 'v0.5.0', 'regular', 'yes', '0', '<none>', 'idle'],
      ['envoy-maas-2', 'maas-system/maas', '<unknown>', 'none', '-', '-', '-', '-'],
    ]);
    expect(table.rows.every((row) => row.length === table.columns.length)).toBe(true);
    expect(table.items[0]).toMatchObject({
      release: 'v0.5.0',
      node: 'worker-1',
      metrics: { status: 'metered', series: 4, labels: expect.arrayContaining(['user_id']) },
    });
  });

  it('is empty and says so', async () => {
    expect(await proxiesView.show(readerOf(of({ pods: [] })))).toMatchObject({ rows: [], empty: 'no proxy pods found' });
  });
});

describe('calls', () => {
  it('are one list a kind and one request a proxy', async () => {
    const pods = Array.from({ length: 30 }, (_, index) => proxyPod({ name: `p${index}` }));
    const source = of({ pods, routes: [aiRoute({ llmRequestCosts: [] })] });
    const reader = readerOf(source);
    for (const check of ownChecks) await check.examine(reader);
    const lists = source.log.filter((line) => line.startsWith('list'));
    expect(new Set(lists).size).toBe(lists.length);
    expect(lists.map((line) => line.split(' ')[1]).sort()).toEqual(
      ['aigatewayroutes', 'deployments', 'gatewayconfigs', 'gateways', 'httproutes', 'clienttrafficpolicies', 'pods', 'pods'].sort(),
    );
    expect(source.log.filter((line) => line.startsWith('get'))).toHaveLength(30);
  });
});
