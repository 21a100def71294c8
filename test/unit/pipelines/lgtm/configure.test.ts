import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { apiKeysMissing } from '../../../../src/pipelines/lgtm/checks/api-keys-missing.ts';
import { clientIdUnforwarded } from '../../../../src/pipelines/lgtm/checks/client-id-unforwarded.ts';
import { clientIdUnmapped } from '../../../../src/pipelines/lgtm/checks/client-id-unmapped.ts';
import { clientIdUnsupported } from '../../../../src/pipelines/lgtm/checks/client-id-unsupported.ts';
import { policyUnaccepted } from '../../../../src/pipelines/lgtm/checks/policy-unaccepted.ts';
import { controller } from '../envoy-ai-gateway/objects.ts';
import { type Change, findingsOf, judged, lineOf } from '../envoy-ai-gateway/world.ts';
import { workload } from './objects.ts';

interface PolicyShape {
  readonly name?: string;
  readonly target?: readonly [kind: string, name: string];
  readonly spec?: Record<string, unknown>;
  readonly apiKey?: Record<string, unknown> | null;
  readonly accepted?: readonly [status: string, reason: string, message: string] | null;
}

/** The policy of the pack, on the AI route of the healthy gateway. */
function policy({ name = 'external-auth', target = ['HTTPRoute', 'maas-route'], ...shape }: PolicyShape = {}): KubeObject {
  const [status, reason, message] = shape.accepted ?? ['True', 'Accepted', 'Policy has been accepted.'];
  const ancestorRef = { kind: 'Gateway', name: 'maas', namespace: 'maas-system' };
  const auth = shape.apiKey === null ? {} : { apiKeyAuth: { ...full, ...shape.apiKey } };
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'SecurityPolicy',
    metadata: { name, namespace: 'maas-system' },
    spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: target[0], name: target[1] }], ...auth, ...shape.spec },
    ...(shape.accepted === null
      ? {}
      : { status: { ancestors: [{ ancestorRef, conditions: [{ type: 'Accepted', status, reason, message }] }] } }),
  };
}

const full = {
  credentialRefs: [{ kind: 'Secret', name: 'qwen-api-keys' }],
  extractFrom: [{ headers: ['Authorization'] }],
  forwardClientIDHeader: 'x-client-id',
  sanitize: true,
};
const claim = (header: string): Record<string, unknown> => ({
  jwt: { providers: [{ name: 'idp', claimToHeaders: [{ claim: 'sub', header }] }] },
});
const mapped = (...mapping: string[]): Change => ({ controller: controller({ mapping }) });
const flag = (value: string): string => `--metricsRequestHeaderAttributes=${value}`;

describe('client-id-unforwarded', () => {
  const bare = { forwardClientIDHeader: undefined };
  it.each<[string, Change, RegExp]>([
    ['a policy of the pack', { extra: [policy()] }, /^pass/],
    [
      'no header',
      { extra: [policy({ apiKey: bare })] },
      /^fail: it checks API keys and forwards no client ID: .*AIGatewayRoute maas-system\/maas-route/,
    ],
    ['an empty header', { extra: [policy({ apiKey: { forwardClientIDHeader: '' } })] }, /^fail: it checks API keys/],
    ['no header on the Gateway', { extra: [policy({ target: ['Gateway', 'maas'], apiKey: bare })] }, /^fail: it checks API keys/],
    ['a claim of a token in the mapped header beside it', { extra: [policy({ apiKey: bare, spec: claim('x-user-id') })] }, /^pass/],
    [
      'a key that goes on to the backend',
      { extra: [policy({ apiKey: { sanitize: undefined } })] },
      /^fail: \[warning\] sanitize is not true/,
    ],
    ['another route', { extra: [policy({ target: ['HTTPRoute', 'shop'], apiKey: bare })] }, /^skip/],
    ['tokens alone', { extra: [policy({ apiKey: null, spec: claim('x-user-id') })] }, /^skip/],
    ['one that is not accepted', { extra: [policy({ apiKey: bare, accepted: ['False', 'Invalid', 'x'] })] }, /^skip/],
    ['policies that may not be listed', { refused: { securitypolicies: 'forbidden' } }, /^reject/],
  ])('%s', async (_, change, line) => expect(await lineOrThrow(clientIdUnforwarded, change)).toMatch(line));

  it('is mended by a patch with the header that is mapped', async () => {
    const [finding] = findingsOf(await judged(clientIdUnforwarded, { extra: [policy({ apiKey: bare })] }));
    expect(finding?.remedy?.patch).toEqual({ spec: { apiKeyAuth: { forwardClientIDHeader: 'x-user-id', sanitize: true } } });
    expect(finding?.about).toEqual(['label user_id', 'pod envoy-gateway-system/envoy-maas-0']);
  });
});

