import { largestFirst } from '../facts/usage-rows.ts';
import type { Reader } from '../model/fact.ts';
import { ReadError } from '../model/source.ts';
import type { Usage, UsageAnswer, UsageQuestion, UsageRow, UsageSource, UsageWindow } from '../model/usage.ts';
import { takesValue } from '../parse/matcher.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import { windowOf } from './usage-window.ts';

/** The window of which a bundle keeps the usage: the one that usage looks at by default. */
const recordedSince = '24h';

/** What collect asks for usage: every label that usage groups by on its own, and the model, so that other questions are answered from the rows. */
export function recordedQuestion(now: Date): UsageQuestion {
  const window = windowOf({ since: recordedSince }, now.getTime() / 1000);
  return { by: null, window, apart: false, coarse: 'kept', where: [], types: null, requests: true, priced: true };
}

/** The answer to a question from what collect recorded. Throws ReadError `unrecorded` for what its rows do not tell. */
export async function recordedUsage(source: UsageSource, reader: Reader, question: UsageQuestion): Promise<UsageAnswer> {
  const recorded = recordedQuestion(reader.source.now);
  const { window } = recorded;
  const same = window.start === question.window.start && window.end === question.window.end;
  if (!same) throw notRecorded(`collected with --since ${recordedSince}, until it was made`);
  const answer = await source.stored(reader, { ...recorded, types: question.types, apart: question.apart }).catch(unrecorded);
  if (answer.status !== 'read') return answer;
  const whole = { ...window, step: window.end - window.start };
  const shown = question.coarse === 'unseen' ? whole : question.apart ? question.window : null;
  return narrowed(shown === null ? answer.usage : inSteps(answer.usage, shown), question, source.model);
}

/** Usage whose pieces are those of --step, or the whole window: several recorded ones each. */
function inSteps(usage: Usage, window: UsageWindow): Usage {
  const { step } = usage.window ?? window;
  const several = window.step / step;
  if (!Number.isInteger(several)) throw notRecorded(`collected with --since ${recordedSince} in pieces of ${step / 60}m`);
  return { ...usage, window, rows: usage.rows.map((row) => joined(row, several)) };
}

function joined(row: UsageRow, several: number): UsageRow {
  const points = Array.from({ length: Math.ceil(row.points.length / several) }, (_, at) =>
    row.points.slice(at * several, (at + 1) * several).reduce((sum, point) => sum + point, 0),
  );
  const pieces = row.pieces.reduce<UsageRow['pieces']>(
    (sums, piece) => piecesOf(sums, [{ ...piece, at: Math.floor(piece.at / several) }]),
    [],
  );
  return { ...row, points, pieces };
}

function notRecorded(why: string): ReadError {
  return new ReadError('unrecorded', 'usage', `not in the bundle: ${why}`);
}

/** A bundle of an older version, or one whose Prometheus was asked nothing. */
function unrecorded(error: unknown): never {
  if (error instanceof ReadError && error.reason === 'unrecorded' && error.message.endsWith('is not in the recording'))
    throw notRecorded('collected without usage');
  throw error;
}

/** The recorded rows that are selected, added up by what is asked for. */
function narrowed(usage: Usage, question: UsageQuestion, model: string): UsageAnswer {
  const own = question.by ?? (usage.extra === null ? usage.by : usage.by.slice(0, -1));
  const extra = question.priced && !own.some((label) => normaliseLabel(label) === normaliseLabel(model)) ? model : null;
  const by = extra === null ? own : [...own, extra];
  const at = (label: string): number => placeOf(label, usage.by);
  const places = by.map(at);
  const tests = question.where.map((match) => ({ match, place: at(match.label) }));
  const rows = usage.rows.filter(({ values }) => tests.every(({ match, place }) => takesValue(match, values[place] ?? '')));
  if (rows.length === 0 && usage.rows.length > 0) return { status: 'nothing', why: `${usage.from} stores no tokens that --where selects` };
  const doubt = tests.length > 0 && usage.unsure > 0 ? ['which of the doubtful tokens --where selects is not in the bundle'] : [];
  const sums = summed(rows, places).map((row) => (question.requests ? row : withoutRequests(row)));
  return {
    status: 'read',
    usage: { ...usage, by, extra, rows: sums.toSorted(largestFirst(usage.counted)), notes: [...usage.notes, ...doubt] },
  };
}

function placeOf(label: string, by: readonly string[]): number {
  const place = by.findIndex((each) => normaliseLabel(each) === normaliseLabel(label));
  if (place < 0) throw notRecorded(`collected with --since ${recordedSince} by ${by.join(', ')}`);
  return place;
}

function withoutRequests(row: UsageRow): UsageRow {
  return { ...row, requests: null, pieces: row.pieces.map((piece) => ({ ...piece, requests: null })) };
}

function summed(rows: readonly UsageRow[], places: readonly number[]): readonly UsageRow[] {
  const sums = new Map<string, UsageRow>();
  for (const row of rows) {
    const values = places.map((place) => row.values[place] ?? '');
    const key = JSON.stringify(values);
    const before = sums.get(key);
    sums.set(key, before === undefined ? { ...row, values } : added(before, row));
  }
  return [...sums.values()];
}

function added(left: UsageRow, right: UsageRow): UsageRow {
  return {
    values: left.values,
    ...amountsOf(left, right),
    points: left.points.map((point, at) => point + (right.points[at] ?? 0)),
    pieces: piecesOf(left.pieces, right.pieces),
  };
}

type Amounts = Pick<UsageRow, 'tokens' | 'requests'>;

function amountsOf(left: Amounts, right: Amounts): Amounts {
  const types = new Set([...Object.keys(left.tokens), ...Object.keys(right.tokens)]);
  return {
    tokens: Object.fromEntries([...types].map((type) => [type, (left.tokens[type] ?? 0) + (right.tokens[type] ?? 0)])),
    requests: left.requests === null ? null : left.requests + (right.requests ?? 0),
  };
}

function piecesOf(left: UsageRow['pieces'], right: UsageRow['pieces']): UsageRow['pieces'] {
  const sums = new Map(left.map((piece) => [piece.at, piece]));
  for (const piece of right) {
    const before = sums.get(piece.at);
    sums.set(piece.at, before === undefined ? piece : { at: piece.at, ...amountsOf(before, piece) });
  }
  return [...sums.values()].toSorted((a, b) => a.at - b.at);
}
