import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { extensionUnwired } from '../../../../src/pipelines/envoy-ai-gateway/checks/extension-unwired.ts';
import { identityOverridden } from '../../../../src/pipelines/envoy-ai-gateway/checks/identity-overridden.ts';
import { identityUnsourced } from '../../../../src/pipelines/envoy-ai-gateway/checks/identity-unsourced.ts';
import { otlpDouble } from '../../../../src/pipelines/envoy-ai-gateway/checks/otlp-double.ts';
import { streamsUnmetered } from '../../../../src/pipelines/envoy-ai-gateway/checks/streams-unmetered.ts';
import { webhookUnsound } from '../../../../src/pipelines/envoy-ai-gateway/checks/webhook-unsound.ts';
import { selfSigned } from '../../../../src/sandbox/certificate.ts';
import { aiRoute, controller, gateway, proxyPod } from './objects.ts';
import { type Change, findingsOf, judged, lineOf } from './world.ts';

const { metadata: route } = aiRoute();
const { metadata: owner } = gateway();

function policy(
  name: string,
  target: 'Gateway' | 'HTTPRoute',
  spec: Record<string, unknown>,
  status: Record<string, unknown> = {},
): KubeObject {
  const on = target === 'Gateway' ? owner : route;
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name, namespace: on.namespace ?? '' },
    spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: target, name: on.name }], ...spec },
    status,
  };
}

const early = (earlyRequestHeaders: Record<string, unknown>): KubeObject => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'ClientTrafficPolicy',
  metadata: { name: 'early', namespace: owner.namespace ?? '' },
  spec: { targetRefs: [{ kind: 'Gateway', name: owner.name }], headers: { earlyRequestHeaders } },
});
const apiKey = (header: string): Record<string, unknown> => ({ apiKeyAuth: { forwardClientIDHeader: header } });
const claim = (name: string, header: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  jwt: { providers: [{ name: 'idp', claimToHeaders: [{ claim: name, header }] }], ...more },
});
const refused = {
  ancestors: [
    {
      ancestorRef: { name: owner.name, namespace: owner.namespace },
      conditions: [{ type: 'Accepted', status: 'False', reason: 'Invalid' }],
    },
  ],
};

// The healthy world maps x-user-id to user.id.
describe('identity-unsourced', () => {
  it.each<[string, KubeObject[], RegExp]>([
    [
      'no policy at all',
      [],
      /^fail: nothing sets x-user-id .*\(no SecurityPolicy applies to it\): the label user_id is absent, or whatever the caller sends/,
    ],
    ['an API key on the Gateway', [policy('keys', 'Gateway', apiKey('X-User-Id'))], /^pass/],
    ['a scalar claim on the route', [policy('jwt', 'HTTPRoute', claim('sub', 'x-user-id'))], /^pass/],
    [
      'a claim that is usually an array',
      [policy('jwt', 'Gateway', claim('groups', 'x-user-id'))],
      /^fail: .*claim groups, which is usually an array/,
    ],
    [
      'a token that is optional',
      [policy('jwt', 'Gateway', claim('sub', 'x-user-id', { optional: true }))],
      /^fail: .*lets requests without a token pass/,
    ],
    ['a user name of basic auth', [policy('basic', 'Gateway', { basicAuth: { forwardUsernameHeader: 'x-user-id' } })], /^pass/],
    ['an external authorizer over HTTP', [policy('ext', 'Gateway', { extAuth: { http: { headersToBackend: ['x-user-id'] } } })], /^pass/],
    ['an external authorizer over gRPC may set anything', [policy('ext', 'Gateway', { extAuth: { grpc: {} } })], /^pass/],
    ['a policy for another header', [policy('keys', 'Gateway', apiKey('x-client-id'))], /^fail: .*keys does not set it/],
    ['a policy that was not accepted', [policy('keys', 'Gateway', apiKey('x-user-id'), refused)], /^fail: nothing sets x-user-id/],
    [
      'what callers send is stripped',
      [early({ remove: ['X-User-Id'] })],
      /^fail: .*absent, because ClientTrafficPolicy .*early strips what callers send/,
    ],
    ['the same for everybody', [early({ set: [{ name: 'x-user-id', value: 'all' }] })], /^pass/],
    [
      'a replaced policy is the other check',
      [policy('keys', 'Gateway', apiKey('x-user-id')), policy('own', 'HTTPRoute', apiKey('x-other'))],
      /^pass/,
    ],
  ])('%s', async (_, extra, line) => expect(lineOf(await judged(identityUnsourced, { extra }))).toMatch(line));

  it('has nothing to ask where no header is mapped', async () => {
    expect(lineOf(await judged(identityUnsourced, { controller: controller({ mapping: [] }), pods: [proxyPod({ mapping: [] })] }))).toMatch(
      /^skip/,
    );
  });
});

