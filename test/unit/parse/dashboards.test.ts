import { expect, it } from 'vitest';
import { dashboardQueries, ruleQueries } from '../../../src/parse/dashboards.ts';

const exprs = (dashboard: unknown): string[] => dashboardQueries(dashboard).map((query) => `${query.place}: ${query.expr}`);

it.each<[string, unknown, string[]]>([
  [
    'panels',
    { title: 'Tokens', panels: [{ title: 'A', targets: [{ expr: 'sum(x)' }, { expr: 'y', hide: true }] }] },
    ['panel "A": sum(x)'],
  ],
  ['collapsed rows', { panels: [{ type: 'row', title: 'R', panels: [{ title: 'B', targets: [{ expr: 'b' }] }] }] }, ['panel "B": b']],
  ['legacy rows', { rows: [{ panels: [{ title: 'C', targets: [{ expr: 'c' }] }] }] }, ['panel "C": c']],
  ['another data source', { panels: [{ title: 'L', datasource: { type: 'loki' }, targets: [{ expr: '{app="x"}' }] }] }, []],
  [
    'a data source variable',
    { panels: [{ title: 'D', datasource: { type: 'prometheus', uid: '${ds}' }, targets: [{ expr: 'd' }] }] },
    ['panel "D": d'],
  ],
  [
    'template variables',
    {
      templating: {
        list: [
          { name: 'u', query: { query: 'label_values(gen_ai_client_token_usage_sum{a="b"}, user_id)' } },
          { name: 'v', query: 'label_values(user_id)' },
        ],
      },
    },
    ['variables: gen_ai_client_token_usage_sum{a="b"}'],
  ],
  ['annotations', { annotations: { list: [{ name: 'n', expr: 'changes(x[5m])' }] } }, ['annotations: changes(x[5m])']],
  [
    'schema v2',
    {
      elements: {
        'panel-1': {
          kind: 'Panel',
          spec: { title: 'E', data: { spec: { queries: [{ spec: { query: { kind: 'DataQuery', spec: { expr: 'e' } } } }] } } },
        },
      },
    },
    ['panel "E": e'],
  ],
  [
    'Perses',
    {
      panels: {
        p: {
          spec: {
            display: { name: 'F' },
            queries: [{ kind: 'TimeSeriesQuery', spec: { plugin: { kind: 'PrometheusTimeSeriesQuery', spec: { query: 'sum(f)' } } } }],
          },
        },
      },
    },
    ['panel "F": sum(f)'],
  ],
  ['no dashboard', 'nonsense', []],
])('%s', (_, dashboard, expected) => expect(exprs(dashboard)).toEqual(expected));

it('survives a dashboard that is nested for ever', () => {
  let nested: unknown = { expr: 'x' };
  for (let depth = 0; depth < 10_000; depth++) nested = { nested };
  expect(exprs(nested)).toEqual([]);
});

it('reads records and alerts of rules, with numbers', () => {
  const spec = { groups: [{ name: 'g', rules: [{ record: 'r', expr: 'sum(x)' }, { alert: 'a', expr: 1 }, { alert: 'none' }] }] };
  expect(ruleQueries(spec).map((query) => `${query.kind} ${query.place}: ${query.expr}`)).toEqual([
    'record group g, record r: sum(x)',
    'alert group g, alert a: 1',
  ]);
});
