import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { identityAbsent } from '../../../../src/pipelines/envoy-ai-gateway/checks/identity-absent.ts';
import { identityPartial } from '../../../../src/pipelines/envoy-ai-gateway/checks/identity-partial.ts';
import { idleProxies } from '../../../../src/pipelines/envoy-ai-gateway/checks/idle-proxies.ts';
import { metricsUnreadable } from '../../../../src/pipelines/envoy-ai-gateway/checks/metrics-unreadable.ts';
import { modelsMixed } from '../../../../src/pipelines/envoy-ai-gateway/checks/models-mixed.ts';
import { proxiesAbsent } from '../../../../src/pipelines/envoy-ai-gateway/checks/proxies-absent.ts';
import { seriesOverflow } from '../../../../src/pipelines/envoy-ai-gateway/checks/series-overflow.ts';
import { sidecarUnready } from '../../../../src/pipelines/envoy-ai-gateway/checks/sidecar-unready.ts';
import { staleMapping } from '../../../../src/pipelines/envoy-ai-gateway/checks/stale-mapping.ts';
import { uninjectedProxies } from '../../../../src/pipelines/envoy-ai-gateway/checks/uninjected-proxies.ts';
import { versionSkew } from '../../../../src/pipelines/envoy-ai-gateway/checks/version-skew.ts';
import { faulty } from '../../memory-source.ts';
import { aiRoute, controller, gateway, idlePage, metricsPage, proxyPod } from './objects.ts';
import { real } from './real.ts';
import { type Change, findingsOf, judged, lineOf, metricsAt } from './world.ts';

const second = (shape: Parameters<typeof proxyPod>[0] = {}): KubeObject => proxyPod({ name: 'envoy-maas-1', ...shape });
const merged = {
  'app.kubernetes.io/managed-by': 'envoy-gateway',
  'app.kubernetes.io/component': 'proxy',
  'gateway.envoyproxy.io/owning-gatewayclass': 'eg',
};

describe('proxies-absent', () => {
  it.each<[string, Change, RegExp]>([
    ['a proxy', {}, /^pass/],
    ['none', { pods: [] }, /^fail: it has AI routes, and no proxy pod serves it$/],
    ['one that is being deleted', { pods: [proxyPod({ deletionTimestamp: '2026-11-24T11:59:00Z' })] }, /^fail/],
    ['an evicted one', { pods: [proxyPod({ phase: 'Failed' })] }, /^fail/],
    [
      'none for a second Gateway',
      { gateways: [gateway(), gateway('other')], routes: [aiRoute(), aiRoute({ parentRefs: [{ name: 'other' }] }, undefined, 'r2')] },
      /^fail/,
    ],
    [
      'no routes, no sidecars',
      { pods: [], routes: [] },
      /^fail: no AI route and no proxy pod with a sidecar was found: nothing is metered there$/,
    ],
    ['a merged class', { pods: [proxyPod({ labels: merged })] }, /^pass/],
    ['a namespace with nothing in it', { options: { namespace: 'typo' } }, /was found in namespace typo: nothing/],
    ['a selector that nothing matches', { options: { selector: 'tier=canary' } }, /no proxy pod that matches -l tier=canary serves it$/],
    [
      'a rate limiter',
      { pods: [proxyPod({ labels: { 'app.kubernetes.io/managed-by': 'envoy-gateway', 'app.kubernetes.io/component': 'ratelimit' } })] },
      /^fail/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(proxiesAbsent, change))).toMatch(line));
});