describe('what callers send', () => {
  const remedyOf = async (extra: KubeObject[]) => findingsOf(await judged(identityUnsourced, { extra }))[0]?.remedy;
  const set = [{ name: 'x-user-id', value: 'unidentified' }];

  it('is overwritten by a manifest, which is enough', async () => {
    const { patch } = (await remedyOf([])) ?? {};
    expect(patch).toMatchObject({ kind: 'ClientTrafficPolicy', spec: { headers: { earlyRequestHeaders: { set } } } });
    expect(lineOf(await judged(identityUnsourced, { extra: [patch as KubeObject] }))).toMatch(/^pass/);
  });

  it.each<[string, KubeObject, unknown]>([
    ['sets others', early({ set: [{ name: 'x-a', value: 'b' }] }), { path: '/spec/headers/earlyRequestHeaders/set/-', value: set[0] }],
    ['strips others', early({ remove: ['x-a'] }), { path: '/spec/headers/earlyRequestHeaders/set', value: set }],
  ])('is overwritten by the policy of the Gateway that %s', async (_, policy, operation) => {
    expect((await remedyOf([policy]))?.patch).toEqual([{ op: 'add', ...(operation as object) }]);
  });
});

describe('identity-overridden', () => {
  const onGateway = policy('keys', 'Gateway', apiKey('x-user-id'));
  it.each<[string, KubeObject[], RegExp]>([
    ['the Gateway alone', [onGateway], /^pass/],
    ['a route that sets it as well', [onGateway, policy('own', 'HTTPRoute', claim('sub', 'x-user-id'))], /^pass/],
    [
      'a route that sets another',
      [onGateway, policy('own', 'HTTPRoute', apiKey('x-other'))],
      /^fail: SecurityPolicy .*own replaces SecurityPolicy .*keys on this route and does not set x-user-id/,
    ],
    ['a route that merges', [onGateway, policy('own', 'HTTPRoute', { ...apiKey('x-other'), mergeType: 'StrategicMerge' })], /^pass/],
    ['a route whose policy was not accepted', [onGateway, policy('own', 'HTTPRoute', apiKey('x-other'), refused)], /^pass/],
  ])('%s', async (_, extra, line) => expect(lineOf(await judged(identityOverridden, { extra }))).toMatch(line));
});

const webhook = (change: Record<string, unknown> = {}, caBundle = ''): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  metadata: { name: 'envoy-ai-gateway-gateway-pod-mutator.envoy-ai-gateway-system' },
  webhooks: [
    {
      name: 'ai-gateway-controller.envoy-ai-gateway-system.svc.cluster.local',
      clientConfig: { caBundle, service: { name: 'ai-gateway-controller', namespace: 'envoy-ai-gateway-system', path: '/mutate' } },
      failurePolicy: 'Fail',
      objectSelector: { matchLabels: { 'app.kubernetes.io/managed-by': 'envoy-gateway' } },
      rules: [{ resources: ['pods'] }],
      ...change,
    },
  ],
});

const issued = (day: string): string => Buffer.from(selfSigned('ca', new Date(day)).cert).toString('base64');

