import { describe, expect, it } from 'vitest';
import { mappingHazard } from '../../../../src/pipelines/envoy-ai-gateway/checks/mapping-hazard.ts';
import { mappingIneffective } from '../../../../src/pipelines/envoy-ai-gateway/checks/mapping-ineffective.ts';
import { mappingInvalid } from '../../../../src/pipelines/envoy-ai-gateway/checks/mapping-invalid.ts';
import { controller, controllerPod, proxyPod } from './objects.ts';
import { type Change, findingsOf, judged, lineOf } from './world.ts';

const mapped = (value: string, version = 'v0.5.0', flag = 'metricsRequestHeaderAttributes'): Change => ({
  controller: controller({ version, mapping: [`--${flag}=${value}`] }),
});
const args = (...mapping: string[]): Change => ({ controller: controller({ mapping }) });

describe('mapping-invalid', () => {
  it.each<[string, Change, RegExp]>([
    ['a mapping that parses', {}, /^pass/],
    [
      'a trailing comma',
      mapped('x-a:a,'),
      /^fail: --metricsRequestHeaderAttributes: empty header-attribute pair at position 2, the value ends with a comma$/,
    ],
    ['a trailing comma on v0.3', mapped('x-a:a,', 'v0.3.0', 'metricsRequestHeaderLabels'), /empty header-label pair at position 2/],
    ['a leading comma', mapped(',x-a:a'), /position 1, the value begins with a comma$/],
    ['two commas', mapped('x-a:a,,x-b:b'), /position 2, two commas follow each other$/],
    ['blanks only', mapped('  '), /position 1, the value is blank$/],
    ['no colon', mapped('x-a'), /invalid header-attribute pair at position 1: "x-a" \(expected format: header:attribute\)$/],
    ['an equals sign', mapped('x-a=a'), /, with "=" where ":" belongs$/],
    ['a pseudo header', mapped(':path:x'), /empty header or attribute at position 1: ":path:x", pseudo headers cannot be mapped$/],
    ['the base of v0.6', mapped('x-a:a,', 'v0.6.0', 'requestHeaderAttributes'), /^fail: --requestHeaderAttributes: empty/],
    [
      'spans, which are validated as well',
      args('--metricsRequestHeaderAttributes=x-a:a', '--spanRequestHeaderAttributes=x-b'),
      /^fail: --spanRequestHeaderAttributes: invalid/,
    ],
    [
      'the flag of v0.4 on v0.5',
      mapped('x-a:a', 'v0.5.0', 'metricsRequestHeaderLabels'),
      /^fail: v0.5.0 knows no flag --metricsRequestHeaderLabels: flag provided but not defined: -metricsRequestHeaderLabels; it is --metricsRequestHeaderAttributes there$/,
    ],
    ['the deprecated flag on v0.4', mapped('x-a:a', 'v0.4.0', 'metricsRequestHeaderLabels'), /^pass/],
    [
      'the base flag before v0.6',
      mapped('x-a:a', 'v0.5.0', 'requestHeaderAttributes'),
      /^fail: v0.5.0 knows no flag --requestHeaderAttributes/,
    ],
    [
      'a flag in another case',
      mapped('x-a:a', 'v0.5.0', 'metricsrequestheaderattributes'),
      /^fail: v0.5.0 knows no flag --metricsrequestheaderattributes/,
    ],
    ['any mapping flag on v0.2', mapped('x-a:a', 'v0.2.1', 'metricsRequestHeaderLabels'), /^fail: v0.2.1 knows no flag/],
    ['a newer release than all', mapped('x-a:a', 'v1.4.0'), /^pass/],
    [
      'a flag without value',
      { controller: controller({ args: ['--extProcImage=x:v0.5.0', '--metricsRequestHeaderAttributes'] }) },
      /flag needs an argument: -metricsRequestHeaderAttributes$/,
    ],
    ['no controller', { controller: null }, /^skip/],
    ['pods that may not be listed', { refused: { pods: 'forbidden' } }, /^pass/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(mappingInvalid, change))).toMatch(line));

  const dying = (message: string) =>
    controllerPod('new', {
      containerStatuses: [
        {
          name: 'ai-gateway-helm',
          ready: false,
          restartCount: 3,
          state: { waiting: { reason: 'CrashLoopBackOff' } },
          lastState: { terminated: { exitCode: 1, message } },
        },
      ],
    });
  const nameless = controller({
    image: 'x/ai-gateway-controller@sha256:1',
    labels: {},
    args: ['--extProcImage=y@sha256:1', '--metricsRequestHeaderLabels=x-a:a'],
  });

  it.each([
    [
      'a mapping flag',
      nameless,
      '-metricsRequestHeaderLabels',
      /^fail: the controller exits: flag provided but not defined: -metricsRequestHeaderLabels$/,
    ],
    ['another flag: that is controller-unready', nameless, '-noSuchFlag', /^pass/],
  ])('believes a controller of unknown release that does not know %s', async (_, deployment, flag, line) => {
    const message = `flag provided but not defined: ${flag}\nUsage of AI Gateway Controller:\n  -x string`;
    expect(lineOf(await judged(mappingInvalid, { controller: deployment, controllerPods: [dying(message)] }))).toMatch(line);
  });

  it.each([
    ['x-a:a,', 'x-a:a'],
    [' x-a:a ,, x-b=b', 'x-a:a,x-b:b'],
    ['x-a', 'x-user-id:user.id'],
  ])('mends %j', async (value, mended) => {
    const [finding] = findingsOf(await judged(mappingInvalid, mapped(value)));
    expect(finding?.remedy?.patch).toEqual([
      { op: 'replace', path: '/spec/template/spec/containers/0/args/2', value: `--metricsRequestHeaderAttributes=${mended}` },
    ]);
    expect(finding?.evidence.saw).toBe(`--metricsRequestHeaderAttributes=${value}`);
  });

  it('is about the labels that it was to bring', async () => {
    const [finding] = findingsOf(await judged(mappingInvalid, { ...mapped('x-a:a,'), options: { expectLabels: ['user.id'] } }));
    expect(finding?.about).toEqual(['controller envoy-ai-gateway-system/ai-gateway-controller', 'label user_id']);
  });
});

