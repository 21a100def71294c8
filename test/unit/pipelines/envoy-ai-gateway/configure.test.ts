import { describe, expect, it } from 'vitest';
import { controllerMissing } from '../../../../src/pipelines/envoy-ai-gateway/checks/controller-missing.ts';
import { controllerUnready } from '../../../../src/pipelines/envoy-ai-gateway/checks/controller-unready.ts';
import { costsUnset } from '../../../../src/pipelines/envoy-ai-gateway/checks/costs-unset.ts';
import { mappingMissing } from '../../../../src/pipelines/envoy-ai-gateway/checks/mapping-missing.ts';
import { routeDetached } from '../../../../src/pipelines/envoy-ai-gateway/checks/route-detached.ts';
import { aiRoute, controller, controllerPod, gateway, httpRoute, proxyPod } from './objects.ts';
import { type Change, findingsOf, judged, lineOf } from './world.ts';

const noMapping = controller({ mapping: [] });

describe('controller-missing', () => {
  it.each<[string, Change, RegExp]>([
    ['a controller under its own name', {}, /^pass/],
    ['none', { controller: null }, /^fail: no Deployment in any namespace/],
    [
      'one with a mirrored image and another name',
      { controller: controller({ image: 'mirror.local/x/custom-ai-gateway-controller@sha256:abc' }) },
      /^pass/,
    ],
    ['one known by --extProcImage alone', { controller: controller({ image: 'mirror.local/gw:1' }) }, /^pass/],
    ['deployments that may not be listed', { refused: { deployments: 'forbidden' } }, /forbidden/],
  ])('%s', async (_, change, line) => {
    const verdict = judged(controllerMissing, change);
    if (change.refused !== undefined) await expect(verdict).rejects.toThrow(line);
    else expect(lineOf(await verdict)).toMatch(line);
  });
});

const crash = (message?: string) => ({
  containerStatuses: [
    {
      name: 'ai-gateway-helm',
      ready: false,
      restartCount: 5,
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 5m0s restarting failed container' } },
      lastState: { terminated: { reason: 'Error', exitCode: 1, ...(message === undefined ? {} : { message }) } },
    },
  ],
});
const waiting = (reason: string, message = '') => ({
  containerStatuses: [{ name: 'ai-gateway-helm', ready: false, restartCount: 0, state: { waiting: { reason, message } } }],
});
const invalid =
  'setup\nfailed to parse and validate flags: invalid metrics header attributes: empty header-attribute pair at position 2\nUsage of AI Gateway Controller:';

const byExpressions = (ready: number): ReturnType<typeof controller> => {
  const object = controller({ status: { replicas: 1, readyReplicas: ready, updatedReplicas: 1 } });
  return { ...object, spec: { ...(object.spec as object), selector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] } } };
};

describe('controller-unready', () => {
  const old = controllerPod('old');
  it.each<[string, Change, RegExp]>([
    ['all pods ready', {}, /^pass/],
    [
      'a new pod crashes behind the old one',
      { controllerPods: [old, controllerPod('new', crash(invalid))] },
      /^fail: pod new is not ready: waiting CrashLoopBackOff, 5 restarts, last ended with code 1 \(Error\); 1 other pod still serves, with the settings from before; it said: failed to parse and validate flags: .*position 2$/,
    ],
    [
      'a crash without words',
      { controllerPods: [controllerPod('new', crash())] },
      /^fail: pod new is not ready: waiting CrashLoopBackOff, 5 restarts, last ended with code 1 \(Error\)$/,
    ],
    ['a new pod that is being created', { controllerPods: [old, controllerPod('new', waiting('ContainerCreating'))] }, /^pass/],
    ['an only pod that is being created', { controllerPods: [controllerPod('new', waiting('ContainerCreating'))] }, /^fail/],
    [
      'an image that cannot be pulled',
      { controllerPods: [old, controllerPod('new', waiting('ImagePullBackOff', 'Back-off pulling image'))] },
      /^fail: pod new .*ImagePullBackOff;.*; the kubelet said: Back-off pulling image/,
    ],
    [
      'an evicted pod beside a ready one',
      { controllerPods: [old, controllerPod('gone', { phase: 'Failed', containerStatuses: [] })] },
      /^pass/,
    ],
    ['no pods at all', { controllerPods: [] }, /^fail: the controller has no pods/],
    ['a Deployment that selects by expressions, and is up', { controller: byExpressions(1) }, /^pass/],
    ['a Deployment that selects by expressions, and is down', { controller: byExpressions(0) }, /^fail: the controller does not run/],
    ['scaled to zero', { controller: controller({ replicas: 0 }), controllerPods: [] }, /^fail: the controller is scaled to zero$/],
    ['no controller', { controller: null }, /^skip/],
    ['pods that may not be listed', { refused: { pods: 'forbidden' } }, /^unknown: forbidden list pods/],
    [
      'pods that may not be listed, and a Deployment that is behind',
      {
        refused: { pods: 'forbidden' },
        controller: controller({ status: { replicas: 2, readyReplicas: 1, updatedReplicas: 1, unavailableReplicas: 1 }, replicas: 2 }),
      },
      /^fail: the controller does not run as its Deployment says/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(controllerUnready, change))).toMatch(line));

  it('is about everything when the program gives up, and about the pod when it cannot start', async () => {
    const about = async (pod: ReturnType<typeof controllerPod>) =>
      findingsOf(await judged(controllerUnready, { controllerPods: [old, pod] })).map((finding) => finding.about);
    expect(await about(controllerPod('new', crash()))).toEqual([undefined]);
    expect(await about(controllerPod('new', waiting('ErrImagePull')))).toEqual([['pod envoy-ai-gateway-system/new']]);
  });
});