async function lineOrThrow(check: Parameters<typeof judged>[0], change: Change): Promise<string> {
  return judged(check, change).then(lineOf, (error: Error) => `reject: ${error.message}`);
}

describe('client-id-unmapped', () => {
  it.each<[string, Change, RegExp]>([
    ['the header of the policy', { ...mapped(flag('x-client-id:user.id')), extra: [policy()] }, /^pass: x-client-id:user.id/],
    [
      'the header in another case',
      { ...mapped(flag('x-client-id:user.id')), extra: [policy({ apiKey: { forwardClientIDHeader: 'X-Client-ID' } })] },
      /^pass/,
    ],
    [
      'another header',
      { ...mapped(flag('x-llm-client-id:user.id')), extra: [policy()] },
      /^fail: SecurityPolicy maas-system\/external-auth forwards the client ID in x-client-id, and the mapping is x-llm-client-id:user.id: the tokens of AIGatewayRoute maas-system\/maas-route are nobody's/,
    ],
    ['nothing at all', { ...mapped(), extra: [policy()] }, /^fail: .* in x-client-id, and no header is mapped/],
    ['what another policy sets on the route', { ...mapped(flag('x-team:team.id')), extra: [policy({ spec: claim('x-team') })] }, /^pass/],
    ['a mapping that does not parse', { ...mapped(flag('x-client-id')), extra: [policy()] }, /^skip: a mapping is given/],
    [
      'no header that is forwarded',
      { ...mapped(flag('x-a:user.id')), extra: [policy({ apiKey: { forwardClientIDHeader: undefined } })] },
      /^skip/,
    ],
    ['no controller', { controller: null, extra: [policy()] }, /^skip: there is no controller/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(clientIdUnmapped, change))).toMatch(line));

  it('is mended by the flag with the pairs that are there', async () => {
    const [finding] = findingsOf(await judged(clientIdUnmapped, { ...mapped(flag('x-dept:department')), extra: [policy()] }));
    expect(finding?.remedy?.text).toContain('--metricsRequestHeaderAttributes=x-dept:department,x-client-id:user.id');
  });

  it('gives the label to the header, where nobody sets the one that has it', async () => {
    const change = { ...mapped(flag('x-dept:department,x-llm-client-id:user.id')), extra: [policy()] };
    const [finding] = findingsOf(await judged(clientIdUnmapped, change));
    expect(finding?.remedy?.text).toContain('--metricsRequestHeaderAttributes=x-dept:department,x-client-id:user.id on');
  });

  it('lets the policy use the header that has the label, where somebody sets it', async () => {
    const second = policy({ name: 'tokens', target: ['HTTPRoute', 'shop'], apiKey: null, spec: claim('x-llm-client-id') });
    const [finding] = findingsOf(await judged(clientIdUnmapped, { ...mapped(flag('x-llm-client-id:user.id')), extra: [policy(), second] }));
    expect(finding?.remedy?.command).toBe(
      `kubectl -n maas-system patch securitypolicy external-auth --type json -p '[{"op":"replace","path":"/spec/apiKeyAuth/forwardClientIDHeader","value":"x-llm-client-id"}]'`,
    );
  });
});

