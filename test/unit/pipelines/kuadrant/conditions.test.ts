import { describe, expect, it } from 'vitest';
import { conjuncts, pathsOf } from '../../../../src/pipelines/kuadrant/conditions.ts';
import type { Fields } from './objects.ts';
import { byUser, onChat, route, toGateway, tokenPolicy } from './objects.ts';
import { type Change, judged, lineOf, standing } from './world.ts';

describe('conditions in one spelling', () => {
  it.each([
    ["request.path=='/a'", 'request.path  ==\n "/a"'],
    ['a && b', '(b) && (a)'],
    ['a && (b && c)', 'c && b && a'],
    ["x.exists(g, g == 'a b')", 'x.exists( g,g=="a b" )'],
    ['a in ["x", "y"]', 'a in ["x","y"]'],
    ['true && a', 'a'],
    ['a // of the path\n && b', 'a && b'],
    ['x == "//a"', "x=='//a' // b && c"],
  ])('%s is %s', (one, other) => expect(conjuncts([one]).toSorted()).toEqual(conjuncts([other]).toSorted()));

  it.each([
    ['a || b', 'b'],
    ['a && b || c', 'a'],
    ['a ? b && c : d', 'c : d'],
    ['f("a && b")', 'f("a")'],
    ['x == "a b"', 'x == "ab"'],
    ['x == "\\"" && y', 'x == "'],
  ])('%s has no part %s', (whole, part) => {
    const [only] = conjuncts([part]);
    expect(conjuncts([whole])).not.toContain(only);
  });
});

describe('conditions that nobody wrote', () => {
  const many = 20_000;
  it.each([
    ['brackets', '('.repeat(many) + ')'.repeat(many)],
    ['brackets that stay open', '('.repeat(many)],
    ['conditions in brackets', `${'(a && '.repeat(many)}b${')'.repeat(many)}`],
    ['quotes that stay open', '\\"'.repeat(many)],
    ['a list of paths', `request.path in [${'"/a", '.repeat(many)}"/b"]`],
  ])(
    'are read once: %s',
    (_, text) => {
      expect(conjuncts([text]).length).toBeLessThan(3);
      expect(pathsOf([text, text])?.length ?? 2).toBeGreaterThan(1);
    },
    10_000,
  );

  it('are no conditions where brackets do not match', () => {
    expect(conjuncts(['(a] && [b)'])).toEqual(['(a]&&[b)']);
  });
});

describe('the paths of conditions', () => {
  it.each<[string, readonly string[], readonly string[] | null]>([
    ['none', [], null],
    ['one', ['request.path == "/a"'], ['/a']],
    ['the other way round', ["'/a' == request.url_path"], ['/a']],
    ['beside another condition', ['request.path == "/a" && auth.identity.tier == "free"'], ['/a']],
    ['a choice', ['(request.path == "/a" || request.path == "/b") && x'], ['/a', '/b']],
    ['a choice of something else', ['request.path == "/a" || x'], null],
    ['a list', ['request.path in ["/a", "/b"]'], ['/a', '/b']],
    ['both of two', ['request.path in ["/a", "/b"]', 'request.path == "/b"'], ['/b']],
    ['a beginning', ['request.path.startsWith("/a")'], null],
    ['not this one', ['request.path != "/a"'], null],
  ])('%s', (_, predicates, paths) => expect(pathsOf(predicates)).toEqual(paths));
});

const limit = (predicates: readonly string[], rest: Fields = {}): Fields => ({
  rates: [{ limit: 100, window: '1m' }],
  when: predicates.map((predicate) => ({ predicate })),
  counters: byUser,
  ...rest,
});
const chat = onChat.predicate;
const member = (of: string): string => `auth.identity.groups.split(",").exists(g, g == "${of}")`;
const limits = (all: Fields): Change => ({ limits: [tokenPolicy({ limits: all })] });
const byGroup = { counters: [{ expression: 'auth.identity.groups' }] };

