import { type PricedRow, totalOf, type UsageReport } from '../model/usage.ts';

export type Shown = NonNullable<UsageReport['usage']>;

/** What stands for a label that a row has not. */
export const none = '(none)';

/** A whole number with its thousands apart: "1,234,567". Tokens that Prometheus estimated have fractions. */
export function grouped(tokens: number): string {
  return Math.round(tokens)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** "12.3%"; what is not nothing is never shown as 0.0%. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '';
  const share = (100 * part) / whole;
  return share > 0 && share < 0.05 ? '<0.1%' : `${share.toFixed(1)}%`;
}

/** An amount of money: two decimals, or four where two would show nothing. */
export function money(amount: number): string {
  const decimals = amount !== 0 && Math.abs(amount) < 0.1 ? 4 : 2;
  const [whole = '0', fraction = ''] = amount.toFixed(decimals).split('.');
  return `${grouped(Number(whole))}.${fraction}`;
}

/** Instants to the second, in UTC. */
export function instant(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The parts of a total that are shown beside it and never added: what each type is called in a column. */
export const partColumns: readonly (readonly [type: string, title: string])[] = [
  ['cached_input', 'cached'],
  ['cache_creation_input', 'cache write'],
  ['reasoning', 'reasoning'],
];

/** The parts that any row has. */
export function partsIn({ rows, counted }: Shown): typeof partColumns {
  return partColumns.filter(([type]) => !counted.includes(type) && rows.some(({ tokens }) => type in tokens));
}

export interface Totals {
  readonly tokens: number;
  readonly byType: Readonly<Record<string, number>>;
  readonly requests: number | null;
  readonly cost: PricedRow['cost'];
}

type Amounts = Pick<PricedRow, 'tokens' | 'requests' | 'cost'>;

/** What all rows come to. */
export function totals(rows: readonly Amounts[], counted: readonly string[]): Totals {
  const types = [...new Set(rows.flatMap(({ tokens }) => Object.keys(tokens)))];
  const sum = (of: (row: Amounts) => number): number => rows.reduce((all, row) => all + of(row), 0);
  return {
    tokens: sum((row) => totalOf(row, counted)),
    byType: Object.fromEntries(types.map((type) => [type, sum(({ tokens }) => tokens[type] ?? 0)])),
    requests: rows.some(({ requests }) => requests !== null) ? sum(({ requests }) => requests ?? 0) : null,
    cost: rows.some(({ cost }) => cost !== null)
      ? { amount: sum(({ cost }) => cost?.amount ?? 0), unpriced: sum(({ cost }) => cost?.unpriced ?? 0) }
      : null,
  };
}

/** The first rows, and the others as one. */
export function topRows(
  { rows, counted }: Shown,
  top: number | null,
): { readonly first: readonly PricedRow[]; readonly rest: Totals | null; readonly others: number } {
  const first = top === null ? rows : rows.slice(0, top);
  const others = rows.length - first.length;
  return { first, rest: others === 0 ? null : totals(rows.slice(first.length), counted), others };
}

/** Share of the tokens that stand under no value of a label, for each label that some lack. */
function withoutIdentity({ rows, by, counted }: Shown): readonly string[] {
  const all = totals(rows, counted).tokens;
  return by.flatMap((label, at) => {
    const lost = totals(
      rows.filter(({ values }) => values[at] === ''),
      counted,
    ).tokens;
    return lost > 0 ? [`${percent(lost, all)} of the tokens have no ${label}`] : [];
  });
}

/** Everything that is to be said below the numbers, in order. */
export function remarks({ usage, prices, trust }: UsageReport): readonly string[] {
  if (usage === null) return [];
  const doubt =
    usage.unsure > 0
      ? [
          `up to ${grouped(usage.unsure)} tokens more: counters were first seen at that value, and Prometheus cannot tell whether it grew in this window`,
        ]
      : [];
  const missing = (prices?.unknownModels ?? []).map(
    ({ model, tokens }) => `no price for model ${model === '' ? none : model}: ${grouped(tokens)} tokens are not in the cost`,
  );
  const untyped = totals(usage.rows, ['untyped']).tokens;
  const mixed =
    untyped > 0 ? [`${grouped(untyped)} tokens are stored without their type, so that parts cannot be told from totals: not added`] : [];
  const unread = usage.unread.map(({ message }) => `not read: ${message}; its tokens are missing`);
  return [...unread, ...withoutIdentity(usage), ...mixed, ...doubt, ...missing, ...usage.notes, ...trustLines(trust)];
}

/** How far the numbers can be trusted. */
export function trustLines(trust: UsageReport['trust']): readonly string[] {
  if (trust === null) return [];
  const { judged, failing, unknown } = trust;
  const blind = unknown.length === 0 ? '' : `, ${unknown.length} could not look (${unknown.join(', ')})`;
  if (failing.length === 0)
    return [`trust: ${judged - unknown.length} of ${judged} checks that bear on these numbers pass or do not apply${blind}`];
  const head = `trust: ${failing.length} of ${judged} checks that bear on these numbers ${failing.length === 1 ? 'fails' : 'fail'}${blind}`;
  return [head, ...failing.map(({ id, message, effect }) => `${id}: ${message}; ${effect}`)];
}

/** From where and since when. */
export function provenance({ from, window, since }: Shown): string {
  if (window !== null) return `${from}, ${instant(window.start)} to ${instant(window.end)}`;
  if (since === null) return `${from}, since each began`;
  return since.oldest === since.newest ? `${from}, since ${since.oldest}` : `${from}, since each began: ${since.oldest} to ${since.newest}`;
}
