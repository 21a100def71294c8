import { parse, YAMLParseError } from 'yaml';
import { type Cost, type PricedPiece, type PricedRow, totalOf, type Usage, type UsageRow } from '../model/usage.ts';
import { number, record, text } from './fields.ts';

/** Prices of a million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
  /** Of input that was read from a cache; what any input costs when it is not given. */
  readonly cached: number;
}

export interface PriceList {
  readonly currency: string;
  readonly models: ReadonlyMap<string, Price>;
}

/** What is wrong with a price list, as one sentence. */
export class PriceError extends Error {
  override readonly name = 'PriceError';
}

/** A price list as YAML or JSON: `{currency, models: {MODEL: {input, cached, output}}}`, or the models alone. Throws PriceError. */
export function priceList(source: string): PriceList {
  const file = record(parsed(source));
  const listed = 'models' in file && !('input' in record(file.models)) ? record(file.models) : file;
  const entries = Object.entries(listed).filter(([name]) => listed !== file || name !== 'currency');
  if (entries.length === 0)
    throw new PriceError('it names no model; write "MODEL: {input: 2.5, cached: 1.25, output: 10}", per million tokens');
  const models = new Map(entries.map(([model, entry]) => [model, priceOf(model, record(entry))] as const));
  return { currency: text(file.currency) ?? 'USD', models };
}

function parsed(source: string): unknown {
  try {
    return parse(source);
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    throw new PriceError(`it is neither YAML nor JSON: ${error.message.split('\n')[0]}`, { cause: error });
  }
}

function priceOf(model: string, entry: Readonly<Record<string, unknown>>): Price {
  const [strange] = Object.keys(entry).filter((key) => !['input', 'cached', 'output'].includes(key));
  if (strange !== undefined)
    throw new PriceError(`the price of ${JSON.stringify(model)} has "${strange}"; a price has input, cached and output`);
  const one = (key: string): number => {
    const value = number(entry[key]);
    if (value === null || value < 0)
      throw new PriceError(`the price of ${JSON.stringify(model)} needs ${key}, a number of at least 0 per million tokens`);
    return value;
  };
  const input = one('input');
  return { input, output: one('output'), cached: entry.cached === undefined ? input : one('cached') };
}

/** Rows with their costs, folded to what was asked for, and the models that have no price. */
export interface PricedUsage {
  readonly rows: readonly PricedRow[];
  readonly unknownModels: readonly { readonly model: string; readonly tokens: number }[];
}

/** Puts a price on each row by its model. Without a price list nothing costs anything, and nothing is said to cost 0. */
export function pricedUsage(usage: Usage, list: PriceList | null, model: string): PricedUsage {
  if (list === null) return { rows: usage.rows.map(unpriced), unknownModels: [] };
  const at = usage.by.indexOf(model);
  const unknown = new Map<string, number>();
  const rows = usage.rows.map((row): PricedRow => {
    const name = row.values[at] ?? '';
    // A total alone does not tell input from output, which cost differently.
    const price = usage.counted.includes('total') ? undefined : list.models.get(name);
    const cost = ({ tokens }: Pick<PricedRow, 'tokens'>): Cost =>
      price === undefined
        ? { amount: 0, unpriced: totalOf({ tokens }, usage.counted) }
        : { amount: costOf(tokens, price, usage.counted), unpriced: 0 };
    if (price === undefined) unknown.set(name, (unknown.get(name) ?? 0) + totalOf(row, usage.counted));
    return { ...row, cost: cost(row), pieces: row.pieces.map((piece) => ({ ...piece, cost: cost(piece) })) };
  });
  const unknownModels = [...unknown].map(([model, tokens]) => ({ model, tokens })).sort((a, b) => b.tokens - a.tokens);
  return { rows: usage.extra === null ? rows : folded(rows, usage), unknownModels };
}

const unpriced = (row: UsageRow): PricedRow => ({ ...row, cost: null, pieces: row.pieces.map((piece) => ({ ...piece, cost: null })) });

/**
 * `input` includes what was read from a cache, but for Anthropic behind releases up to v0.4, where it may be less; what was written to one
 * costs what input costs, and reasoning what output costs.
 */
function costOf(tokens: Readonly<Record<string, number>>, price: Price, counted: readonly string[]): number {
  const cached = counted.includes('input') ? (tokens.cached_input ?? 0) : 0;
  const each: Readonly<Record<string, number>> = {
    input: Math.max(0, (tokens.input ?? 0) - cached) * price.input + cached * price.cached,
    output: (tokens.output ?? 0) * price.output,
    cached_input: (tokens.cached_input ?? 0) * price.cached,
    cache_creation_input: (tokens.cache_creation_input ?? 0) * price.input,
    reasoning: (tokens.reasoning ?? 0) * price.output,
  };
  return counted.reduce((sum, type) => sum + (each[type] ?? 0), 0) / 1_000_000;
}

/** Without the label that was there for prices alone. */
function folded(rows: readonly PricedRow[], { counted }: Usage): readonly PricedRow[] {
  const groups = new Map<string, PricedRow>();
  for (const row of rows) {
    const values = row.values.slice(0, -1);
    const key = JSON.stringify(values);
    const known = groups.get(key);
    groups.set(key, known === undefined ? { ...row, values } : joined(known, row));
  }
  return [...groups.values()].sort((a, b) => totalOf(b, counted) - totalOf(a, counted));
}

/** Two rows as one, with the values of the first. */
export function joined(a: PricedRow, b: PricedRow): PricedRow {
  return {
    values: a.values,
    ...joinedSums(a, b),
    points: a.points.map((tokens, at) => tokens + (b.points[at] ?? 0)),
    pieces: joinedPieces(a.pieces, b.pieces),
  };
}

/** The pieces of several rows as of one. */
function joinedPieces(a: readonly PricedPiece[], b: readonly PricedPiece[]): readonly PricedPiece[] {
  const pieces = new Map(a.map((piece) => [piece.at, piece]));
  for (const piece of b) {
    const known = pieces.get(piece.at);
    pieces.set(piece.at, known === undefined ? piece : { at: piece.at, ...joinedSums(known, piece) });
  }
  return [...pieces.values()].sort((one, other) => one.at - other.at);
}

function joinedSums(a: Omit<PricedPiece, 'at'>, b: Omit<PricedPiece, 'at'>): Omit<PricedPiece, 'at'> {
  const types = [...new Set([...Object.keys(a.tokens), ...Object.keys(b.tokens)])];
  return {
    tokens: Object.fromEntries(types.map((type) => [type, (a.tokens[type] ?? 0) + (b.tokens[type] ?? 0)])),
    requests: a.requests === null ? b.requests : a.requests + (b.requests ?? 0),
    cost: joinedCost(a.cost, b.cost),
  };
}

function joinedCost(a: Cost | null, b: Cost | null): Cost | null {
  if (a === null || b === null) return a ?? b;
  return { amount: a.amount + b.amount, unpriced: a.unpriced + b.unpriced };
}
