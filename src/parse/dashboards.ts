import { list, record, records, text } from './fields.ts';

/** One query of a dashboard or a rule, and where it stands. */
export interface PlacedQuery {
  /** For a person: 'panel "Tokens per namespace"', 'rule group tokens, record tenant:tokens:rate5m'. */
  readonly place: string;
  readonly expr: string;
  /** A dashboard's variables must be replaced before it parses; a rule has none. */
  readonly variables: boolean;
  /** How often it is looked at: a recording rule or alert breaks more than a panel. */
  readonly kind: 'panel' | 'variable' | 'annotation' | 'record' | 'alert';
}

const maxDepth = 40;

/**
 * The PromQL queries of a Grafana dashboard in any schema (rows of panels, legacy rows, v2 elements), of Alauda's MonitorDashboard body, which is a Grafana dashboard,
 * and of a Perses one: every object with an `expr`, or a `query` beside a Prometheus data source. Hidden queries are left out, others of other data sources too.
 */
export function dashboardQueries(dashboard: unknown): readonly PlacedQuery[] {
  const found: PlacedQuery[] = [];
  walk(dashboard, { place: 'dashboard', kind: 'panel', foreign: false }, 0, found);
  return found;
}

interface Context {
  readonly place: string;
  readonly kind: PlacedQuery['kind'];
  /** Inside something that asks another data source. */
  readonly foreign: boolean;
}

function walk(value: unknown, context: Context, depth: number, found: PlacedQuery[]): void {
  if (depth > maxDepth) return;
  for (const item of list(value)) walk(item, context, depth + 1, found);
  const fields = record(value);
  if (fields.hide === true) return;
  const inner = placed(fields, context);
  const expr = exprOf(fields, inner);
  if (expr !== null) found.push({ place: inner.place, expr, variables: true, kind: inner.kind });
  for (const [key, child] of Object.entries(fields)) {
    // A variable's `query: {query}` was read with the variable itself.
    const read = key === 'query' && expr !== null;
    if (!read && typeof child === 'object' && child !== null) walk(child, named(key, inner), depth + 1, found);
  }
}

function placed(fields: Readonly<Record<string, unknown>>, context: Context): Context {
  const title = text(fields.title) ?? text(record(fields.display).name);
  const isPanel =
    title !== null &&
    ('targets' in fields || 'panels' in fields || 'gridPos' in fields || 'queries' in fields || 'plugin' in fields || 'data' in fields);
  return { ...context, place: isPanel && title !== '' ? `panel "${title}"` : context.place, foreign: context.foreign || foreign(fields) };
}

/** A data source of another type: Loki's queries have an `expr` too. */
function foreign(fields: Readonly<Record<string, unknown>>): boolean {
  const type = text(record(fields.datasource).type);
  const plugin = text(fields.kind);
  if (type !== null && type !== '') return !/prometheus|mimir|victoria/i.test(type) && type !== 'datasource' && !type.startsWith('$');
  return plugin !== null && /^(Loki|Tempo|Pyroscope|SQL|ClickHouse)/i.test(plugin);
}

function named(key: string, context: Context): Context {
  if (key === 'templating' || key === 'variables') return { ...context, place: 'variables', kind: 'variable' };
  if (key === 'annotations') return { ...context, place: 'annotations', kind: 'annotation' };
  return context;
}

function exprOf(fields: Readonly<Record<string, unknown>>, context: Context): string | null {
  if (context.foreign) return null;
  const expr = text(fields.expr);
  if (expr !== null && expr.trim() !== '') return expr;
  const query = text(fields.query) ?? text(record(fields.query).query);
  if (query === null) return null;
  if (context.kind === 'variable') return variableQuery(query);
  // Perses: spec.plugin{kind: PrometheusTimeSeriesQuery}.spec.query; Grafana v2: spec.query.spec.expr is met as `expr`.
  return 'query' in fields && Object.keys(fields).length <= 6 && looksLikePromql(query) ? query : null;
}

/** label_values(SELECTOR, label) and query_result(EXPR): the parts that are PromQL. https://grafana.com/docs/grafana/latest/datasources/prometheus/template-variables/ */
function variableQuery(query: string): string | null {
  const values = argumentOf('label_values', query) ?? '';
  // a label alone is looked up in no selector
  const selector = values.slice(0, Math.max(0, values.lastIndexOf(','))).trim();
  return selector || argumentOf('query_result', query) || null;
}

/** What stands between the parentheses of a call; null: it is no such call. */
function argumentOf(name: string, query: string): string | null {
  const call = query.trim();
  return call.startsWith(`${name}(`) && call.endsWith(')') ? call.slice(name.length + 1, -1).trim() : null;
}

function looksLikePromql(query: string): boolean {
  return /[a-zA-Z0-9_:]\s*[({[]|^\{/.test(query.trim());
}

/** The queries of a PrometheusRule or VMRule spec. */
export function ruleQueries(spec: unknown): readonly PlacedQuery[] {
  return records(record(spec).groups).flatMap((group) => records(group.rules).flatMap((rule) => ruleQuery(text(group.name) ?? '', rule)));
}

function ruleQuery(group: string, rule: Readonly<Record<string, unknown>>): readonly PlacedQuery[] {
  // An int-or-string in the CRD: `expr: 1`.
  const expr = typeof rule.expr === 'number' ? String(rule.expr) : text(rule.expr);
  if (expr === null) return [];
  const recorded = text(rule.record);
  const name = recorded ?? text(rule.alert) ?? '';
  const kind = recorded === null ? 'alert' : 'record';
  return [{ place: `group ${group}, ${kind} ${name}`, expr, variables: false, kind }];
}
