import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { queryChecks } from '../../../src/checks/queries.ts';
import { gather } from '../../../src/engine/gather.ts';
import type { Verdict } from '../../../src/model/check.ts';
import type { KubeObject } from '../../../src/model/source.ts';
import { pipesOf } from '../../../src/parse/changes.ts';
import { queryShape } from '../../../src/parse/promql.ts';
import { type Answer, type Memory, memorySource } from '../memory-source.ts';
import { healthyObjects, healthyPrometheus, nounsOf, options, prometheusAt, prometheusEndpoints, proxies } from './world.ts';

type Series = Readonly<Record<string, string>>;

/** Two tenants with input, output and cached tokens, as v0.4 and v0.5 are stored by Prometheus 3. */
function stored(name: string, label: (attribute: string) => string): readonly (readonly [Series, number])[] {
  return ['team-a', 'team-b'].flatMap((team) =>
    (
      [
        ['input', 100],
        ['output', 50],
        ['cached_input', 30],
      ] as const
    ).map(
      ([type, value]) =>
        [
          { __name__: name, user_namespace: team, [label('gen_ai.token.type')]: type, [label('gen_ai.request.model')]: 'gpt-4o' },
          value,
        ] as const,
    ),
  );
}

const dotted = stored('gen_ai.client.token.usage_token_sum', (attribute) => attribute);
const underscored = stored('gen_ai_client_token_usage_sum', (attribute) => attribute.replaceAll('.', '_'));

/** count(SELECTOR) and sum(SELECTOR) over a handful of series: enough of PromQL for the questions that are asked. */
function evaluated(query: string, series: readonly (readonly [Series, number])[]): number | null {
  const [selector] = queryShape(query).selectors;
  const found = series.filter(([labels]) =>
    (selector?.matchers ?? []).every(({ label, op, value }) => {
      const own = labels[label] ?? '';
      const hit = op.includes('~') ? new RegExp(`^(?:${value})$`).test(own) : own === value;
      return op.startsWith('!') ? !hit : hit;
    }),
  );
  if (found.length === 0) return null;
  return query.startsWith('sum(') ? found.reduce((sum, [, value]) => sum + value, 0) : found.length;
}

const ok = (data: unknown): Answer => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ status: 'success', data }),
});

async function judged(
  objects: readonly KubeObject[],
  series: readonly (readonly [Series, number])[],
  version = '3.5.0',
): Promise<Record<string, Verdict>> {
  const name = series[0]?.[0].__name__ ?? '';
  const base = prometheusEndpoints(prometheusAt, { ...healthyPrometheus, version, names: { [name]: series.length } });
  const endpoints = {
    ...base,
    [`${prometheusAt}/api/v1/labels`]: ok([...new Set(series.flatMap(([labels]) => Object.keys(labels)))]),
    [`${prometheusAt}/api/v1/query`]: (request: { readonly query?: readonly (readonly [string, string])[] }) => {
      const query = request.query?.find(([key]) => key === 'query')?.[1] ?? '';
      if (/^count by|^time\(\)|max without|avg without/.test(query))
        return (base[`${prometheusAt}/api/v1/query`] as (asked: unknown) => Answer)(request);
      const value = evaluated(query, series);
      return ok({ resultType: 'vector', result: value === null ? [] : [{ metric: {}, value: [0, String(value)] }] });
    },
  } satisfies NonNullable<Memory['endpoints']>;
  const { reader } = gather(memorySource({ objects: [...proxies, ...healthyObjects, ...objects], endpoints }), options);
  const nouns = {
    ...nounsOf({ identity: [] }),
    family: {
      ...nounsOf({}).family,
      sumPattern: 'gen_ai[._]client[._]token[._]usage([._]token)?_sum',
      spellings: ['gen_ai_client_token_usage_sum', 'gen_ai.client.token.usage_token_sum'],
      total: { label: 'gen_ai_token_type', attribute: 'gen_ai.token.type', values: ['input', 'output'] },
    },
  };
  const checks = queryChecks(nouns, {
    empty: 'empty',
    collapsed: 'collapsed',
    overcounted: 'overcounted',
    tooNew: 'too-new',
    silent: [],
    identity: [],
  });
  return Object.fromEntries(await Promise.all(checks.map(async (check) => [check.id, await check.examine(reader)] as const)));
}

