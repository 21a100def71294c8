import { describe, expect, it } from 'vitest';
import type { Memory } from '../../memory-source.ts';
import {
  gateway,
  idlePage,
  kuadrantObject,
  limitador,
  limitadorPod,
  pageOf,
  podMonitor,
  sibling,
  telemetryPolicy,
  tokenPolicy,
  trafficPage,
} from './objects.ts';
import { type Change, judged, lineOf } from './world.ts';

const text = (body: string) => ({ headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
const forbidden = (...kinds: readonly string[]): Change => ({
  refused: Object.fromEntries(kinds.map((kind) => [kind, 'forbidden'])) as NonNullable<Memory['refused']>,
});
const nothing: Change = { limits: [], telemetry: [], auth: [], carriers: [], pods: [], limitador: null };
const rejected = async (id: string, change: Change): Promise<string> =>
  lineOf(
    await judged(id, change).catch((error: Error) => ({
      status: 'unknown' as const,
      unread: [{ what: '', reason: 'forbidden' as const, message: error.message, needs: error.message }],
    })),
  );

describe('a check that has nothing to judge', () => {
  it.each<[string, Change]>([
    ['kuadrant-unready', { kuadrant: null, refused: { kuadrants: 'absent' } }],
    ['extensions-disabled', { operator: null }],
    ['limitador-unready', { ...nothing, kuadrant: null }],
    ['limitador-outdated', nothing],
    ['labels-default-missing', { telemetry: [] }],
    ['labels-default-missing', { pods: [] }],
    ['provider-unknown', { limits: [] }],
    ['provider-unknown', { operator: null }],
    ['gateway-unready', { limits: [] }],
    ['auth-unenforced', { limits: [] }],
    ['identity-unexposed', { limits: [] }],
    ['limits-unenforced', { limits: [], refused: { tokenratelimitpolicies: 'absent' } }],
    ['limits-unenforced', { options: { namespace: 'other' } }],
    ['auth-unreferenced', { telemetry: [] }],
    ['predicate-hazard', { limits: [] }],
    ['telemetry-unenforced', { limits: [] }],
    ['telemetry-unenforced', { refused: { telemetrypolicies: 'absent' } }],
    ['telemetry-hazard', { limits: [] }],
    ['wasm-missing', { limits: [] }],
    [
      'wasm-missing',
      {
        carriers: [],
        refused: { wasmplugins: 'absent', envoyfilters: 'absent', envoyextensionpolicies: 'absent', envoypatchpolicies: 'absent' },
      },
    ],
    ['limits-unprogrammed', { limits: [] }],
    ['limits-unprogrammed', { limitador: null }],
    ['metrics-unreadable', { pods: [] }],
    ['idle-limitador', { pods: [] }],
    ['tokens-unextracted', { metrics: text(idlePage) }],
    ['identity-absent', { telemetry: [] }],
    ['identity-absent', { metrics: text(idlePage) }],
    ['identity-empty', { telemetry: [] }],
    ['identity-empty', { metrics: text(idlePage) }],
    ['requests-counted', { limits: [] }],
    ['monitors-disabled', { pods: [] }],
    ['monitors-disabled', { kuadrant: null }],
    ['monitors-disabled', { monitors: [], refused: { podmonitors: 'absent' } }],
    ['monitor-churn', { monitors: [] }],
    ['scrape-walled', {}],
  ])('%s is skipped: case %#', async (id, change) => expect(lineOf(await judged(id, change))).toMatch(/^skip: \S/));
});

describe('a check that could not look', () => {
  it.each<[string, Change]>([
    ['crds-missing', forbidden('kuadrants')],
    ['kuadrant-unready', forbidden('kuadrants')],
    ['extensions-disabled', forbidden('deployments')],
    ['extensions-disabled', forbidden('telemetrypolicies')],
    ['limitador-unready', forbidden('pods')],
    ['limitador-outdated', forbidden('pods')],
    ['labels-default-missing', forbidden('pods')],
    ['provider-unknown', forbidden('gatewayclasses')],
    ['provider-unknown', forbidden('deployments')],
    ['gateway-unready', forbidden('gateways')],
    ['gateway-unready', forbidden('httproutes')],
    ['auth-unenforced', forbidden('authpolicies')],
    ['auth-unenforced', forbidden('httproutes')],
    ['identity-unexposed', forbidden('httproutes')],
    ['api-keys-unannotated', forbidden('authpolicies')],
    ['limits-unenforced', forbidden('tokenratelimitpolicies')],
    ['auth-unreferenced', forbidden('httproutes')],
    ['telemetry-unenforced', forbidden('telemetrypolicies')],
    ['telemetry-hazard', forbidden('telemetrypolicies')],
    ['wasm-missing', { ...forbidden('wasmplugins'), carriers: [] }],
    ['limits-unprogrammed', forbidden('limitadors')],
    ['limits-unprogrammed', forbidden('httproutes')],
    ['metrics-unreadable', forbidden('pods')],
    ['idle-limitador', forbidden('pods')],
    ['tokens-unextracted', forbidden('httproutes')],
    ['identity-absent', forbidden('telemetrypolicies')],
    ['identity-empty', forbidden('telemetrypolicies')],
    ['requests-counted', forbidden('ratelimitpolicies')],
    ['monitors-disabled', forbidden('kuadrants')],
    ['monitor-churn', forbidden('podmonitors')],
  ])('%s is unknown: case %#', async (id, change) => expect(await rejected(id, change)).toMatch(/^unknown: \S/));
});

describe('predicate-hazard', () => {
  it('needs no routes to judge a condition', async () =>
    expect(lineOf(await judged('predicate-hazard', forbidden('httproutes')))).toMatch(/^pass/));
});

describe('limits-unenforced', () => {
  it.each<[string, Change, RegExp]>([
    ['an error where labels are meant for tokens', { limits: [] }, /^fail: there is no/],
    ['an error where a label is expected', { limits: [], telemetry: [], options: { expectLabels: ['user'] } }, /^fail: there is no/],
    ['a warning else', { limits: [], telemetry: [] }, /^fail: \[warning\] there is no/],
  ])('has %s', async (_, change, line) => expect(lineOf(await judged('limits-unenforced', change))).toMatch(line));
});

describe('kuadrant-unready', () => {
  it('warns of a second object', async () => {
    const second = { ...kuadrantObject(), metadata: { name: 'kuadrant', namespace: 'other' } };
    expect(lineOf(await judged('kuadrant-unready', { extra: [second] }))).toMatch(/^fail: \[warning\] there are 2 Kuadrant objects/);
  });
});

describe('tokens-unextracted', () => {
  const called = (calls: number): Change => ({ metrics: text(pageOf([`authorized_calls{limitador_namespace="llm/llm-sim"} ${calls}`])) });
  it.each<[string, Change, RegExp]>([
    ['warns of few calls', called(1), /^fail: \[warning\] 1 request passed/],
    ['fails of many', called(9), /^fail: 9 requests passed/],
    [
      'leaves other routes alone',
      {
        metrics: text(
          trafficPage(['a']).replace(
            '# TYPE authorized_calls',
            'authorized_calls{limitador_namespace="shop/shop"} 90\n# TYPE authorized_calls',
          ),
        ),
      },
      /^pass/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('tokens-unextracted', change))).toMatch(line));
});

describe('requests-counted', () => {
  it.each<[string, Change, RegExp]>([
    [
      'sees requests that were counted for tokens',
      { metrics: text(trafficPage(['a'], { tokens: 21, calls: 20 })) },
      /^fail: 21 tokens in 20 requests/,
    ],
    ['takes small answers for what they are', { metrics: text(trafficPage(['a'], { tokens: 41, calls: 20 })) }, /^pass/],
    ['does not judge a few', { metrics: text(trafficPage(['a'], { tokens: 3, calls: 3 })) }, /^pass/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('requests-counted', change))).toMatch(line));
});

describe('identity-empty', () => {
  it.each<[string, Change, RegExp]>([
    ['fails where all are empty', { metrics: text(trafficPage([''])) }, /^fail: label user is empty on every token series: 131 tokens/],
    ['warns where some are', { metrics: text(trafficPage(['a', ''])) }, /^fail: \[warning\] label user is empty for 131 of 262 tokens/],
    ['leaves a label that is absent to the other check', { metrics: text(trafficPage([null])) }, /^pass/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('identity-empty', change))).toMatch(line));
});

describe('telemetry-hazard', () => {
  const labels = (given: Record<string, string>): Change => ({ telemetry: [telemetryPolicy({ labels: given })] });
  it.each<[string, Change, RegExp]>([
    [
      'fails for an attribute of the response',
      { ...labels({ code: 'response.code' }), metrics: text(idlePage) },
      /^fail: label code asks for the response/,
    ],
    ['believes a label that was seen', { ...labels({ user: 'response.headers["x-user"]' }) }, /^pass/],
    [
      'warns of the body where nothing was counted',
      { ...labels({ model: 'responseBodyJSON("/model")' }), metrics: text(idlePage) },
      /^fail: \[warning\] label model reads the body/,
    ],
    ['does not where something was', labels({ model: 'responseBodyJSON("/model")' }), /^pass/],
    [
      'fails for the name that Limitador has itself',
      labels({ 'limitador-namespace': '"x"' }),
      /^fail: limitador-namespace and that of Limitador itself are one label/,
    ],
    [
      'takes one name in two policies for one',
      { telemetry: [telemetryPolicy(), { ...telemetryPolicy(), metadata: { name: 'other', namespace: 'api-gateway' } }] },
      /^pass/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('telemetry-hazard', change))).toMatch(line));
});

describe('monitor-churn', () => {
  const young = podMonitor({}, { creationTimestamp: '2026-11-24T11:54:00Z' });
  it.each<[string, Change, RegExp]>([
    [
      'sees a monitor that is younger than its siblings',
      {
        monitors: [young],
        refused: { servicemonitors: 'forbidden' },
        extra: [{ ...podMonitor(), metadata: { ...sibling.metadata, name: 'istio-pod-monitor', namespace: 'api-gateway' } }],
      },
      /^fail: it is 6m old and the monitors that were made with it are 4d4h old/,
    ],
    ['takes monitors of one age for just made', { monitors: [young] }, /^pass/],
    ['leaves an old one alone', {}, /^pass/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('monitor-churn', change))).toMatch(line));
});

describe('metrics-unreadable', () => {
  it.each<[string, Change, RegExp]>([
    [
      'sees another program on the port',
      { metrics: text('go_goroutines 9\n') },
      /^fail: port 8080\/metrics does not serve the metrics of a Limitador/,
    ],
    ['believes Limitador that it is down', { metrics: text('limitador_up 0\n') }, /^fail: it says of itself that it is not up/],
    [
      'sees a page twice labelled',
      { metrics: text(pageOf(['authorized_hits{a_b="1",a_b="2"} 7'])) },
      /^fail: .*label name "a_b" is not unique/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('metrics-unreadable', change))).toMatch(line));
});

describe('the Gateway and namespace that were asked for', () => {
  it.each<[string, Change, RegExp]>([
    [
      'another Gateway',
      {
        options: { gateway: { namespace: 'api-gateway', name: 'other' } },
        gateway: gateway([{ type: 'Accepted', status: 'False', reason: 'Invalid' }]),
      },
      /^skip/,
    ],
    [
      'this Gateway',
      {
        options: { gateway: { namespace: 'api-gateway', name: 'external' } },
        gateway: gateway([{ type: 'Accepted', status: 'False', reason: 'Invalid' }]),
      },
      /^fail/,
    ],
    [
      'the namespace of the route',
      { options: { namespace: 'llm' }, gateway: gateway([{ type: 'Accepted', status: 'False', reason: 'Invalid' }]) },
      /^fail/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('gateway-unready', change))).toMatch(line));
});

describe('a second Limitador', () => {
  it('that is idle is no trouble beside a busy one', async () => {
    const change: Change = {
      pods: [limitadorPod(), limitadorPod({ name: 'limitador-2' })],
      endpoints: { 'kuadrant-system/limitador-2:8080/metrics': text(idlePage) },
      limits: [tokenPolicy()],
    };
    expect(lineOf(await judged('idle-limitador', change))).toBe('pass: idle beside busy ones: limitador-2');
  });
});

describe('what was asked for', () => {
  it('never hides a Limitador by its namespace', async () => {
    expect(lineOf(await judged('limitador-unready', { options: { namespace: 'llm' } }))).toBe('pass');
  });
  it('may leave it out by a selector', async () => {
    expect(lineOf(await judged('limitador-unready', { options: { selector: 'app=other' } }))).toMatch(
      /^skip: no Limitador has the labels app=other/,
    );
  });
});

describe('kinds that were left over', () => {
  it('are no error without an object of theirs', async () => {
    const line = lineOf(await judged('kuadrant-unready', { ...nothing, kuadrant: null, monitors: [] }));
    expect(line).toMatch(/^fail: \[warning\] there is no Kuadrant object/);
  });
});

describe('wasm-missing', () => {
  it('needs no other kinds where the filter was found', async () => {
    expect(lineOf(await judged('wasm-missing', forbidden('envoyfilters')))).toBe('pass');
  });
});

describe('limitador-outdated', () => {
  const old = [limitadorPod({ image: 'quay.io/kuadrant/limitador:v2.1.0' })];
  it.each<[string, Change, string | undefined]>([
    [
      'a pinned image',
      { limitador: limitador({ image: 'quay.io/kuadrant/limitador:v2.1.0' }) },
      `kubectl -n kuadrant-system patch limitador limitador --type=json -p '[{"op":"remove","path":"/spec/image"}]'`,
    ],
    ['none', {}, undefined],
  ])('takes away %s', async (_, change, command) => {
    const verdict = await judged('limitador-outdated', { ...change, pods: old });
    expect(verdict.status === 'fail' ? verdict.findings[0]?.remedy?.command : verdict.status).toBe(command);
  });
  it('cannot tell the release of a digest', async () => {
    const pods = [limitadorPod({ image: 'registry.redhat.io/rhcl-1/limitador-rhel9@sha256:77aa' })];
    expect(lineOf(await judged('limitador-outdated', { pods }))).toMatch(/^pass: the release of .* cannot be told/);
  });
});

describe('telemetry-unenforced', () => {
  const onRoute = {
    ...telemetryPolicy({ namespace: 'llm' }),
    spec: { targetRef: { kind: 'HTTPRoute', name: 'llm-sim' }, metrics: { default: { labels: { user: 'auth.identity.userid' } } } },
  };
  it.each<[string, Change, RegExp]>([
    ['a policy of a route', { telemetry: [onRoute] }, /^fail: it targets HTTPRoute llm-sim/],
    [
      'a policy of another namespace',
      { telemetry: [telemetryPolicy({ namespace: 'llm' })] },
      /^fail: it stands in namespace llm and Gateway api-gateway\/external in another/,
    ],
    [
      'a policy of logs alone',
      { telemetry: [{ ...telemetryPolicy(), spec: { targetRef: { kind: 'Gateway', name: 'external' } } }] },
      /^fail: no TelemetryPolicy labels what is counted/,
    ],
  ])('sees %s', async (_, change, line) => expect(lineOf(await judged('telemetry-unenforced', change))).toMatch(line));
});
