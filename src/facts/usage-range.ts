import { ReadError, type Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { matrixOf, type RangeSeries } from '../parse/matrix.ts';
import { askedOf } from './prometheus-api.ts';
import type { AskedShard } from './usage-replicas.ts';

/** The values of a query at the end of each piece of a window. */
export interface Ranged {
  /** A set of labels may stand there more than once, with other points. */
  readonly series: readonly RangeSeries[];
  /** What the server said is wrong with its answers. */
  readonly warnings: readonly string[];
}

/** Asks for the value of a query at the end of each piece. */
export async function ranged(source: Source, shard: AskedShard, query: string, window: UsageWindow): Promise<Ranged> {
  const parts = await Promise.all(spread(shard, window).map((part) => rangeOf(source, shard, query, part)));
  return { series: parts.flatMap(({ series }) => series), warnings: parts.flatMap(({ warnings }) => warnings) };
}

interface Range {
  readonly first: number;
  readonly end: number;
  readonly step: number;
}

/**
 * VictoriaMetrics repeats an earlier value for points of the last half minute when they are less than a minute apart (-search.latencyOffset,
 * -search.maxStepForPointsAdjustment: app/vmselect/prometheus, adjustLastPoints), so that it is asked for every few pieces, several times.
 */
const unadjusted = 60;

function spread({ build }: AskedShard, { start, end, step }: UsageWindow): readonly Range[] {
  const times = build.product === 'victoriametrics' ? Math.ceil(unadjusted / step) : 1;
  const pieces = Math.max(1, Math.round((end - start) / step));
  return Array.from({ length: Math.min(times, pieces) }, (_, at) => ({ first: start + step * (at + 1), end, step: step * times }));
}

async function rangeOf(source: Source, shard: AskedShard, query: string, { first, end, step }: Range): Promise<Ranged> {
  const path = '/api/v1/query_range';
  const asked = [
    ['query', shard.build.product === 'victoriametrics' ? inMetricsQl(query) : query],
    ['start', String(first)],
    ['end', String(end)],
    ['step', String(step)],
    // VictoriaMetrics moves the ends of a window to multiples of the step unless told so; others ignore it.
    ['nocache', '1'],
    ...(shard.parameters ?? []),
  ] as const;
  const { data, warnings } = await askedOf(source, shard, path, asked).catch(tooMuch);
  return { series: matrixOf(data, `GET ${path} of ${shard.name}`), warnings };
}

/**
 * VictoriaMetrics knows no quoted names of labels, but escapes in bare ones: docs.victoriametrics.com/metricsql. Quoted values, after an operator, stay,
 * and so do the texts of a label_replace without a source.
 */
export function inMetricsQl(query: string): string {
  return query.replace(
    /(, "\w+", "\w+", "", ""\))|([=~]\s*)?"((?:[^"\\]|\\.)*)"/g,
    (whole, texts: string | undefined, operator: string | undefined, name: string | undefined) =>
      texts === undefined && operator === undefined && name !== undefined ? name.replace(/[^\w\\]/g, '\\$&').replace(/^\d/, '\\$&') : whole,
  );
}

/** What a store says of its own limits, with what to do about them. */
export function tooMuch(error: unknown): never {
  if (!(error instanceof ReadError)) throw error;
  const limited = /too many samples|max-samples|exceeds|limit|timed out|timeout|context (deadline|canceled)/i.test(error.message);
  if (!limited || error.message.includes('--since')) throw error;
  const message = `${error.message}; a shorter --since, or --where, asks for less`;
  throw new ReadError(error.reason, error.what, message, { cause: error, ...(error.needs === null ? {} : { needs: error.needs }) });
}