const panels = (...exprs: string[]): unknown => ({
  title: 'Tokens',
  panels: exprs.map((expr, index) => ({ title: `P${index}`, targets: [{ expr }] })),
});
const object = (apiVersion: string, kind: string, fields: Record<string, unknown>, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name: 'tokens', namespace: 'monitoring', labels },
  ...fields,
});
const configMap = (...exprs: string[]): KubeObject =>
  object('v1', 'ConfigMap', { data: { 'tokens.json': JSON.stringify(panels(...exprs)) } }, { grafana_dashboard: '1' });

/** Ids that fail, with what is said and what to write instead. */
const said = (verdicts: Record<string, Verdict>): string[] =>
  Object.entries(verdicts).flatMap(([id, verdict]) =>
    verdict.status === 'fail'
      ? verdict.findings.map(({ message, remedy }) => `${id}: ${message} → ${remedy?.text ?? ''}`)
      : verdict.status === 'unknown'
        ? [`${id}: unknown`]
        : [],
  );

// The three queries of the guide that many deployments copied.
const guide = [
  'sum by (user_namespace) (\n  increase({__name__="gen_ai.client.token.usage_token_sum"}[1h])\n)',
  'topk(5,\n  sum by ("gen_ai.request.model") (\n    increase({__name__="gen_ai.client.token.usage_token_sum"}[24h])\n  )\n)',
  'sum by (user_namespace) (\n  increase({__name__="gen_ai.client.token.usage_token_sum", "gen_ai.token.type"="output"}[1h])\n)',
];

describe('the guide’s own queries', () => {
  it('count cached tokens twice where they find something', async () => {
    const lines = said(await judged([configMap(...guide)], dotted));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe(
      'overcounted: panel "P0": it sums token types that contain one another: 1.20 × the tokens on this cluster → take only input and output: sum by (user_namespace) (\n  increase({__name__="gen_ai.client.token.usage_token_sum","gen_ai.token.type"=~"input|output"}[1h])\n)',
    );
    expect(lines[1]).toContain('panel "P1"');
  });

  it('find nothing from v0.5 on, and are told what would', async () => {
    const lines = said(await judged([configMap(...guide)], underscored));
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe(
      'empty: panel "P2": gen_ai.client.token.usage_token_sum is not stored here; gen_ai_client_token_usage_sum is → write it so, which finds 2 series: sum by (user_namespace) (\n  increase(gen_ai_client_token_usage_sum{gen_ai_token_type="output"}[1h])\n)',
    );
    expect(lines[1]).toContain('sum by (gen_ai_request_model)');
  });

  it.each([
    ['a name', 'sum(increase({"gen_ai_client_token_usage_sum"}[1h]))', 'sum(increase(gen_ai_client_token_usage_sum[1h]))'],
    [
      'a name beside matchers, and a label that it groups by',
      'sum by ("gen_ai_token_type") (rate({"gen_ai_client_token_usage_sum","gen_ai_token_type"=~"input|output"}[1h]))',
      null,
    ],
    [
      'a name beside matchers, and a label in another spelling',
      'sum by ("gen_ai.token.type") (rate({"gen_ai_client_token_usage_sum",gen_ai_token_type=~"input|output"}[1h]))',
      'sum by (gen_ai_token_type) (rate(gen_ai_client_token_usage_sum{gen_ai_token_type=~"input|output"}[1h]))',
    ],
  ])('are written without quotes for a Prometheus that parses none: %s', async (_, query, better) => {
    const verdict = (await judged([configMap(query)], underscored, '2.45.0'))['too-new'];
    const texts = verdict?.status === 'fail' ? verdict.findings.map(({ remedy }) => remedy?.text) : [];
    expect(texts).toEqual([`write it with the names that this Prometheus stores${better === null ? '' : `: ${better}`}`]);
  });

  it.each([
    ['stored under another name', guide[2] ?? '', ['query ConfigMap monitoring/tokens, tokens.json']],
    ['stored under no name', 'sum(gen_ai_client_token_usage_sum{team="nobody"})', undefined],
  ])('are a fault of their own where the series are %s', async (_, query, about) => {
    const { empty } = await judged([configMap(query)], underscored);
    expect(empty?.status === 'fail' ? empty.findings.map((finding) => finding.about) : empty).toEqual([about]);
  });

  it('do not parse on Prometheus 2', async () => {
    const lines = said(await judged([configMap(...guide)], underscored, '2.42.0'));
    expect(lines.map((line) => line.slice(0, 24))).toEqual([
      'empty: panel "P0": gen_a',
      'too-new: panel "P1": it ',
      'too-new: panel "P2": it ',
    ]);
  });
});

const total = 'gen_ai_token_type=~"input|output"';