describe('policy-unaccepted', () => {
  it.each<[string, Change, RegExp]>([
    ['one that is accepted', { extra: [policy()] }, /^pass/],
    [
      'one that is refused',
      { extra: [policy({ accepted: ['False', 'Invalid', 'APIKeyAuth: duplicated API key'] })] },
      /^fail: it is not accepted: Invalid: APIKeyAuth: duplicated API key/,
    ],
    ['one without a status', { extra: [policy({ accepted: null })] }, /^pass/],
    [
      'a target that is not there',
      { extra: [policy({ target: ['HTTPRoute', 'maas-rout'], accepted: null })] },
      /^fail: its target HTTPRoute maas-system\/maas-rout does not exist/,
    ],
    [
      'a target that could not be looked for',
      { extra: [policy({ target: ['HTTPRoute', 'maas-rout'], accepted: null })], refused: { httproutes: 'forbidden' } },
      /^skip/,
    ],
    [
      'a refused policy of another route',
      { extra: [policy({ target: ['HTTPRoute', 'shop'], accepted: ['False', 'Invalid', 'x'] })] },
      /^skip/,
    ],
    ['no API keys', { extra: [policy({ apiKey: null, accepted: ['False', 'Invalid', 'x'] })] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(policyUnaccepted, change))).toMatch(line));

  it('is mended by the name of the only route that may be meant', async () => {
    const lost = { extra: [policy({ target: ['HTTPRoute', 'maas-rout'], accepted: null })] };
    const [finding] = findingsOf(await judged(policyUnaccepted, lost));
    expect(finding?.remedy?.patch).toEqual([{ op: 'replace', path: '/spec/targetRefs/0/name', value: 'maas-route' }]);
    const [gateway] = findingsOf(await judged(policyUnaccepted, { extra: [policy({ target: ['Gateway', 'gone'], accepted: null })] }));
    expect(gateway?.remedy).toEqual({ text: 'name a route of its namespace, such as maas-route' });
  });
});

describe('api-keys-missing', () => {
  const secret = (namespace: string): KubeObject => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'qwen-api-keys', namespace } });
  const elsewhere = { credentialRefs: [{ kind: 'Secret', name: 'qwen-api-keys', namespace: 'keys' }] };
  const named = { options: { secretNames: true } };
  it.each<[string, Change, RegExp]>([
    ['Secrets that were not asked for', { extra: [policy()] }, /^skip: Secrets are not looked at/],
    ['the Secret beside the policy', { ...named, extra: [policy(), secret('maas-system')] }, /^pass/],
    ['no Secret', { ...named, extra: [policy()] }, /^fail: Secret maas-system\/qwen-api-keys with its API keys does not exist/],
    ['one that made the policy refused', { ...named, extra: [policy({ accepted: ['False', 'Invalid', 'x'] })] }, /^fail: Secret/],
    [
      'one of another namespace',
      { ...named, extra: [policy({ apiKey: elsewhere }), secret('keys')] },
      /^fail: it takes its keys from Secret keys\/qwen-api-keys, and only Secrets of its own namespace/,
    ],
    ['no API keys', { ...named }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(apiKeysMissing, change))).toMatch(line));
});

describe('client-id-unsupported', () => {
  const gateway = (image: string): KubeObject =>
    workload('envoy-gateway', {
      kind: 'Deployment',
      namespace: 'envoy-gateway-system',
      image,
      labels: { 'control-plane': 'envoy-gateway' },
    });
  const on = (tag: string, shape: PolicyShape = {}): Change => ({ extra: [gateway(`docker.io/envoyproxy/gateway:${tag}`), policy(shape)] });
  it.each<[string, Change, RegExp]>([
    ['v1.6.2', on('v1.6.2'), /^pass: v1.6.2/],
    ['v1.5.3', on('v1.5.3'), /^pass/],
    ['v1.5.1 with sanitize', on('v1.5.1'), /^fail: \[warning\] apiKeyAuth.sanitize is new in v1.5.1/],
    ['v1.5.1 without', on('v1.5.1', { apiKey: { sanitize: undefined } }), /^pass/],
    ['v1.4.4', on('v1.4.4'), /^fail: v1.4.4 knows neither apiKeyAuth.forwardClientIDHeader nor sanitize/],
    ['v2.0.0', on('v2.0.0'), /^pass/],
    [
      'a digest',
      { extra: [gateway('docker.io/envoyproxy/gateway@sha256:abc'), policy()] },
      /^skip: the image of Envoy Gateway names no release/,
    ],
    ['none that is seen', { extra: [policy()] }, /^skip: no Deployment/],
    ['an old one without API keys', on('v1.4.4', { apiKey: null }), /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(clientIdUnsupported, change))).toMatch(line));

  it('is mended by its chart, whose CRDs Helm leaves as they are', async () => {
    const [finding] = findingsOf(await judged(clientIdUnsupported, on('v1.4.4')));
    expect(finding?.remedy?.command?.split('\n')).toEqual([
      'helm show crds oci://docker.io/envoyproxy/gateway-helm --version v1.6.2 | kubectl apply --server-side --force-conflicts -f -',
      'helm upgrade eg oci://docker.io/envoyproxy/gateway-helm --version v1.6.2 -n envoy-gateway-system',
    ]);
  });
});