describe('mapping-missing', () => {
  it.each<[string, Change, RegExp]>([
    ['a mapping', {}, /^pass: x-user-id:user.id$/],
    [
      'none on v0.2',
      { controller: controller({ version: 'v0.2.1', mapping: [] }) },
      /^fail: v0.2.1 cannot map request headers to labels at all$/,
    ],
    [
      'none on v0.3',
      { controller: controller({ version: 'v0.3.0', mapping: [] }), pods: [] },
      /^fail: no request header is mapped to a label: v0.3.0 reads --metricsRequestHeaderLabels$/,
    ],
    [
      'none on v0.4',
      { controller: controller({ version: 'v0.4.0', mapping: [] }), pods: [] },
      /v0.4.0 reads --metricsRequestHeaderAttributes$/,
    ],
    [
      'none on v1.1',
      { controller: controller({ version: 'v1.1.0', mapping: [] }), pods: [] },
      /v1.1.0 reads --requestHeaderAttributes and --metricsRequestHeaderAttributes$/,
    ],
    [
      'none, while a running sidecar still has one',
      { controller: noMapping },
      /running proxies still have x-user-id:user.id and lose it when they restart$/,
    ],
    ['an empty one', { controller: controller({ mapping: ['--metricsRequestHeaderAttributes='] }), pods: [] }, /^fail: no request header/],
    [
      'the base flag of v0.6',
      {
        controller: controller({
          version: 'v0.6.0',
          mapping: ['--requestHeaderAttributes=x-t:tenant.id', '--metricsRequestHeaderAttributes='],
        }),
      },
      /^pass: x-t:tenant.id$/,
    ],
    [
      'the deprecated flag of v0.4',
      { controller: controller({ version: 'v0.4.0', mapping: ['--metricsRequestHeaderLabels=x-t:tenant_id'] }) },
      /^pass: x-t:tenant_id$/,
    ],
    [
      'the deprecated flag beside the new one',
      {
        controller: controller({
          version: 'v0.4.0',
          mapping: ['--metricsRequestHeaderLabels=x-t:tenant_id', '--metricsRequestHeaderAttributes=x-u:user.id'],
        }),
      },
      /^pass: x-u:user.id$/,
    ],
    [
      'a mapping that does not parse',
      { controller: controller({ mapping: ['--metricsRequestHeaderAttributes=x-t:tenant,'] }) },
      /^skip: a mapping is given/,
    ],
    ['no controller', { controller: null }, /^skip/],
    [
      'a controller of a nameless release',
      { controller: controller({ image: 'x/ai-gateway-controller@sha256:1', labels: {}, args: ['--extProcImage=y@sha256:2'] }), pods: [] },
      /^fail: no request header is mapped to a label: an unknown release reads/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(mappingMissing, change))).toMatch(line));

  it('restores the mapping of the running sidecars', async () => {
    const [finding] = findingsOf(await judged(mappingMissing, { controller: noMapping }));
    expect(finding?.remedy?.patch).toEqual([
      { op: 'add', path: '/spec/template/spec/containers/0/args/0', value: '--metricsRequestHeaderAttributes=x-user-id:user.id' },
    ]);
    expect(finding?.remedy?.text).toContain('controller.metricsRequestHeaderAttributes=x-user-id:user.id of release aieg');
  });
});