describe('one query', () => {
  it.each<[string, string, RegExp | null]>([
    ['sound', `sum by (user_namespace) (increase(gen_ai_client_token_usage_sum{${total}}[$__range]))`, null],
    ['one type', 'sum(rate(gen_ai_client_token_usage_sum{gen_ai_token_type="cached_input"}[5m]))', null],
    ['types kept apart', 'sum by (gen_ai_token_type) (rate(gen_ai_client_token_usage_sum[5m]))', null],
    ['a variable for the type', 'sum(rate(gen_ai_client_token_usage_sum{gen_ai_token_type=~"$type"}[5m]))', null],
    ['a variable for the group', `sum by ($group) (rate(gen_ai_client_token_usage_sum{${total}}[5m]))`, null],
    [
      'a matcher that empties it',
      `sum(rate(gen_ai_client_token_usage_sum{job="old",${total}}[5m]))`,
      /^empty: .*no series of gen_ai_client_token_usage_sum has job="old"/,
    ],
    [
      'a label that is not there',
      `sum by (department) (rate(gen_ai_client_token_usage_sum{${total}}[5m]))`,
      /^collapsed: .*groups by department, which no series/,
    ],
    [
      'a label that is stored without a name behind it',
      `sum by (user_namespace_name) (rate(gen_ai_client_token_usage_sum{${total}}[5m]))`,
      /^collapsed: .*→ group by the label as it is stored: sum by \(user_namespace\)/,
    ],
    [
      'a label in another spelling',
      `sum by ("gen_ai.request.model") (rate(gen_ai_client_token_usage_sum{${total}}[5m]))`,
      /^collapsed: .*sum by \(gen_ai_request_model\)/,
    ],
    [
      'a label that the query makes',
      `sum by (team) (label_replace(rate(gen_ai_client_token_usage_sum{${total}}[5m]), "team", "$1", "user_namespace", "(.*)"))`,
      null,
    ],
    [
      'a raw sum',
      `sum by (user_namespace) (gen_ai_client_token_usage_sum{${total}})`,
      /^overcounted: .*sums counters as they are.*increase\(gen_ai_client_token_usage_sum\{gen_ai_token_type=~"input\|output"\}\[\$__range\]\)/,
    ],
    ['a name by pattern', `sum(increase({__name__=~"gen_ai[._]client[._]token[._]usage(_token)?_sum",${total}}[1h]))`, null],
    ['absent() is meant to find nothing', 'absent(gen_ai_client_token_usage_sum{job="old"})', null],
    ['another metric', 'sum(rate(http_requests_total[5m]))', null],
  ])('%s', async (_, expr, expected) => {
    const lines = said(await judged([configMap(expr)], underscored));
    if (expected === null) expect(lines).toEqual([]);
    else expect(lines.join('\n')).toMatch(expected);
  });
});

const old = 'sum(rate(gen_ai_client_token_usage_token_sum[5m]))';

describe('wherever queries live', () => {
  it.each<[string, KubeObject]>([
    ['a ConfigMap of the sidecar', configMap(old)],
    [
      'GrafanaDashboard json',
      object('grafana.integreatly.org/v1beta1', 'GrafanaDashboard', { spec: { json: JSON.stringify(panels(old)) } }),
    ],
    [
      'GrafanaDashboard gzipJson',
      object('grafana.integreatly.org/v1beta1', 'GrafanaDashboard', {
        spec: { gzipJson: gzipSync(JSON.stringify(panels(old))).toString('base64') },
      }),
    ],
    ['MonitorDashboard', object('ait.alauda.io/v1alpha2', 'MonitorDashboard', { spec: { body: panels(old) } })],
    [
      'PersesDashboard v1alpha2',
      object('perses.dev/v1alpha2', 'PersesDashboard', {
        spec: {
          config: {
            panels: { p: { spec: { queries: [{ spec: { plugin: { kind: 'PrometheusTimeSeriesQuery', spec: { query: old } } } }] } } },
          },
        },
      }),
    ],
    [
      'PersesDashboard v1alpha1',
      object('perses.dev/v1alpha1', 'PersesDashboard', {
        spec: { panels: { p: { spec: { queries: [{ spec: { plugin: { kind: 'PrometheusTimeSeriesQuery', spec: { query: old } } } }] } } } },
      }),
    ],
    [
      'PrometheusRule',
      object('monitoring.coreos.com/v1', 'PrometheusRule', { spec: { groups: [{ name: 'g', rules: [{ record: 'r', expr: old }] }] } }),
    ],
    [
      'VMRule',
      object('operator.victoriametrics.com/v1beta1', 'VMRule', { spec: { groups: [{ name: 'g', rules: [{ alert: 'a', expr: old }] }] } }),
    ],
  ])('%s', async (_, holder) => {
    expect(said(await judged([holder], underscored)).join('\n')).toMatch(
      /^empty: .*gen_ai_client_token_usage_token_sum is not stored here/,
    );
  });

  it('a ConfigMap that a GrafanaDashboard refers to', async () => {
    const map = { ...configMap(old), metadata: { name: 'boards', namespace: 'monitoring' } };
    const dashboard = object('grafana.integreatly.org/v1beta1', 'GrafanaDashboard', {
      spec: { configMapRef: { name: 'boards', key: 'tokens.json' } },
    });
    expect(said(await judged([map, dashboard], underscored)).join('\n')).toMatch(
      /^empty: .*gen_ai_client_token_usage_token_sum is not stored here/,
    );
  });

  it.each<[string, KubeObject]>([
    ['a ConfigMap without the label', { ...configMap(old), metadata: { name: 'tokens', namespace: 'monitoring' } }],
    ['broken JSON', object('v1', 'ConfigMap', { data: { 'a.json': '{' } }, { grafana_dashboard: '1' })],
    ['broken gzip', object('grafana.integreatly.org/v1beta1', 'GrafanaDashboard', { spec: { gzipJson: 'AAAA' } })],
  ])('%s is no dashboard', async (_, holder) => expect(said(await judged([holder], underscored))).toEqual([]));
});

