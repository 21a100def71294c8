import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../../../src/model/source.ts';
import { asksAuth, asksResponse, asksResponseBody, identityKeys } from '../../../../src/pipelines/kuadrant/expressions.ts';
import { emissions, gauges } from '../../../../src/pipelines/kuadrant/facts/emissions.ts';
import { emitters } from '../../../../src/pipelines/kuadrant/facts/emitters.ts';
import { identity } from '../../../../src/pipelines/kuadrant/facts/identity.ts';
import { installed } from '../../../../src/pipelines/kuadrant/facts/installed.ts';
import { authPolicies, tokenPolicies } from '../../../../src/pipelines/kuadrant/facts/policies.ts';
import { scene } from '../../../../src/pipelines/kuadrant/facts/scene.ts';
import { exposedLabel, isLimitadorImage } from '../../../../src/pipelines/kuadrant/names.ts';
import { authPolicy, limitadorPod, route, telemetryPolicy, toGateway, tokenPolicy } from './objects.ts';
import { type Change, judged, lineOf, readerOf } from './world.ts';

const file = (name: string): string => readFileSync(join(import.meta.dirname, 'pages', name), 'utf8');
const page = (name: string): Change => ({ metrics: { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: file(name) } });
const objectsIn = (name: string): readonly KubeObject[] => parseAllDocuments(file(name)).map((document) => document.toJS() as KubeObject);
const deployment = (image: string, labels: Record<string, string>): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'limits', namespace: 'kuadrant-system' },
  spec: { selector: { matchLabels: labels }, template: { spec: { containers: [{ name: 'server', image }] } } },
});

describe('a page of a real Limitador', () => {
  it('is idle before the first call', async () => {
    const { read } = await readerOf(page('idle-metrics.prom')).ask(emissions);
    expect(read.map(({ outcome }) => outcome)).toEqual([{ status: 'idle' }]);
  });

  it('tells tokens by all labels and calls by route', async () => {
    const { read } = await readerOf(page('traffic-exhaustive.prom')).ask(emissions);
    const [outcome] = read.map((emission) => emission.outcome);
    if (outcome?.status !== 'metered') throw new Error(outcome?.status);
    const held = (user: string | undefined, group?: string) =>
      outcome.series
        .filter(({ labels }) => labels.user === user && (group === undefined || labels.group === group))
        .map(({ sum, count }) => [sum, count]);
    expect(outcome.family).toBe('authorized_hits');
    expect(held('user-2')).toEqual([[525, 525]]);
    expect(held('')).toEqual([[11, 11]]);
    expect(held(undefined, 'free')).toEqual([[12, 12]]);
    expect(outcome.labelNames).toContain('limitador_namespace');
    expect(outcome.requests.map(({ labels }) => labels)).toContainEqual({ limitador_namespace: 'llm/llm-sim' });
  });

  it('with a label twice is what no scraper accepts', async () => {
    const { read } = await readerOf(page('traffic-basic.prom')).ask(emissions);
    expect(read[0]?.outcome).toMatchObject({ status: 'unreadable', problem: 'malformed' });
  });

  it('says how it is', async () => {
    expect((await readerOf(page('idle-metrics.prom')).ask(gauges)).get('pod kuadrant-system/limitador-limitador-6b9d-x')).toEqual({
      limitador_up: 1,
      datastore_partitioned: 0,
    });
  });

  it('is read behind a collector as well', async () => {
    const body =
      'authorized_hits_total{user="user-1",limitador_namespace="llm/llm-sim"} 131\nauthorized_calls_total{limitador_namespace="llm/llm-sim"} 4\n';
    const { read } = await readerOf({ metrics: body }).ask(emissions);
    expect(read[0]?.outcome).toMatchObject({ status: 'metered', family: 'authorized_hits_total', requests: [{ count: 4 }] });
  });
});