const policy = (action: string, name = 'maas') => ({
  apiVersion: 'gateway.envoyproxy.io/v1alpha1',
  kind: 'ClientTrafficPolicy',
  metadata: { name: 'ctp', namespace: 'maas-system' },
  spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name }], headers: { withUnderscoresAction: action } },
});

describe('mapping-ineffective', () => {
  it.each<[string, Change, RegExp]>([
    ['lower-case headers', {}, /^pass/],
    ['an upper-case header', mapped('X-User-Id:user.id'), /header names arrive in lower case, X-User-Id never matches$/],
    ['quotes around the value', mapped('"x-user-id:user.id"'), /the quotes are part of the value/],
    ['a header twice', mapped('x-u:user.id,x-u:uid'), /header x-u stands twice and feeds only uid, user.id never appears$/],
    ['a header twice for one label', mapped('x-u:user.id,x-u:user.id'), /^pass/],
    ['a header with a blank', mapped('x user:user.id'), /"x user" is no header name/],
    [
      'the flag twice',
      args('--metricsRequestHeaderAttributes=x-a:a,x-b:b', '--metricsRequestHeaderAttributes=x-c:c'),
      /is given 2 times and only the last counts: x-a:a,x-b:b are lost$/,
    ],
    ['the flag twice with one value', args('--metricsRequestHeaderAttributes=x-a:a', '--metricsRequestHeaderAttributes=x-a:a'), /^pass/],
    [
      'the flag twice, the last one empty',
      args('--metricsRequestHeaderAttributes=x-a:a', '--metricsRequestHeaderAttributes='),
      /x-a:a is lost$/,
    ],
    [
      'a stray argument',
      args('stray', '--metricsRequestHeaderAttributes=x-a:a'),
      /--metricsRequestHeaderAttributes stands after "stray", where the parsing of flags ends/,
    ],
    [
      'a boolean with a value of its own',
      args('--enableLeaderElection', 'true', '--metricsRequestHeaderAttributes=x-a:a'),
      /stands after "true"/,
    ],
    [
      'base and metrics for one header',
      {
        controller: controller({
          version: 'v1.1.0',
          mapping: ['--requestHeaderAttributes=x-a:a', '--metricsRequestHeaderAttributes=x-a:b'],
        }),
      },
      /^pass/,
    ],
    [
      'an underscore',
      mapped('x_user:user.id'),
      /header x_user has an underscore, and no ClientTrafficPolicy of Gateway maas-system\/maas lets it in/,
    ],
    ['an underscore that a policy lets in', { ...mapped('x_user:user.id'), extra: [policy('Allow')] }, /^pass/],
    ['an underscore that a policy drops', { ...mapped('x_user:user.id'), extra: [policy('DropHeader')] }, /^fail/],
    [
      'an underscore that the policy of another Gateway lets in',
      { ...mapped('x_user:user.id'), extra: [policy('Allow', 'other')] },
      /^fail/,
    ],
    [
      'an underscore and policies that may not be listed',
      { ...mapped('x_user:user.id'), refused: { clienttrafficpolicies: 'forbidden' } },
      /^unknown: forbidden list clienttrafficpolicies/,
    ],
    ['policies that may not be listed and are not needed', { refused: { clienttrafficpolicies: 'forbidden' } }, /^pass/],
    ['no controller', { controller: null }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(mappingIneffective, change))).toMatch(line));

  it('prints the union of a flag given twice', async () => {
    const [finding] = findingsOf(
      await judged(mappingIneffective, args('--metricsRequestHeaderAttributes=x-a:a', '-metricsRequestHeaderAttributes', 'x-b:b')),
    );
    expect(finding?.remedy?.patch).toEqual([
      { op: 'replace', path: '/spec/template/spec/containers/0/args/4', value: 'x-a:a,x-b:b' },
      { op: 'test', path: '/spec/template/spec/containers/0/args/2', value: '--metricsRequestHeaderAttributes=x-a:a' },
      { op: 'remove', path: '/spec/template/spec/containers/0/args/2' },
    ]);
    expect(finding?.about).toEqual(['label a']);
  });
});