describe('only input and output', () => {
  it.each([
    ['{"gen_ai.client.token.usage_token_sum"}', '{"gen_ai.client.token.usage_token_sum","gen_ai.token.type"=~"input|output"}'],
    [
      '{__name__="gen_ai.client.token.usage_token_sum"}',
      '{__name__="gen_ai.client.token.usage_token_sum","gen_ai.token.type"=~"input|output"}',
    ],
  ])('are selected by %s with one matcher more', async (selector, better) => {
    const of = (each: string): string => `sum by (user_namespace) (increase(${each}[5m]))`;
    const [line = ''] = said(await judged([configMap(of(selector))], dotted));
    expect(line).toContain(`→ take only input and output: ${of(better)}`);
  });

  it.each(['gen_ai_client_token_usage_sum', 'gen_ai_client_token_usage_sum{}'])('are selected by %s', async (selector) => {
    const [line = ''] = said(await judged([configMap(`sum by (user_namespace) (increase(${selector}[5m]))`)], underscored));
    expect(line).toContain('(increase(gen_ai_client_token_usage_sum{gen_ai_token_type=~"input|output"}[5m]))');
  });
});

describe('what to change', () => {
  const old = 'sum by (user_namespace) (\n  increase(gen_ai_client_token_usage_token_sum{gen_ai_token_type=~"input|output"}[1h]))';
  const better = old.replace('_token_sum', '_sum');
  const remedyOf = async (held: KubeObject) => {
    const { empty } = await judged([held], underscored);
    return empty?.status === 'fail' ? empty.findings[0]?.remedy : undefined;
  };

  it('is a patch of the field, where the query is one', async () => {
    const rule = object('monitoring.coreos.com/v1', 'PrometheusRule', {
      spec: {
        groups: [
          { name: 'a', rules: [] },
          {
            name: 'tokens',
            rules: [
              { record: 'x', expr: 'up' },
              { record: 'y', expr: old },
            ],
          },
        ],
      },
    });
    expect((await remedyOf(rule))?.patch).toEqual([
      { op: 'test', path: '/spec/groups/1/rules/1/expr', value: old },
      { op: 'replace', path: '/spec/groups/1/rules/1/expr', value: better },
    ]);
  });

  it.each([
    ['a ConfigMap', configMap(old), 'configmap tokens', '.["data"]["tokens.json"]'],
    [
      'a GrafanaDashboard',
      object('grafana.integreatly.org/v1beta1', 'GrafanaDashboard', { spec: { json: JSON.stringify(panels(old)) } }),
      'grafanadashboard tokens',
      '.["spec"]["json"]',
    ],
  ])('is the text where it stands, in %s', async (_, held, name, field) => {
    const pipes = pipesOf((await remedyOf(held))?.command ?? '');
    expect(pipes).toEqual([
      [
        ['kubectl', '-n', 'monitoring', 'get', ...name.split(' '), '-o', 'json'],
        [
          'jq',
          '--argjson',
          'old',
          JSON.stringify(old),
          '--argjson',
          'new',
          JSON.stringify(better),
          `${field} |= (fromjson | walk(if . == $old then $new else . end) | tojson)`,
        ],
        ['kubectl', 'replace', '-f', '-'],
      ],
    ]);
  });
});