describe('webhook-unsound', () => {
  // Cut short, as printed samples have it: nothing is claimed of it.
  const cut = Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB').toString('base64');
  it.each<[string, Change, RegExp]>([
    ['none', {}, /^fail: no mutating webhook calls this controller/],
    ['one with a bundle', { extra: [webhook({}, cut)] }, /^pass/],
    ['a certificate that is valid', { extra: [webhook({}, issued('2026-11-24'))] }, /^pass/],
    ['one that expired', { extra: [webhook({}, issued('2001-01-01'))] }, /^fail: the certificate in its caBundle expired on 20/],
    ['one of the future', { extra: [webhook({}, issued('2040-01-01'))] }, /^fail: the certificate in its caBundle is not valid before 20/],
    ['an empty caBundle', { extra: [webhook()] }, /^fail: its caBundle is empty: .*new proxies are refused/],
    [
      'Ignore where the release fails',
      { extra: [webhook({ failurePolicy: 'Ignore' }, cut)] },
      /^fail: \[warning\] failurePolicy is Ignore/,
    ],
    [
      'Ignore where the release ignores',
      {
        controller: controller({ version: 'v0.3.0', mapping: ['--metricsRequestHeaderLabels=x-user-id:user_id'] }),
        extra: [webhook({ failurePolicy: 'Ignore' }, cut)],
      },
      /^pass/,
    ],
    [
      'pods of another manager',
      { extra: [webhook({ objectSelector: { matchLabels: { 'app.kubernetes.io/managed-by': 'helm' } } }, cut)] },
      /^fail: its objectSelector takes pods with/,
    ],
    [
      'a webhook of somebody else',
      {
        extra: [
          {
            ...webhook({}, cut),
            metadata: { name: 'istio' },
            webhooks: [
              { name: 'i', rules: [{ resources: ['pods'] }], clientConfig: { service: { name: 'istiod', namespace: 'istio-system' } } },
            ],
          },
        ],
      },
      /^fail: no mutating webhook/,
    ],
    ['no controller', { controller: null }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(webhookUnsound, change))).toMatch(line));
});

describe('extension-unwired', () => {
  const service = { fqdn: { hostname: 'ai-gateway-controller.envoy-ai-gateway-system.svc.cluster.local', port: 1063 } };
  const good = { hooks: { xdsTranslator: { post: ['Translation', 'Cluster', 'Route'] } }, service };
  const envoyGateway: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'envoy-gateway', namespace: 'envoy-gateway-system' },
    spec: { template: { spec: { containers: [{ name: 'envoy-gateway', image: 'envoyproxy/gateway:v1.6.0' }] } } },
  };
  const config = (extensionManager: unknown, yaml = JSON.stringify({ gateway: {}, extensionManager })): KubeObject[] => [
    envoyGateway,
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'envoy-gateway-config', namespace: 'envoy-gateway-system' },
      data: { 'envoy-gateway.yaml': yaml },
    },
  ];
  it.each<[string, Change, RegExp]>([
    ['the hook', { extra: config(good) }, /^pass/],
    ['no Envoy Gateway in sight', {}, /^skip: no ConfigMap/],
    ['no extensionManager', { extra: config(undefined) }, /^fail: it has no extensionManager/],
    [
      'another namespace',
      { extra: config({ ...good, service: { fqdn: { hostname: 'ai-gateway-controller.default.svc', port: 1063 } } }) },
      /^fail: extensionManager calls ai-gateway-controller.default.svc/,
    ],
    [
      'another port',
      { extra: config({ ...good, service: { fqdn: { ...service.fqdn, port: 9090 } } }) },
      /^fail: extensionManager calls port 9090/,
    ],
    [
      'no Translation',
      { extra: config({ ...good, hooks: { xdsTranslator: { post: ['VirtualHost'] } } }) },
      /^fail: .*\[VirtualHost\], without Translation/,
    ],
    ['a broken file', { extra: config(null, 'a: [') }, /^fail: envoy-gateway.yaml is not YAML/],
    [
      'a release that needs none',
      { controller: controller({ version: 'v0.3.0', mapping: [] }), extra: config(undefined) },
      /^skip: this release/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(extensionUnwired, change))).toMatch(line));

  const madeByHelm = ([deployment, map]: KubeObject[]): KubeObject[] => [
    deployment as KubeObject,
    {
      ...(map as KubeObject),
      metadata: {
        name: 'envoy-gateway-config',
        namespace: 'envoy-gateway-system',
        labels: { 'helm.sh/chart': 'gateway-helm-v1.6.0' },
        annotations: { 'meta.helm.sh/release-name': 'eg' },
      },
    },
  ];
  it.each<[string, KubeObject[], RegExp | undefined]>([
    [
      'a file of its own',
      config(undefined),
      /^kubectl -n envoy-gateway-system get configmap \S+ -o json \| jq .*\$line.*\| kubectl replace -f -\n.* restart /,
    ],
    ['a file that names it already', config(null), undefined],
    ['a file that does not parse', config(null, 'a: ['), undefined],
    [
      'the chart',
      madeByHelm(config(undefined)),
      /^helm -n envoy-gateway-system upgrade eg oci:\S+gateway-helm --version v1\.6\.0 --reuse-values --set-json 'config\.envoyGateway\.extensionManager=\{.*\}'\n/,
    ],
  ])('is mended in %s', async (_, extra, command) => {
    const [finding] = findingsOf(await judged(extensionUnwired, { extra }));
    if (command === undefined) expect(finding?.remedy).toMatchObject({ patch: { extensionManager: {} } });
    else expect(finding?.remedy?.command).toMatch(command);
  });
});

