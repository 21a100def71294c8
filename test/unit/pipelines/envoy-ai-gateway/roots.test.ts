import { describe, expect, it } from 'vitest';
import { consequences } from '../../../../src/engine/consequence.ts';
import { faulty, memorySource } from '../../memory-source.ts';
import { aiRoute, controller, controllerPod, idlePage, metricsPage, proxyPod } from './objects.ts';
import { readerOf } from './reader.ts';
import { type Change, memoryOf, ownChecks } from './world.ts';

/** Failing checks of the first two hops: those that stand, and those that follow, as "id < root". */
async function standing(change: Change): Promise<readonly string[]> {
  const reader = readerOf(memorySource(memoryOf(change)), change.options);
  const judged = await Promise.all(
    ownChecks.map(async ({ id, severity, follows, examine }) => {
      const verdict = await examine(reader).catch(() => ({ status: 'unknown' as const, unread: [] }));
      return { id, severity, follows, status: verdict.status, findings: verdict.status === 'fail' ? verdict.findings : [] };
    }),
  );
  const roots = consequences(judged);
  return judged.filter(({ status }) => status === 'fail').map(({ id }) => (roots.has(id) ? `${id} < ${roots.get(id)}` : id));
}

const crashing = (message: string) =>
  controllerPod('new', {
    containerStatuses: [
      {
        name: 'ai-gateway-helm',
        ready: false,
        restartCount: 4,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 1, message } },
      },
    ],
  });
const pulling = controllerPod('new', {
  containerStatuses: [
    { name: 'ai-gateway-helm', ready: false, restartCount: 0, state: { waiting: { reason: 'ErrImagePull', message: 'not found' } } },
  ],
});
const broken = controller({ mapping: ['--metricsRequestHeaderAttributes=x-user-id:user.id,'] });
const refused = { conditions: [{ type: 'NotAccepted', status: 'False', reason: 'ReconciliationFailed', message: 'x' }] };
const mapped = (value: string, version = 'v0.5.0') => ({
  controller: controller({ version, mapping: [`--metricsRequestHeaderAttributes=${value}`] }),
  pods: [proxyPod({ version, mapping: ['-metricsRequestHeaderAttributes', value] })],
});
const crashingSidecar = {
  ready: false,
  restartCount: 2,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1, message: 'config version mismatch' } },
};

describe('the root of what fails', () => {
  it.each<[string, Change, readonly string[]]>([
    ['nothing', {}, []],
    [
      'a mapping that does not parse, and the controller that dies of it',
      { controller: broken, controllerPods: [controllerPod('old'), crashing('empty header-attribute pair at position 2')] },
      ['controller-unready < mapping-invalid', 'mapping-invalid'],
    ],
    [
      'a mapping that does not parse, and an image that cannot be pulled',
      { controller: broken, controllerPods: [controllerPod('old'), pulling] },
      ['controller-unready', 'mapping-invalid'],
    ],
    [
      'a mapping that does not parse, and a label that is expected',
      { controller: broken, pods: [proxyPod({ mapping: [] })], metrics: metricsPage([null]), options: { expectLabels: ['user_id'] } },
      ['mapping-invalid', 'identity-absent < mapping-invalid'],
    ],
    [
      'no controller, and no sidecar',
      { controller: null, controllerPods: [], pods: [proxyPod({ sidecar: false })] },
      ['controller-missing', 'uninjected-proxies < controller-missing'],
    ],
    ['no controller, and sidecars that are sound', { controller: null, controllerPods: [] }, ['controller-missing']],
    [
      'no mapping, and a label that is expected',
      {
        controller: controller({ mapping: [] }),
        pods: [proxyPod({ mapping: [] })],
        metrics: metricsPage([null]),
        options: { expectLabels: ['user_id'] },
      },
      ['mapping-missing', 'identity-absent < mapping-missing'],
    ],
    [
      'a controller that lost its mapping',
      { controller: controller({ mapping: [] }) },
      ['mapping-missing', 'stale-mapping < mapping-missing'],
    ],
    [
      'an upper-case header',
      { ...mapped('X-User-Id:user.id'), metrics: metricsPage([null]) },
      ['mapping-ineffective', 'identity-absent < mapping-ineffective'],
    ],
    [
      'a quoted value',
      { ...mapped('"x-user-id:user.id"'), metrics: metricsPage([null]) },
      ['mapping-ineffective', 'identity-absent < mapping-ineffective'],
    ],
    [
      'a label that breaks /metrics',
      { ...mapped('x-user-id:__x__'), metrics: { status: 500, body: 'not a valid label name' } },
      ['mapping-hazard', 'metrics-unreadable < mapping-hazard'],
    ],
    [
      'a label that makes series vanish',
      { ...mapped('x-user-id:__x__', 'v0.4.0'), metrics: idlePage('1.38.0') },
      ['mapping-hazard', 'idle-proxies < mapping-hazard'],
    ],
    [
      'a detached route, and silence',
      { routes: [aiRoute({}, refused)], metrics: idlePage() },
      ['route-detached', 'idle-proxies < route-detached'],
    ],
    [
      'a stale sidecar, and the label it lacks',
      { pods: [proxyPod({ mapping: [] })], metrics: metricsPage([null]) },
      ['stale-mapping', 'identity-absent < stale-mapping'],
    ],
    ['a label that never arrives', { metrics: metricsPage([null]) }, ['identity-absent']],
    [
      'another release than the controller, which the sidecar dies of',
      { controller: controller({ version: 'v0.6.0' }), pods: [proxyPod({ state: crashingSidecar })], metrics: faulty('refused') },
      ['sidecar-unready < version-skew', 'version-skew', 'metrics-unreadable < version-skew'],
    ],
    [
      'a sidecar that crashes, and its port',
      { pods: [proxyPod({ state: crashingSidecar })], metrics: faulty('refused') },
      ['sidecar-unready', 'metrics-unreadable < sidecar-unready'],
    ],
    ['a closed port', { metrics: faulty('refused') }, ['metrics-unreadable']],
    [
      'an upper-case header, and a route that is detached',
      { ...mapped('X-User-Id:user.id'), metrics: metricsPage([null]), routes: [aiRoute({}, refused)] },
      ['mapping-ineffective', 'route-detached', 'identity-absent < mapping-ineffective'],
    ],
    ['no proxies', { pods: [] }, ['proxies-absent']],
  ])('%s', async (_, change, expected) => expect(await standing(change)).toEqual(expected));
});