describe('limits-overlapping', () => {
  it.each<[string, Change, RegExp]>([
    ['one limit', {}, /^pass$/],
    ['conditions that exclude each other', limits({ free: limit([chat, member('free')]), gold: limit([chat, member('gold')]) }), /^pass$/],
    ['conditions of which neither is part of the other', limits({ a: limit(['x', 'y']), b: limit(['y', 'z']) }), /^pass$/],
    [
      'several rates of one limit',
      limits({
        a: limit([chat], {
          rates: [
            { limit: 1, window: '1m' },
            { limit: 9, window: '1d' },
          ],
        }),
      }),
      /^pass$/,
    ],
    [
      'one condition, two counters',
      limits({ user: limit([chat, member('free')]), org: limit([member('free'), chat], byGroup) }),
      /^fail: limits user and org apply to the same requests, and each reports their tokens: authorized_hits grows twice/,
    ],
    [
      'one condition in two spellings',
      limits({ a: limit([`${chat} && x`]), b: limit(['x', "request.path=='/v1/chat/completions'"]) }),
      /twice/,
    ],
    ['one without a condition', limits({ all: limit([]), free: limit([chat, member('free')]) }), /^fail: limits all and free/],
    ['three', limits({ a: limit([]), b: limit([chat]), c: limit([chat]) }), /grows 3 times/],
    ['one that is turned off', limits({ a: limit([]), off: limit([chat, 'false']) }), /^pass$/],
    ['one that no path meets', limits({ a: limit([]), b: limit([chat, 'request.path == "/v1/completions"']) }), /^pass$/],
    ['one that is never met', limits({ a: limit([]), b: limit(['responseBodyJSON("/object") != "error"']) }), /^pass$/],
    [
      'limits of defaults',
      { limits: [tokenPolicy({ limits: {}, spec: { limits: undefined, defaults: { limits: { a: limit([]), b: limit([]) } } } })] },
      /^fail/,
    ],
    ['no policy', { limits: [] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('limits-overlapping', change))).toMatch(line));

  it('is unknown without the policies', async () => {
    await expect(judged('limits-overlapping', { refused: { tokenratelimitpolicies: 'forbidden' } })).rejects.toThrow(/forbidden/);
  });

  it.each<[string, Fields, string | undefined]>([
    ['joins limits that differ in their rates', { a: limit([chat]), b: limit([chat], { rates: [{ limit: 9, window: '1d' }] }) }, 'patch'],
    ['leaves other counters to people', { a: limit([chat]), b: limit([chat], byGroup) }, undefined],
    ['leaves wider conditions to people', { a: limit([]), b: limit([chat]) }, undefined],
    ['leaves what it does not know to people', { a: limit([chat]), b: limit([chat], { reservation: { amount: 5 } }) }, undefined],
  ])('%s', async (_, all, word) => {
    const verdict = await judged('limits-overlapping', limits(all));
    const command = verdict.status === 'fail' ? verdict.findings[0]?.remedy?.command : null;
    expect(command?.includes(' patch tokenratelimitpolicy token-limits ')).toBe(word === undefined ? undefined : true);
    if (command) expect(command).toContain('"rates":[{"limit":100,"window":"1m"},{"limit":9,"window":"1d"}]},"b":null');
  });
});

const taking = (...matches: readonly Fields[]): Change => ({
  route: { ...route(), spec: { ...(route().spec as Fields), rules: matches.length === 0 ? [{}] : [{ matches }] } },
});
const exact = (value: string, method?: string): Fields => ({ path: { type: 'Exact', value }, ...(method === undefined ? {} : { method }) });
const prefix = (value: string): Fields => ({ path: { type: 'PathPrefix', value } });

describe('paths-unlimited', () => {
  it.each<[string, Change, RegExp]>([
    ['the route of the guide', taking(prefix('/')), /^pass: HTTPRoute llm\/llm-sim takes more paths than \/v1\/chat\/completions/],
    ['a route without rules', {}, /^pass: HTTPRoute llm\/llm-sim takes more/],
    ['a rule without matches', taking(), /^pass: HTTPRoute llm\/llm-sim takes more/],
    ['a route of this path alone', taking(exact('/v1/chat/completions')), /^pass$/],
    ['lists of models beside it', taking(exact('/v1/chat/completions'), exact('/v1/models', 'GET')), /^pass$/],
    [
      'another endpoint of models by name',
      taking(exact('/v1/chat/completions'), exact('/v1/completions')),
      /^fail: its limits apply to \/v1\/chat\/completions alone, and HTTPRoute llm\/llm-sim serves \/v1\/completions as well/,
    ],
    [
      'the same as a prefix',
      taking(prefix('/v1/chat/completions'), prefix('/v1/embeddings/')),
      /^fail: .* serves \/v1\/embeddings as well/,
    ],
    ['another method of it', taking(exact('/v1/chat/completions'), exact('/v1/responses', 'GET')), /^pass$/],
    [
      'both in the condition',
      {
        ...taking(exact('/v1/chat/completions'), exact('/v1/completions')),
        ...limits({ a: limit(['request.path in ["/v1/chat/completions", "/v1/completions"]']) }),
      },
      /^pass$/,
    ],
    [
      'one in each limit',
      {
        ...taking(exact('/v1/completions'), exact('/v1/chat/completions')),
        ...limits({ a: limit([chat]), b: limit(['request.path == "/v1/completions"']) }),
      },
      /^pass$/,
    ],
    [
      'a limit on every path',
      {
        ...taking(exact('/v1/chat/completions'), exact('/v1/completions')),
        ...limits({ a: limit([chat]), b: limit([member('gold'), 'request.method == "POST"']) }),
      },
      /^pass$/,
    ],
    ['a limit that takes lists of models', limits({ all: limit([]) }), /^pass: limit all applies to lists of models too/],
    [
      'a condition on what it is rewritten to',
      taking(prefix('/llama')),
      /^fail: its limits apply to \/v1\/chat\/completions, and HTTPRoute llm\/llm-sim takes no such request/,
    ],
    ['a path that only begins alike', taking(prefix('/v1/chat/comp')), /^fail: .* takes no such request/],
    ['a regular expression', taking({ path: { type: 'RegularExpression', value: '/v1/.*' } }), /^pass/],
    ['no policy', { limits: [] }, /^skip/],
  ])('%s', async (_, change, line) => expect(lineOf(await judged('paths-unlimited', change))).toMatch(line));

  it('leaves routes of the Gateway alone that are not for models, where one is', async () => {
    const shop = { ...route(undefined, 'shop'), spec: { ...(route().spec as Fields), rules: [{ matches: [prefix('/shop')] }] } };
    const wide = tokenPolicy({ namespace: 'api-gateway', spec: { targetRef: toGateway } });
    expect(lineOf(await judged('paths-unlimited', { limits: [wide], extra: [shop] }))).toMatch(/^pass/);
    const asked = { limits: [wide], extra: [shop], route: null, options: { namespace: 'llm' } };
    expect(lineOf(await judged('paths-unlimited', asked))).toMatch(/^pass/);
    expect(lineOf(await judged('paths-unlimited', { ...asked, options: {} }))).toMatch(/^fail/);
  });

  it('is unknown without the routes', async () =>
    expect(lineOf(await judged('paths-unlimited', { refused: { httproutes: 'forbidden' } }))).toMatch(/^unknown/));

  it('is the one root where nothing is counted', async () => {
    const idle = { headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'limitador_up 1\n' };
    const left = (await standing({ ...taking(prefix('/llama')), metrics: idle })).filter((each) => !each.includes(' < '));
    expect(left).toEqual(['paths-unlimited']);
  });
});
