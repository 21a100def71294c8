import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { pipesOf } from '../../../../src/parse/changes.ts';
import { authPolicy, byUser, idlePage, podMonitor, sibling, telemetryPolicy, toGateway, tokenPolicy } from './objects.ts';
import { type Change, judged, metricsAt } from './world.ts';

const page = (body: string) => ({ headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
const nobody = page('authorized_hits{limitador_namespace="llm/llm-sim"} 9\nauthorized_calls{limitador_namespace="llm/llm-sim"} 3\n');
const onResponse = { predicate: 'responseBodyJSON("/object") != "error"' };
const key = (name: string, annotations: Record<string, string>, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'llm', labels: { app: 'my-llm', 'authorino.kuadrant.io/managed-by': 'authorino', ...labels }, annotations },
});
const keys = (...extra: readonly KubeObject[]): Change => ({ extra, options: { secretNames: true } });
const json = (resource: string, name: string, operations: unknown): string =>
  `kubectl -n llm patch ${resource} ${name} --type json -p '${JSON.stringify(operations)}'`;

/** Each command of a check's first finding, as the words that a shell would see; what is no command but a manifest is given as that. */
async function remedy(id: string, change: Change): Promise<unknown> {
  const verdict = await judged(id, change);
  const first = verdict.status === 'fail' ? verdict.findings[0]?.remedy : undefined;
  return first?.command ?? first?.patch ?? first?.text ?? verdict.status;
}

describe('a limit that does not ask who it is', () => {
  const limited = (limit: object, at?: 'defaults'): Change => ({
    limits: [
      tokenPolicy({
        limits: at === undefined ? { free: limit } : undefined,
        ...(at === undefined ? {} : { spec: { limits: undefined, [at]: { limits: { 'free/tier': limit } } } }),
      } as never),
    ],
    metrics: nobody,
  });
  const user = { expression: 'auth.identity.userid' };
  it.each<[string, Change, unknown]>([
    ['without counters', limited({}), [{ op: 'add', path: '/spec/limits/free/counters', value: [user] }]],
    [
      'with a counter, which it keeps',
      limited({ counters: [{ expression: 'request.path' }] }),
      [{ op: 'add', path: '/spec/limits/free/counters/-', value: user }],
    ],
    ['among the defaults', limited({}, 'defaults'), [{ op: 'add', path: '/spec/defaults/limits/free~1tier/counters', value: [user] }]],
  ])('counts by caller: %s', async (_, change, operations) =>
    expect(await remedy('auth-unreferenced', change)).toBe(json('tokenratelimitpolicy', 'token-limits', operations)),
  );
});

describe('a condition on the response', () => {
  const policy = (spec: object): Change => ({ limits: [tokenPolicy({ spec: spec as Record<string, unknown> })] });
  it.each<[string, Change, readonly string[]]>([
    [
      'of a limit',
      policy({ limits: { free: { when: [{ predicate: 'a' }, onResponse], counters: byUser } } }),
      ['/spec/limits/free/when/1'],
    ],
    [
      'of all limits, and of one',
      policy({ limits: undefined, defaults: { when: [onResponse], limits: { a: { when: [onResponse, onResponse] }, b: {} } } }),
      ['/spec/defaults/limits/a/when/1', '/spec/defaults/limits/a/when/0', '/spec/defaults/when/0'],
    ],
  ])('is taken out: %s', async (_, change, places) =>
    expect(await remedy('predicate-hazard', change)).toBe(
      json(
        'tokenratelimitpolicy',
        'token-limits',
        places.flatMap((path) => [
          { op: 'test', path, value: onResponse },
          { op: 'remove', path },
        ]),
      ),
    ),
  );
});

describe('a property that an AuthPolicy keeps to itself', () => {
  const bare = { auth: [authPolicy({ filters: {} })], metrics: page(idlePage) };
  const made = async (change: Change): Promise<unknown> => {
    const command = await remedy('identity-unexposed', change);
    const words = pipesOf(String(command))?.flat()[0] ?? [];
    expect(words.slice(0, 7)).toEqual(['kubectl', '-n', 'llm', 'patch', 'authpolicy', 'llm-api-keys', '--type=merge']);
    return JSON.parse(words.at(-1) ?? '').spec.rules.response.success.filters.identity.json.properties;
  };
  it('is taken from the annotation of the guide', async () =>
    expect(await made(bare)).toEqual({
      groups: { selector: 'auth.identity.metadata.annotations.kuadrant\\.io/groups' },
      userid: { selector: 'auth.identity.metadata.annotations.kuadrant\\.io/user-id' },
    }));
  it('is taken from the annotation that the keys have', async () =>
    expect(await made({ ...bare, ...keys(key('a', { 'secret.example.com/User_ID': 'u', 'example.com/groups': 'g' })) })).toEqual({
      groups: { selector: 'auth.identity.metadata.annotations.example\\.com/groups' },
      userid: { selector: 'auth.identity.metadata.annotations.secret\\.example\\.com/User_ID' },
    }));
  it('is taken from the claims of a token', async () => {
    const rules = { authentication: { jwt: { jwt: { issuerUrl: 'https://id.example.com' } } }, response: { success: { filters: {} } } };
    expect(await made({ ...bare, auth: [authPolicy({ spec: { rules } })] })).toEqual({
      groups: { expression: 'auth.identity.groups' },
      userid: { expression: 'auth.identity.userid' },
    });
  });
});