describe('Limitador pods', () => {
  const names = async (change: Change) =>
    (await readerOf(change).ask(emitters)).read.map(({ pod, port, portNames, release }) => [pod.name, port, portNames, release]);
  it.each<[string, Change, unknown]>([
    ['by label', {}, [['limitador-limitador-6b9d-x', 8080, ['http'], 'v2.3.0']]],
    [
      'on a port of another number',
      { pods: [limitadorPod({ ports: [{ name: 'http', containerPort: 9090 }] })] },
      [['limitador-limitador-6b9d-x', 9090, ['http'], 'v2.3.0']],
    ],
    [
      'on the port of the flag',
      { pods: [limitadorPod({ ports: [], args: ['--http-port=9000'] })] },
      [['limitador-limitador-6b9d-x', 9000, null, 'v2.3.0']],
    ],
    [
      'by the image of the workload',
      {
        pods: [limitadorPod({ labels: { run: 'limits' }, container: 'server' })],
        extra: [deployment('quay.io/kuadrant/limitador:v2.3.0', { run: 'limits' })],
      },
      [['limitador-limitador-6b9d-x', 8080, ['http'], 'v2.3.0']],
    ],
    [
      'not the operator under the same label',
      {
        pods: [limitadorPod({ image: 'quay.io/kuadrant/limitador-operator:v0.17.0', container: 'manager', labels: { app: 'limitador' } })],
      },
      [],
    ],
    ['not one that has ended', { pods: [limitadorPod({ phase: 'Succeeded' })] }, []],
    ['not where Kuadrant is not served', { refused: { kuadrants: 'absent' } }, []],
  ])('are found %s', async (_, change, expected) => expect(await names(change)).toEqual(expected));

  it.each([
    ['limitador', true],
    ['limitador-rhel9', true],
    ['kuadrant-limitador', true],
    ['limitador-operator', false],
    ['limitador-rhel9-operator', false],
    ['unlimitador', false],
  ])('image %s: %s', (name, is) => expect(isLimitadorImage(name)).toBe(is));
});

describe('a label name as exposed', () => {
  it.each([
    ['user', 'user'],
    ['user-id', 'user_id'],
    ['a.b', 'a_b'],
    ['9lives', '_lives'],
    ['größe', 'gr__e'],
    ['日本', '__'],
  ])('%s is %s', (name, label) => expect(exposedLabel(name)).toBe(label));
});

describe('an expression', () => {
  it.each<[string, readonly string[]]>([
    ['auth.identity.userid', ['userid']],
    ['auth.identity["user-id"]', ['user-id']],
    ['auth.identity.info.costCenter', ['info']],
    ['auth.identity.groups.split(",").exists(g, g == "free")', ['groups']],
    ['has(auth.identity.plan) ? auth.identity.plan : ""', []],
    ['request.path', []],
  ])('%s asks for %j', (expression, keys) => expect(identityKeys(expression)).toEqual(keys));

  it('asks for the response by name, not in a string', () => {
    expect([asksResponse('response.code'), asksResponse('request.path == "response.code"'), asksResponse('my_response.code')]).toEqual([
      true,
      false,
      false,
    ]);
    expect([asksResponseBody('responseBodyJSON("/model")'), asksResponseBody('requestBodyJSON("/model")')]).toEqual([true, false]);
    expect(asksAuth('auth.identity.userid')).toBe(true);
  });
});

describe('identity', () => {
  it('is made of labels about the caller and of those expected', async () => {
    const labels = { 'user-id': 'auth.identity.userid', host: 'request.host' };
    const found = await readerOf({ telemetry: [telemetryPolicy({ labels })], options: { expectLabels: ['team'] } }).ask(identity);
    expect(found).toEqual([
      { label: 'team', attribute: 'team', header: null },
      { label: 'user_id', attribute: 'user-id', header: null },
    ]);
  });
});

describe('paths', () => {
  const other: KubeObject = { ...route(), metadata: { name: 'other', namespace: 'llm' } };
  it.each<[string, Change, readonly string[]]>([
    ['a policy of a route', { extra: [other] }, ['external llm-sim']],
    [
      'a policy of a Gateway',
      { extra: [other], limits: [tokenPolicy({ namespace: 'api-gateway', spec: { targetRef: toGateway } })] },
      ['external llm-sim', 'external other'],
    ],
    ['a policy of another namespace', { limits: [tokenPolicy({ namespace: 'shop' })] }, []],
    ['another Gateway was asked for', { options: { gateway: { namespace: 'api-gateway', name: 'x' } } }, []],
  ])('%s', async (_, change, expected) => {
    const { paths } = await readerOf(change).ask(scene);
    expect(paths.map(({ gateway, route: { name } }) => `${gateway.name} ${name}`)).toEqual(expected);
  });
});