describe('mapping-hazard', () => {
  const on = (value: string, version = 'v0.5.0'): Change => ({
    ...mapped(value, version, version === 'v0.3.0' ? 'metricsRequestHeaderLabels' : 'metricsRequestHeaderAttributes'),
    pods: [],
  });
  it.each<[string, Change, RegExp]>([
    ['a name of its own', {}, /^pass/],
    ['namespace', on('x-n:namespace'), /^fail: \[warning\] .*stores this one as exported_namespace$/],
    ['user.namespace', on('x-n:user.namespace'), /^pass/],
    ['le', on('x-l:le'), /^fail: x-l:le: label le also bounds the buckets/],
    ['__x__ on v0.5', on('x-l:__x__'), /\/metrics answers 500/],
    ['__x__ on v0.4', on('x-l:__x__', 'v0.4.0'), /silently vanish/],
    ['otel_scope_name on v0.3', on('x-l:otel_scope_name', 'v0.3.0'), /silently vanish/],
    ['otel.scope.name on v0.5', on('x-l:otel.scope.name'), /\/metrics answers 500/],
    ['otel.scope.name on v0.4', on('x-l:otel.scope.name', 'v0.4.0'), /otel_scope_name stands twice/],
    ['_ on v1.1', on('x-l:_', 'v1.1.0'), /\/metrics answers 500/],
    ['_ on v0.4', on('x-l:_', 'v0.4.0'), /^pass/],
    ['non-ASCII only on v0.5', on('x-l:用户'), /\/metrics answers 500/],
    ['the model', on('x-l:gen_ai.request.model'), /the header's value overwrites it/],
    ['the token type with dots', on('x-l:gen_ai.token.type'), /the identity is lost on token usage/],
    ['the token type with underscores on v0.5', on('x-l:gen_ai_token_type'), /the values are joined \("alice;input"\)/],
    ['the token type with underscores on v0.4', on('x-l:gen_ai_token_type', 'v0.4.0'), /the label stands twice/],
    ['two headers for one label', on('x-a:user.id,x-b:user.id'), /headers x-a and x-b both feed user_id: which of them wins is random/],
    [
      'two names that become one on v0.5',
      on('x-a:user.id,x-b:user_id'),
      /user.id and user_id become one label user_id: the values are joined/,
    ],
    ['two names that become one on v0.4', on('x-a:user.id,x-b:user_id', 'v0.4.0'), /it stands twice in each series/],
    [
      'a running sidecar with what its controller no longer has',
      { pods: [proxyPod({ mapping: ['-metricsRequestHeaderAttributes', 'x-l:le'] })] },
      /^fail: x-l:le of the running sidecar \(v0.5.0\)/,
    ],
    [
      'a nameless release, where only some releases suffer',
      {
        controller: controller({
          image: 'x/ai-gateway-controller@sha256:1',
          labels: {},
          args: ['--extProcImage=y@sha256:1', '--metricsRequestHeaderAttributes=x-l:_'],
        }),
        pods: [],
      },
      /^pass/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(mappingHazard, change))).toMatch(line));

  it('is about the proxies when it breaks their endpoint', async () => {
    const [finding] = findingsOf(await judged(mappingHazard, mapped('x-l:le')));
    expect(finding?.about).toEqual(['label le', 'pod envoy-gateway-system/envoy-maas-0', 'gateway maas-system/maas']);
  });
});