describe('uninjected-proxies', () => {
  it.each<[string, Change, RegExp]>([
    ['a native sidecar', {}, /^pass/],
    ['a regular container', { pods: [proxyPod({ native: false })] }, /^pass/],
    [
      'no sidecar',
      { pods: [proxyPod({ sidecar: false })] },
      /^fail: no ai-gateway-extproc container, though Gateway maas-system\/maas has AI routes$/,
    ],
    ['one of two without', { pods: [proxyPod(), second({ sidecar: false })] }, /\(1 of 2 pods of its workload has it\)$/],
    [
      'a Gateway without AI routes',
      { pods: [proxyPod({ sidecar: false })], routes: [aiRoute({ parentRefs: [{ name: 'other' }] })] },
      /^pass/,
    ],
    ['a merged class', { pods: [proxyPod({ sidecar: false, labels: merged })] }, /proxies of a merged GatewayClass/],
    [
      'a merged class, and Gateways that may not be listed',
      { pods: [proxyPod({ sidecar: false, labels: merged })], refused: { gateways: 'forbidden' } },
      /^unknown: forbidden list gateways/,
    ],
    ['no proxies', { pods: [] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(uninjectedProxies, change))).toMatch(line));

  it('restarts the workload', async () => {
    const [finding] = findingsOf(await judged(uninjectedProxies, { pods: [proxyPod({ sidecar: false })] }));
    expect(finding?.remedy?.command).toBe('kubectl -n envoy-gateway-system rollout restart deployment/envoy-maas');
    expect(finding?.about).toEqual(['pod envoy-gateway-system/envoy-maas-0']);
  });
});

describe('sidecar-unready', () => {
  const mismatch =
    'time=… level=INFO msg="starting"\n2026/11/23 error: failed to start config watcher: failed to load initial config: config version mismatch: expected "v0.5.0", got "v0.6.0". Likely in the middle of rolling update';
  const crashing = {
    ready: false,
    restartCount: 3,
    state: { waiting: { reason: 'CrashLoopBackOff' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', message: mismatch } },
  };
  const creating = { ready: false, restartCount: 0, state: { waiting: { reason: 'PodInitializing' } } };
  it.each<[string, Change, RegExp]>([
    ['ready', {}, /^pass/],
    [
      'crashing',
      { pods: [proxyPod({ state: crashing })] },
      /^fail: container ai-gateway-extproc is not ready: waiting CrashLoopBackOff, 3 restarts, last ended with code 1 \(Error\); it said: .*config version mismatch/,
    ],
    ['running, its probe failing', { pods: [proxyPod({ state: { ready: false } })] }, /^fail: .*running, not ready$/],
    ['being created for seconds', { pods: [proxyPod({ state: creating })], now: '2026-11-24T08:00:30Z' }, /^fail: \[warning\] /],
    ['being created for hours', { pods: [proxyPod({ state: creating })] }, /^fail: container/],
    ['no sidecars', { pods: [] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(sidecarUnready, change))).toMatch(line));
});

describe('stale-mapping', () => {
  const lost = ['-metricsRequestHeaderAttributes', 'x-user-id:user.id,x-dept:department'];
  it.each<[string, Change, RegExp]>([
    ['the same', {}, /^pass/],
    [
      'the same in another order and spelling',
      {
        controller: controller({ mapping: ['--metricsRequestHeaderAttributes=x-b:b,x-a:a'] }),
        pods: [proxyPod({ mapping: ['--metricsRequestHeaderAttributes= x-a:a , x-b:b'] })],
      },
      /^pass/,
    ],
    [
      'none in the sidecar',
      { pods: [proxyPod({ mapping: [] })] },
      /^fail: its sidecar lacks x-user-id:user.id: v0.5.0 does not roll its proxies when the mapping changes$/,
    ],
    ['more in the sidecar', { pods: [proxyPod({ mapping: lost })] }, /its sidecar still has x-dept:department/],
    [
      'two stale proxies and a fresh one',
      { pods: [proxyPod(), second({ mapping: [] }), proxyPod({ name: 'envoy-maas-2', mapping: [] })] },
      /, and so does 1 other proxy: /,
    ],
    [
      'v1.1, which rolls by itself',
      { controller: controller({ version: 'v1.1.0' }), pods: [proxyPod({ version: 'v1.1.0', mapping: [] })] },
      /v1.1.0 rolls its proxies by itself, so the rollout is under way or Deployment .* is stuck$/,
    ],
    ['a mapping that does not parse', { controller: controller({ mapping: ['--metricsRequestHeaderAttributes=x,'] }) }, /^skip/],
    ['no controller', { controller: null }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(staleMapping, change))).toMatch(line));

  it('prints the union patch and the rollout', async () => {
    const [finding] = findingsOf(await judged(staleMapping, { pods: [proxyPod({ mapping: lost })] }));
    expect(finding?.remedy?.patch).toEqual([
      {
        op: 'replace',
        path: '/spec/template/spec/containers/0/args/2',
        value: '--metricsRequestHeaderAttributes=x-user-id:user.id,x-dept:department',
      },
    ]);
    expect(finding?.remedy?.command).toMatch(
      /^kubectl -n envoy-ai-gateway-system patch deployment .*\nkubectl -n envoy-ai-gateway-system rollout status deployment\/ai-gateway-controller --timeout=5m\nkubectl -n envoy-gateway-system rollout restart deployment\/envoy-maas$/,
    );
    expect(finding?.about).toEqual(['pod envoy-gateway-system/envoy-maas-0', 'label department']);
  });
});

describe('version-skew', () => {
  const pinned = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'GatewayConfig',
    metadata: { name: 'config', namespace: 'maas-system' },
    spec: { extProc: { kubernetes: { image: 'x/ai-gateway-extproc:v0.5.0' } } },
  };
  it.each<[string, Change, RegExp]>([
    ['one release', {}, /^pass/],
    [
      'a newer controller',
      { controller: controller({ version: 'v0.6.0' }) },
      /^fail: its sidecar is v0.5.0, the controller v0.6.0: it refuses the configuration/,
    ],
    ['a newer patch', { controller: controller({ version: 'v0.5.1' }) }, /^fail: its sidecar is v0.5.0, the controller v0.5.1/],
    [
      'releases that do not refuse each other',
      {
        controller: controller({ version: 'v0.4.0' }),
        pods: [
          proxyPod({
            version: 'v0.3.0',
            args: ['-metricsPort', '1064', '-rootPrefix', '/'],
            ports: [{ name: 'aigw-metrics', containerPort: 1064 }],
          }),
        ],
      },
      /^fail: \[warning\] its sidecar is v0.3.0/,
    ],
    ['a digest that may be the same', { pods: [proxyPod({ image: 'x/ai-gateway-extproc@sha256:abc' })] }, /^pass/],
    ['no controller', { controller: null }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(versionSkew, change))).toMatch(line));

  it('names the config that pins the image', async () => {
    const gateways = [gateway('maas', { annotations: { 'aigateway.envoyproxy.io/gateway-config': 'config' } })];
    const [finding] = findingsOf(await judged(versionSkew, { controller: controller({ version: 'v0.6.0' }), gateways, extra: [pinned] }));
    expect(finding?.remedy?.text).toBe(
      'remove spec.extProc.kubernetes.image from GatewayConfig maas-system/config, which pins x/ai-gateway-extproc:v0.5.0',
    );
  });
});

describe('metrics-unreadable', () => {
  it.each<[string, Change, RegExp]>([
    ['metrics', {}, /^pass/],
    ['idle', { metrics: idlePage() }, /^pass/],
    ['refused', { metrics: faulty('refused', 'connection refused') }, /^fail: port 1064\/metrics refuses connections: connection refused$/],
    [
      'HTTP 500',
      {
        metrics: {
          status: 500,
          body: 'An error has occurred while serving metrics:\n\n1 error(s) occurred:\n* "__x__" is not a valid label name',
        },
      },
      /answers with an error: HTTP 500: An error has occurred .* not a valid label name$/,
    ],
    ['HTML', { metrics: '<html>' }, /does not serve the metrics of a sidecar/],
    ['cut short', { metrics: metricsPage(['a']).slice(0, 300) }, /stops in the middle of its answer/],
    ['slow', { metrics: faulty('slow', 'no whole answer in 10s') }, /does not finish its answer in time/],
    ['Envoy instead', { metrics: 'envoy_x 1\n' }, /metrics of another program/],
    ['no sidecar', { pods: [] }, /^skip/],
    [
      'no tunnel',
      { pods: [proxyPod(), second()], metrics: faulty('refused'), endpoints: { [metricsAt('envoy-maas-1')]: idlePage() } },
      /^fail/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(metricsUnreadable, change))).toMatch(line));
});

describe('idle-proxies', () => {
  const idle = { [metricsAt('envoy-maas-1')]: idlePage() };
  it.each<[string, Change, RegExp]>([
    ['busy', {}, /^pass$/],
    [
      'the only one idle',
      { metrics: idlePage() },
      /^fail: its only sidecar serves only target_info: no model request has passed since it started$/,
    ],
    [
      'all idle',
      { pods: [proxyPod(), second()], metrics: idlePage(), endpoints: idle },
      /^fail: all 2 of its sidecars serve only target_info/,
    ],
    [
      'one idle beside a busy one',
      { pods: [proxyPod(), second()], endpoints: idle },
      /^pass: 1 proxy has seen no request yet beside busy ones: envoy-maas-1$/,
    ],
    [
      'requests without tokens',
      { metrics: `gen_ai_server_request_duration_seconds_count{gen_ai_request_model="m"} 1\n${idlePage()}` },
      /^pass/,
    ],
    ['no sidecar', { pods: [] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(idleProxies, change))).toMatch(line));
});

describe('identity-absent', () => {
  const two = { pods: [proxyPod(), second()] };
  it.each<[string, Change, RegExp]>([
    ['on every series', {}, /^pass/],
    ['on some series', { metrics: metricsPage(['alice', null]) }, /^pass/],
    [
      'on none',
      { metrics: metricsPage([null]) },
      /^fail: label user_id is on no token series of envoy-maas-0: header x-user-id did not arrive on any request/,
    ],
    ['always empty', { metrics: metricsPage(['']) }, /^fail: label user_id is empty on every token series of envoy-maas-0/],
    [
      'on none of one of two',
      { ...two, endpoints: { [metricsAt('envoy-maas-1')]: metricsPage([null]) } },
      /is on no token series of envoy-maas-1:/,
    ],
    [
      'on none of two',
      { ...two, metrics: metricsPage([null]), endpoints: { [metricsAt('envoy-maas-1')]: metricsPage([null]) } },
      /is on no token series of any of the 2 busy proxies:/,
    ],
    ['an idle sidecar', { metrics: idlePage() }, /^skip: no sidecar has counted tokens yet/],
    ['nothing mapped', { controller: controller({ mapping: [] }) }, /^skip: no header is mapped/],
    [
      'an expected label',
      { options: { expectLabels: ['tenant.id'] } },
      /^fail: label tenant_id is on no token series of envoy-maas-0: no header is mapped to it, or none arrives$/,
    ],
    [
      'v0.4 in UTF-8',
      {
        controller: controller({ version: 'v0.4.0', mapping: ['--metricsRequestHeaderAttributes=x-user-id:user_id'] }),
        metrics: real('v0.4.0-utf8'),
      },
      /^pass/,
    ],
    [
      'a controller that may not be read: the sidecar says it',
      { refused: { deployments: 'forbidden' }, metrics: metricsPage([null]) },
      /^fail/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(identityAbsent, change))).toMatch(line));

  it.each<[string, Change, readonly string[]]>([
    ['the label when it is absent everywhere', { metrics: metricsPage([null]) }, ['label user_id']],
    [
      'the pods when it is absent on some',
      { ...two, endpoints: { [metricsAt('envoy-maas-1')]: metricsPage([null]) } },
      ['pod envoy-gateway-system/envoy-maas-1'],
    ],
  ])('is about %s', async (_, change, about) => expect(findingsOf(await judged(identityAbsent, change))[0]?.about).toEqual(about));
});

describe('identity-partial', () => {
  it.each<[string, Change, RegExp]>([
    ['all', {}, /^pass$/],
    [
      'a quarter without',
      { metrics: metricsPage(['a', 'b', 'c', null]) },
      /^fail: 25 % of the tokens have no user_id \(25 % without the label\)$/,
    ],
    ['half empty', { metrics: metricsPage(['a', '']) }, /^fail: 50 % of the tokens have no user_id \(50 % with an empty one\)$/],
    [
      'one of two hundred',
      { metrics: metricsPage([...Array.from({ length: 199 }, (_, index) => `u${index}`), null]) },
      /^pass: envoy-maas-0: 0.5 % of the tokens have no user_id/,
    ],
    ['none with it: that is identity-absent', { metrics: metricsPage([null]) }, /^pass$/],
    ['requests without a token', { metrics: metricsPage(['a', null], 0) }, /^fail: 50 % of the requests have no user_id/],
    ['idle', { metrics: idlePage() }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(identityPartial, change))).toMatch(line));
});

describe('series-overflow', () => {
  const users = (count: number): string => metricsPage(Array.from({ length: count }, (_, index) => `u${index}`));
  const v11 = proxyPod({ version: 'v1.1.0' });
  const limited = (value: string): KubeObject => proxyPod({ version: 'v1.1.0', env: [{ name: 'OTEL_GO_X_CARDINALITY_LIMIT', value }] });
  it.each<[string, Change, RegExp]>([
    ['few sets', { pods: [v11] }, /^pass/],
    ['80 % exactly', { pods: [v11], metrics: users(800) }, /^pass/],
    ['more than 80 %', { pods: [v11], metrics: users(801) }, /^fail: \[warning\] 1602 of 2000 label sets are taken/],
    ['the same on v0.7, which has no limit', { pods: [proxyPod({ version: 'v0.7.0' })], metrics: users(801) }, /^pass/],
    ['a limit of its own', { pods: [limited('10')], metrics: users(5) }, /^fail: \[warning\] 10 of 10/],
    ['no limit', { pods: [limited('0')], metrics: users(1100) }, /^pass/],
    [
      'overflow, as recorded',
      { pods: [v11], metrics: real('v1.1.0-overflow') },
      /^fail: its limit of label sets is reached \(1999 are in use\): \d+ tokens were folded/,
    ],
    ['idle', { metrics: idlePage() }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(seriesOverflow, change))).toMatch(line));
});

describe('models-mixed', () => {
  const old = proxyPod({
    version: 'v0.3.0',
    args: ['-metricsPort', '1064', '-rootPrefix', '/'],
    ports: [{ name: 'aigw-metrics', containerPort: 1064 }],
  });
  const models = (...names: string[]): string =>
    `${names.map((name) => `gen_ai_client_token_usage_token_sum{gen_ai_request_model="${name}"} 1\ngen_ai_client_token_usage_token_count{gen_ai_request_model="${name}"} 1\n`).join('')}${idlePage('1.37.0')}`;
  it.each<[string, Change, RegExp]>([
    [
      'v0.3 with two models',
      { pods: [old], metrics: models('a', 'b') },
      /^fail: v0.3.0 serves 2 models \(a and b\) and mixes up their tokens/,
    ],
    ['v0.3 with one model', { pods: [old], metrics: models('a') }, /^pass/],
    ['v0.3 with one model and the unknown one', { pods: [old], metrics: models('a', 'unknown') }, /^pass/],
    ['v0.5 with two models', { metrics: models('a', 'b') }, /^pass/],
    ['no sidecar', { pods: [] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(modelsMixed, change))).toMatch(line));
});