describe('policies', () => {
  it('are read from rules, defaults and overrides', async () => {
    const rules = {
      response: {
        success: {
          filters: {
            identity: { json: { properties: { userid: { expression: 'auth.identity.metadata.annotations["kuadrant.io/user-id"]' } } } },
          },
        },
      },
    };
    const { policies } = await readerOf({ auth: [authPolicy(), authPolicy({ spec: { rules: undefined, defaults: { rules } } })] }).ask(
      authPolicies,
    );
    expect(policies.map(({ exposes, annotations, rulesAt, keys }) => ({ exposes, annotations, rulesAt, keys: keys.length }))).toEqual([
      {
        exposes: [{ filter: 'identity', properties: ['groups', 'userid'] }],
        annotations: ['kuadrant.io/groups', 'kuadrant.io/user-id'],
        rulesAt: 'rules',
        keys: 1,
      },
      {
        exposes: [{ filter: 'identity', properties: ['userid'] }],
        annotations: ['kuadrant.io/user-id'],
        rulesAt: 'defaults.rules',
        keys: 0,
      },
    ]);
  });

  it('share the conditions of the whole among the limits', async () => {
    const spec = {
      limits: undefined,
      overrides: { when: [{ predicate: 'a' }], limits: { free: { when: [{ predicate: 'b' }], counters: [{ expression: 'c' }] } } },
    };
    const { policies } = await readerOf({ limits: [tokenPolicy({ spec })] }).ask(tokenPolicies);
    expect(policies[0]?.limits).toMatchObject([{ name: 'free', predicates: ['a', 'b'], counters: ['c'], at: 'overrides.limits' }]);
  });

  it.each(['', 'x', 7, [], null])('of nonsense are no exception: %j', async (nonsense) => {
    const spec = nonsense as never;
    const change: Change = {
      limits: [{ ...tokenPolicy(), spec }],
      auth: [{ ...authPolicy(), spec, status: spec }],
      telemetry: [{ ...telemetryPolicy(), spec }],
    };
    expect(lineOf(await judged('limits-unenforced', change))).toMatch(/^(pass|fail|skip)/);
    expect(lineOf(await judged('auth-unenforced', change))).toMatch(/^(pass|fail|skip)/);
    expect(lineOf(await judged('telemetry-unenforced', change))).toMatch(/^(pass|fail|skip)/);
  });
});

describe('objects as they are reported', () => {
  const broken = objectsIn('kuadrant-broken-policies.yaml');
  const named = (name: string): KubeObject => broken.find(({ metadata }) => metadata.name === name) as KubeObject;
  const healthy = objectsIn('kuadrant-healthy.yaml');
  const of = (kind: string): readonly KubeObject[] => healthy.filter((object) => object.kind === kind);
  it.each<[string, string, Change, RegExp]>([
    [
      'a healthy set',
      'limits-unprogrammed',
      {
        limitador: of('Limitador')[0] ?? null,
        limits: of('TokenRateLimitPolicy'),
        auth: of('AuthPolicy'),
        telemetry: of('TelemetryPolicy'),
      },
      /^pass/,
    ],
    [
      'no response filters',
      'identity-unexposed',
      { auth: [named('no-response-filters')], ...page('idle-metrics.prom') },
      /^fail: it has no response.success.filters.identity/,
    ],
    [
      'the response in a condition',
      'predicate-hazard',
      { limits: [named('response-in-when')] },
      /^fail: the condition of limit free asks for the response/,
    ],
    [
      'no reference to auth',
      'auth-unreferenced',
      { limits: [named('no-auth-ref')], ...page('idle-metrics.prom') },
      /^fail: none of its limits mentions auth/,
    ],
    [
      'a label of the response',
      'telemetry-hazard',
      { telemetry: [named('response-label')], ...page('idle-metrics.prom') },
      /^fail: label code asks for the response/,
    ],
    [
      'a policy without routes',
      'limits-unenforced',
      { limits: [named('orphan')] },
      /^fail: it is accepted and not enforced: Unknown: TokenRateLimitPolicy is not in the path/,
    ],
  ])('%s', async (_, id, change, line) => expect(lineOf(await judged(id, change))).toMatch(line));
});