describe('route-detached', () => {
  const refused = {
    conditions: [{ type: 'NotAccepted', status: 'False', reason: 'ReconciliationFailed', message: 'AIServiceBackend x not found' }],
  };
  it.each<[string, Change, RegExp]>([
    ['accepted and attached', {}, /^pass/],
    [
      'NotAccepted',
      { routes: [aiRoute({}, refused)] },
      /^fail: the controller does not accept it: ReconciliationFailed: AIServiceBackend x not found$/,
    ],
    ['no condition', { routes: [aiRoute({}, {})] }, /^fail: no controller has looked at it/],
    [
      'accepted, HTTPRoute refused',
      { httpRoutes: [httpRoute([{ type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners', message: 'no listener' }])] },
      /its HTTPRoute is not sound at Gateway maas-system\/maas: NotAllowedByListeners: no listener$/,
    ],
    [
      'accepted, references unresolved',
      {
        httpRoutes: [
          httpRoute([
            { type: 'Accepted', status: 'True' },
            { type: 'ResolvedRefs', status: 'False', reason: 'BackendNotFound' },
          ]),
        ],
      },
      /BackendNotFound$/,
    ],
    ['accepted, no HTTPRoute', { httpRoutes: [] }, /was not generated$/],
    [
      'accepted, wrong Gateway',
      { routes: [aiRoute({ parentRefs: [{ name: 'typo' }] })], httpRoutes: [{ ...httpRoute(), status: { parents: [] } }] },
      /Gateway maas-system\/typo does not exist$/,
    ],
    [
      'accepted, a Gateway that nothing serves',
      { httpRoutes: [{ ...httpRoute(), status: { parents: [] } }] },
      /nothing serves Gateway maas-system\/maas/,
    ],
    ['targetRefs of v0.2', { routes: [aiRoute({ parentRefs: undefined, targetRefs: [{ name: 'maas', kind: 'Gateway' }] })] }, /^pass/],
    ['HTTPRoutes that may not be listed', { refused: { httproutes: 'forbidden' } }, /^unknown: forbidden list httproutes/],
    [
      'HTTPRoutes that may not be listed, and a route NotAccepted',
      { refused: { httproutes: 'forbidden' }, routes: [aiRoute({}, refused)] },
      /^fail: .*\(1 unread\)$/,
    ],
    ['no routes', { routes: [] }, /^skip/],
    ['another Gateway was asked for', { options: { gateway: { namespace: 'x', name: 'y' } }, routes: [aiRoute({}, refused)] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(routeDetached, change))).toMatch(line));

  it('is about its Gateway and the proxies behind it', async () => {
    const [finding] = findingsOf(await judged(routeDetached, { routes: [aiRoute({}, refused)] }));
    expect(finding?.about).toEqual(['gateway maas-system/maas', 'pod envoy-gateway-system/envoy-maas-0']);
  });
});

describe('costs-unset', () => {
  const none = aiRoute({ llmRequestCosts: [] });
  const annotated = gateway('maas', { annotations: { 'aigateway.envoyproxy.io/gateway-config': 'config' } });
  const config = {
    apiVersion: 'aigateway.envoyproxy.io/v1beta1',
    kind: 'GatewayConfig',
    metadata: { name: 'config', namespace: 'maas-system' },
  };
  const costs = { ...config, spec: { globalLLMRequestCosts: [{ metadataKey: 'x', type: 'TotalToken' }] } };
  const v11 = controller({ version: 'v1.1.0' });
  it.each<[string, Change, RegExp]>([
    ['costs on the route', {}, /^pass/],
    [
      'no costs on v0.5',
      { routes: [none] },
      /^fail: no route of it has llmRequestCosts: streamed chat completions are metered only if the client sends stream_options.include_usage, and the others leave no sample$/,
    ],
    ['no costs on v0.4', { routes: [none], controller: controller({ version: 'v0.4.0' }) }, /the others leave samples of 0$/],
    ['costs on another route of the Gateway', { routes: [none, aiRoute({}, undefined, 'other')] }, /^pass/],
    ['global costs on v1.1', { routes: [none], gateways: [annotated], controller: v11, extra: [costs] }, /^pass/],
    ['global costs that v0.5 ignores', { routes: [none], gateways: [annotated], extra: [costs] }, /^fail/],
    ['global costs of a config that is not attached', { routes: [none], controller: v11, extra: [costs] }, /^fail/],
    ['a config without costs', { routes: [none], gateways: [annotated], controller: v11, extra: [config] }, /^fail/],
    [
      'configs that may not be listed',
      { routes: [none], gateways: [annotated], controller: v11, refused: { gatewayconfigs: 'forbidden' } },
      /^unknown: forbidden list gatewayconfigs/,
    ],
    ['configs that may not be listed and are not needed', { refused: { gatewayconfigs: 'forbidden' } }, /^pass/],
    ['no routes', { routes: [] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(costsUnset, change))).toMatch(line));

  it('never claims zero tokens', async () => {
    for (const version of ['v0.2.1', 'v0.3.0', 'v0.4.0', 'v0.5.0', 'v1.1.0']) {
      const line = lineOf(await judged(costsUnset, { routes: [none], controller: controller({ version }), pods: [proxyPod()] }));
      expect(line).not.toMatch(/zero tokens|no tokens/);
    }
  });
});