describe('otlp-double', () => {
  const env = (...pairs: [string, string][]): Change => ({ pods: [proxyPod({ env: pairs.map(([name, value]) => ({ name, value })) })] });
  const endpoint: [string, string] = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://otel:4317'];
  it.each<[string, Change, RegExp]>([
    ['no variable', {}, /^pass/],
    ['an endpoint for traces', env(endpoint), /^fail: OTEL_EXPORTER_OTLP_ENDPOINT is set and OTEL_METRICS_EXPORTER is not none/],
    ['an endpoint and no metrics', env(endpoint, ['OTEL_METRICS_EXPORTER', 'none']), /^pass/],
    ['an endpoint and prometheus', env(endpoint, ['OTEL_METRICS_EXPORTER', 'prometheus']), /^pass/],
    ['the SDK off', env(endpoint, ['OTEL_SDK_DISABLED', 'true']), /^pass/],
    [
      'a release that reads none',
      { pods: [proxyPod({ version: 'v0.3.0', mapping: [], env: [{ name: endpoint[0], value: endpoint[1] }] })] },
      /^pass/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(otlpDouble, change))).toMatch(line));

  it.each<[string, string[], RegExp]>([
    [
      'a controller without it',
      [],
      /"path":"\/spec\/template\/spec\/containers\/0\/args\/0","value":"--extProcExtraEnvVars=OTEL_METRICS_EXPORTER=none"/,
    ],
    [
      'a controller that sets others, which are not repeated',
      ['--extProcExtraEnvVars=KEY=secret'],
      /get deployment ai-gateway-controller -o json \| jq '\.spec\.template\.spec\.containers\[0\]\.args\[0\] \|= if startswith\("--extProcExtraEnvVars="\) and \(contains\(";OTEL_METRICS_EXPORTER="\) \| not\) then rtrimstr\(";"\) \+ ";OTEL_METRICS_EXPORTER=none" else error\(.*\) end' \| kubectl replace/,
    ],
  ])('is mended in %s', async (_, args, command) => {
    const change = { ...env(endpoint), controller: controller({ args: [...args, '--metricsRequestHeaderAttributes=x-user-id:user.id'] }) };
    const [finding] = findingsOf(await judged(otlpDouble, change));
    expect(finding?.remedy?.command).toMatch(command);
    expect(finding?.remedy?.command).toMatch(/\nkubectl -n envoy-gateway-system rollout restart deployment\/envoy-maas$/);
    expect(JSON.stringify(finding)).not.toContain('secret');
  });
});

describe('streams-unmetered', () => {
  const page = [
    'gen_ai_client_token_usage_sum{gen_ai_token_type="input",gen_ai_operation_name="chat",gen_ai_request_model="m"} 10',
    'gen_ai_client_token_usage_count{gen_ai_token_type="input",gen_ai_operation_name="chat",gen_ai_request_model="m"} 2',
    'gen_ai_server_request_duration_seconds_count{gen_ai_operation_name="chat",gen_ai_request_model="m"} 10',
    '',
  ].join('\n');
  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a Gateway that asks for no usage',
      { llmRequestCosts: [] },
      /^kubectl -n maas-system patch aigatewayroute \S+ --type=merge -p '\{"spec":\{"llmRequestCosts"/,
    ],
    ['one that does', {}, /^use backends/],
  ])('is mended for %s', async (_, spec, said) => {
    const [finding] = findingsOf(await judged(streamsUnmetered, { routes: [aiRoute(spec)], metrics: page }));
    expect(finding?.remedy?.command ?? finding?.remedy?.text).toMatch(said);
  });
});
