import { ReadError } from '../model/source.ts';
import { list, record, records, strings, text } from './fields.ts';

/** One series of a range query. */
export interface RangeSeries {
  readonly labels: Readonly<Record<string, string>>;
  /** Seconds since 1970, and the value there. */
  readonly points: readonly (readonly [seconds: number, value: number])[];
}

/** A matrix, as /api/v1/query_range answers it. Throws ReadError for anything else. Points that are no numbers are left out. */
export function matrixOf(data: unknown, what: string): readonly RangeSeries[] {
  const { resultType, result } = record(data);
  if (resultType !== 'matrix' || !Array.isArray(result)) throw new ReadError('malformed', what, `${what} answered no matrix`);
  return records(result).map(({ metric, values }) => ({ labels: strings(metric), points: list(values).flatMap(pointOf) }));
}

function pointOf(value: unknown): readonly (readonly [number, number])[] {
  const [seconds, written] = list(value);
  const number = Number(text(written) ?? Number.NaN);
  return typeof seconds === 'number' && Number.isFinite(number) ? [[seconds, number]] : [];
}
