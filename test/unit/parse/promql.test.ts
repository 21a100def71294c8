import { describe, expect, it } from 'vitest';
import { holdsVariable, substituteVariables } from '../../../src/parse/dashboard-variables.ts';
import { edited, queryShape, unquote, writeLabel } from '../../../src/parse/promql.ts';

describe('the shape of a query', () => {
  it.each<[string, string | null, string[], boolean, string]>([
    [
      'sum by (user_namespace) (increase({__name__="gen_ai.client.token.usage_token_sum"}[1h]))',
      'gen_ai.client.token.usage_token_sum',
      ['increase', 'sum by user_namespace'],
      false,
      'range',
    ],
    [
      'sum(rate({"gen_ai.client.token.usage_token_sum","gen_ai.token.type"="output"}[5m])) by ("gen_ai.request.model")',
      'gen_ai.client.token.usage_token_sum',
      ['rate', 'sum by gen_ai.request.model'],
      true,
      'range',
    ],
    [
      'topk(5, sum without(pod) (gen_ai_client_token_usage_sum{user_id!=""}))',
      'gen_ai_client_token_usage_sum',
      ['sum without pod', 'topk'],
      false,
      'instant',
    ],
    ['{__name__=~"gen_ai.*_sum"}', null, [], false, 'instant'],
    [
      'max_over_time(sum(gen_ai_client_token_usage_sum)[1h:5m])',
      'gen_ai_client_token_usage_sum',
      ['sum', 'max_over_time'],
      false,
      'instant',
    ],
    ['increase(gen_ai_client_token_usage_sum[1h:1m] offset 5m)', 'gen_ai_client_token_usage_sum', ['increase'], false, 'range'],
  ])('%s', (query, name, within, quoted, kind) => {
    const shape = queryShape(query);
    expect(shape.error).toBeNull();
    expect(shape.quotedNames).toBe(quoted);
    const [selector] = shape.selectors;
    expect(selector?.name).toBe(name);
    expect(selector?.range).toBe(kind === 'range');
    expect(
      selector?.within.map((outer) =>
        outer.kind === 'function'
          ? outer.name
          : [outer.op, outer.grouping?.mode, ...(outer.grouping?.labels ?? []).map((label) => label.name)].filter(Boolean).join(' '),
      ),
    ).toEqual(within);
  });

  it('finds every selector and join of an expression', () => {
    const shape = queryShape('sum(a{x="1",y=~"z|w"}) / on (tenant) group_left (team) {"b.c"}');
    expect(shape.selectors.map((selector) => selector.name)).toEqual(['a', 'b.c']);
    expect(shape.selectors[0]?.matchers.map((match) => [match.label, match.op, match.value])).toEqual([
      ['x', '=', '1'],
      ['y', '=~', 'z|w'],
    ]);
    expect(shape.joins).toEqual(['tenant', 'team']);
  });

  it.each(['gen_ai.client.token.usage_sum', 'sum by (', 'rate(x[5m)', ''])('says where %j does not parse', (query) => {
    expect(queryShape(query).error).not.toBeNull();
  });
});

it.each([
  ['"a\\"b\\n"', 'a"b\n'],
  ["'it\\'s'", "it's"],
  ['`raw\\n`', 'raw\\n'],
  ['"\\x41\\u00e4\\101"', 'AäA'],
  ['plain', 'plain'],
])('unquote %s', (literal, value) => expect(unquote(literal)).toBe(value));

it.each([
  ['user_id', 'user_id'],
  ['user.id', '"user.id"'],
])('write label %s', (name, text) => expect(writeLabel(name)).toBe(text));

describe('dashboard variables', () => {
  it.each([
    ['rate(x[$__rate_interval])', 'rate(x[5m])'],
    ['rate(x[${window}])', 'rate(x[5m])'],
    ['rate(x[1h:$__interval])', 'rate(x[1h:5m])'],
    ['rate(x[[[range]]])', 'rate(x[5m])'],
    ['x{a=~"$tenant",b="${c:regex}"}', 'x{a=~"$tenant",b="${c:regex}"}'],
    ['topk($n, sum by ($group) (x))', 'topk(5, sum by (gv_group) (x))'],
    ['$metric{a="b"} * $__range_s', 'gv_metric{a="b"} * 3600'],
    ['x offset $shift', 'x offset 5m'],
    ['label_replace(x, "a", "$1", "b", "(.*)")', 'label_replace(x, "a", "$1", "b", "(.*)")'],
  ])('%s', (query, expected) => {
    expect(substituteVariables(query).query).toBe(expected);
    expect(queryShape(expected).error).toBeNull();
  });

  it('carries an edit back to what the author wrote', () => {
    const author = 'sum by ($group) (rate(old_name{a="$x"}[$__rate_interval]))';
    const { query, original } = substituteVariables(author);
    const at = queryShape(query).selectors[0]?.nameAt ?? { from: 0, to: 0 };
    expect(edited(author, original([{ ...at, text: 'new_name' }]) ?? [])).toBe(
      'sum by ($group) (rate(new_name{a="$x"}[$__rate_interval]))',
    );
  });

  it('refuses an edit through a variable', () => {
    const { original } = substituteVariables('sum by ($group) (x)');
    expect(original([{ from: 8, to: 10, text: 'y' }])).toBeNull();
  });

  it.each([
    ['$x', true],
    ['${x}', true],
    ['[[x]]', true],
    ['a$', false],
    ['.*', false],
  ])('%s holds a variable: %s', (value, expected) => {
    expect(holdsVariable(value)).toBe(expected);
  });
});