describe('installed', () => {
  it.each<[string, Change, string]>([
    ['by both kinds', {}, 'installed'],
    ['by TokenRateLimitPolicies alone', { refused: { kuadrants: 'absent' } }, 'installed'],
    ['not by a Limitador alone', { refused: { kuadrants: 'absent', tokenratelimitpolicies: 'absent' } }, 'absent'],
  ])('%s', async (_, change, status) => expect((await readerOf(change).ask(installed)).status).toBe(status));

  it('is not absent when it could not look', async () => {
    const refused = { kuadrants: 'forbidden', tokenratelimitpolicies: 'absent' } as const;
    await expect(readerOf({ refused }).ask(installed)).rejects.toThrow('kuadrants');
  });
});

describe('Secrets', () => {
  const secret = (
    name: string,
    annotations: Record<string, string>,
    labels: Record<string, string> = {},
    namespace = 'llm',
  ): KubeObject => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace, labels: { app: 'my-llm', 'authorino.kuadrant.io/managed-by': 'authorino', ...labels }, annotations },
  });
  const both = { 'kuadrant.io/groups': 'free', 'kuadrant.io/user-id': 'user-1' };
  it.each<[string, readonly KubeObject[], RegExp]>([
    ['all annotated', [secret('a', both)], /^pass/],
    ['none at all', [], /^fail: no Secret has the labels app=my-llm/],
    [
      'one of two without',
      [secret('a', both), secret('b', { 'kuadrant.io/groups': 'gold' })],
      /^fail: \[warning\] 1 of 2 API keys \(llm\/b\) have no annotation kuadrant.io\/user-id/,
    ],
    [
      'under the wrong annotation',
      [secret('a', { ...both, 'kuadrant.io/user-id': '', 'secret.kuadrant.io/user-id': 'user-1' })],
      /^fail: 1 of 1 API keys/,
    ],
    [
      'without the label of its reader',
      [secret('a', both, { 'authorino.kuadrant.io/managed-by': '' })],
      /^fail: label authorino.kuadrant.io\/managed-by is not on llm\/a/,
    ],
  ])('%s', async (_, extra, line) =>
    expect(lineOf(await judged('api-keys-unannotated', { extra, options: { secretNames: true } }))).toMatch(line),
  );

  it('of another namespace are not looked at unless the policy says so', async () => {
    const keys = { 'api-key-users': { apiKey: { selector: { matchLabels: { app: 'my-llm' } } } } };
    const auth = [authPolicy({ spec: { rules: { authentication: keys } } })];
    const line = lineOf(await judged('api-keys-unannotated', { auth, extra: [secret('a', both)], options: { secretNames: true } }));
    expect(line).toMatch(/^fail: its API keys api-key-users are in namespace llm and it looks in kuadrant-system alone/);
  });
});

describe('logs of the proxies', () => {
  const pod = limitadorPod({
    name: 'external-istio-0',
    container: 'istio-proxy',
    labels: { 'gateway.networking.k8s.io/gateway-name': 'external' },
  });
  const proxy: KubeObject = { ...pod, metadata: { ...pod.metadata, namespace: 'api-gateway' } };
  const line = 'error envoy wasm wasm log kuadrant-wasm-shim: CelError::Resolve { NoSuchKey("group") } thread=27\n';
  const logged = (log: string): Change => ({
    extra: [proxy],
    options: { logs: true },
    endpoints: { 'logs api-gateway/external-istio-0/istio-proxy': log },
  });
  it.each<[string, Change, RegExp]>([
    ['a key that is not there', logged(line.repeat(9)), /^fail: .* say 9 times "NoSuchKey\("group"\)": an expression asks for a key/],
    [
      'responses without usage',
      logged('wasm log kuadrant-wasm-shim: Missing json property: /usage/total_tokens\n'.repeat(5)),
      /^fail: .* 5 times .*: responses without usage/,
    ],
    ['a few of them', logged(line.repeat(2)), /^pass/],
    ['other lines', logged('info all is well\n'.repeat(9)), /^pass/],
    ['no proxy', { options: { logs: true } }, /^skip: no proxy/],
  ])('%s', async (_, change, expected) => expect(lineOf(await judged('gateway-errors', change))).toMatch(expected));
});