describe('an API key', () => {
  const whole = { 'kuadrant.io/user-id': 'u', 'kuadrant.io/groups': 'g' };
  it.each<[string, Change, string]>([
    [
      'is called after its Secret',
      keys(key('a', { ...whole, 'kuadrant.io/user-id': '' })),
      'kubectl -n llm annotate secret a --overwrite kuadrant.io/user-id=a',
    ],
    ['is put in no group', keys(key('a', { 'kuadrant.io/user-id': 'u' })), 'annotate each with kuadrant.io/groups'],
    [
      'is given the label that others have',
      keys(key('a', whole, { 'authorino.kuadrant.io/managed-by': 'x' })),
      'kubectl -n llm label secret a --overwrite authorino.kuadrant.io/managed-by=authorino',
    ],
  ])('%s', async (_, change, wanted) => expect(await remedy('api-keys-unannotated', change)).toBe(wanted));

  it('is looked for everywhere', async () => {
    const authentication = { keys: { apiKey: { selector: { matchLabels: { app: 'my-llm' } } } } };
    const response = { success: { filters: { identity: { json: { properties: { userid: { selector: 'x' } } } } } } };
    const auth = [authPolicy({ spec: { rules: { authentication, response } } })];
    const patch = { spec: { rules: { authentication: { keys: { apiKey: { allNamespaces: true } } } } } };
    expect(await remedy('api-keys-unannotated', { auth, ...keys(key('a', whole)) })).toBe(
      `kubectl -n llm patch authpolicy llm-api-keys --type=merge -p '${JSON.stringify(patch)}'`,
    );
  });
});

describe('a policy that is not there', () => {
  const labelling = (name: string, namespace: string, labels: object): object => ({
    apiVersion: 'extensions.kuadrant.io/v1alpha1',
    kind: 'TelemetryPolicy',
    metadata: { name, namespace },
    spec: { targetRef: toGateway, metrics: { default: { labels } } },
  });
  it('is made of what an AuthPolicy exposes of the caller', async () => {
    const properties = { tier: { selector: 'x' }, username: { selector: 'y' } };
    const auth = [authPolicy({ filters: { identity: { json: { properties } } } })];
    const wanted = labelling('token-labels', 'api-gateway', { user: 'auth.identity.username' });
    expect(await remedy('telemetry-unenforced', { telemetry: [], auth })).toEqual(wanted);
  });
  it('is made where the Gateway is', async () =>
    expect(await remedy('telemetry-unenforced', { telemetry: [telemetryPolicy({ namespace: 'llm' })] })).toEqual(
      labelling('user-group', 'api-gateway', { user: 'auth.identity.userid', group: 'auth.identity.groups' }),
    ));
  it('limits tokens by caller at the Gateway that labels them', async () =>
    expect(await remedy('limits-unenforced', { limits: [] })).toMatchObject({
      kind: 'TokenRateLimitPolicy',
      metadata: { namespace: 'api-gateway' },
      spec: { targetRef: toGateway, limits: { counted: { counters: byUser } } },
    }));
  it('is not made up where two Gateways label tokens', async () => {
    const other = { ...telemetryPolicy(), metadata: { name: 'other', namespace: 'llm' } };
    expect(await remedy('limits-unenforced', { limits: [], telemetry: [telemetryPolicy(), other] })).toMatch(/^attach one to/);
  });
  it('switches everything on', async () =>
    expect(await remedy('kuadrant-unready', { kuadrant: null })).toMatchObject({ kind: 'Kuadrant' }));
});

describe('two labels that become one', () => {
  const twins = (second: string): Change => ({
    telemetry: [telemetryPolicy({ labels: { 'user-id': 'auth.identity.userid', 'user.id': second } })],
    endpoints: { [metricsAt]: page(idlePage) },
  });
  it('lose one where both say the same', async () =>
    expect(await remedy('telemetry-hazard', twins('auth.identity.userid'))).toBe(
      'kubectl -n api-gateway patch telemetrypolicy user-group --type=json -p ' +
        `'[{"op":"remove","path":"/spec/metrics/default/labels/user.id"}]'`,
    ));
  it('need another name where they differ', async () =>
    expect(await remedy('telemetry-hazard', twins('auth.identity.email'))).toMatch(/^rename user\.id/));
});

describe('labels of the response', () => {
  const asking = (labels: Record<string, string>): Change => ({ telemetry: [telemetryPolicy({ labels })], metrics: page(idlePage) });
  it('are all taken out', async () =>
    expect(await remedy('telemetry-hazard', asking({ user: 'auth.identity.userid', code: 'response.code', 'a/b': 'response.size' }))).toBe(
      'kubectl -n api-gateway patch telemetrypolicy user-group --type=json -p ' +
        `'[{"op":"remove","path":"/spec/metrics/default/labels/code"},{"op":"remove","path":"/spec/metrics/default/labels/a~1b"}]'`,
    ));
  it('are filled otherwise where there are no others', async () =>
    expect(await remedy('telemetry-hazard', asking({ code: 'response.code' }))).toMatch(/^fill code with/));
});

describe('a monitor that comes and goes', () => {
  it('is copied before the other is switched off', async () => {
    const monitors = [podMonitor({}, { creationTimestamp: '2026-11-24T11:55:00Z' })];
    const extra = [{ ...podMonitor(), metadata: { ...sibling.metadata, name: 'istio-pod-monitor', namespace: 'api-gateway' } }];
    const command = await remedy('monitor-churn', { monitors, extra });
    const words = pipesOf(String(command))?.map((pipe) => pipe.map(([program, ...rest]) => [program, rest.at(-1)]));
    expect(words).toEqual([
      [
        ['kubectl', 'json'],
        [
          'jq',
          '{apiVersion, kind, metadata: {name: "limitador-metrics", namespace: .metadata.namespace, labels: (.metadata.labels | del(.["kuadrant.io/observability"]))}, spec}',
        ],
        ['kubectl', '-'],
      ],
      [['kubectl', '{"spec":{"observability":{"enable":false}}}']],
    ]);
  });
});
