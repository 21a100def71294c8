import type { Gathering } from '../engine/gather.ts';
import { ReadError, type Unread, unreadOf } from '../model/source.ts';
import type { Usage, UsageAnswer, UsageQuestion, UsageReport } from '../model/usage.ts';
import { pricedUsage } from '../parse/price.ts';
import { reasonOf } from '../report/conclusion.ts';
import { unknownName } from './usage-error.ts';
import type { Meter, Meters } from './usage-meters.ts';
import type { Plan } from './usage-plan.ts';
import { recordedUsage } from './usage-recorded.ts';
import { trustOf } from './usage-trust.ts';
import { windowOf } from './usage-window.ts';

/**
 * The usage of each pipeline, one report each: what one does not know, or cannot read, kills no answer of another. Throws UsageError for a label
 * that none knows, and ReadError when none could be read.
 */
export async function reportsOf(plan: Plan, gathering: Gathering, meters: Meters, judged: boolean): Promise<readonly UsageReport[]> {
  const outcomes = await Promise.all(meters.asked.map((meter) => outcomeOf(plan, gathering, meter, judged)));
  const answered = outcomes.some(({ status, report }) => status === 'report' && report.usage !== null);
  if (!answered) throwFor(outcomes);
  // Where no pipeline is installed, those of which nothing is stored are not missed.
  const told =
    meters.guessed && answered ? outcomes.filter(({ status, report }) => status !== 'report' || report.usage !== null) : outcomes;
  const about = { origin: gathering.reader.source.origin, top: plan.top };
  const unsure = meters.unsure.map(({ pipeline, unread }) => untold({ pipeline: pipeline.id, ...about }, reasonOf(unread), unread));
  return [...told.map(({ report }) => report), ...unsure];
}

/** How asking one pipeline ended, and what is told of it. */
type Outcome = { readonly report: UsageReport } & (
  | { readonly status: 'report' }
  | { readonly status: 'unknown-label'; readonly label: string; readonly known: readonly string[] }
  | { readonly status: 'unread'; readonly error: ReadError }
);

function throwFor(outcomes: readonly Outcome[]): void {
  const strange = outcomes.filter((outcome) => outcome.status === 'unknown-label');
  const [label] = strange.map((outcome) => outcome.label);
  if (label !== undefined) throw unknownName('label', label, [...new Set(strange.flatMap(({ known }) => known))]);
  const unread = outcomes.filter((outcome) => outcome.status === 'unread');
  const [first] = unread;
  if (first !== undefined && unread.length === outcomes.length) throw first.error;
}

async function outcomeOf(plan: Plan, gathering: Gathering, meter: Meter, judged: boolean): Promise<Outcome> {
  const { pipeline } = meter;
  const about = { pipeline: pipeline.id, origin: gathering.reader.source.origin, top: plan.top };
  try {
    const [answer, verdict] = await Promise.all([
      answerOf(plan, gathering, meter),
      judged ? trustOf(pipeline, gathering, plan.direct) : null,
    ]);
    if (answer.status === 'unknown-label') {
      const { message } = unknownName('label', answer.label, answer.known);
      return { ...answer, report: untold(about, message, null) };
    }
    const trust = verdict?.trust ?? null;
    if (answer.status === 'read') return { status: 'report', report: { ...about, ...shownOf(plan, meter, answer.usage), trust } };
    const why = [answer.why, verdict?.root].filter(Boolean).join('; ');
    return { status: 'report', report: { ...untold(about, why, null), trust } };
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    const unread = unreadOf(error);
    return { status: 'unread', error, report: untold(about, reasonOf(unread), unread) };
  }
}

function untold(about: Pick<UsageReport, 'pipeline' | 'origin' | 'top'>, why: string, unread: Unread | null): UsageReport {
  return { ...about, usage: null, why, unread, prices: null, trust: null };
}

function answerOf(plan: Plan, { reader }: Gathering, { source }: Meter): Promise<UsageAnswer> {
  const question = { ...plan.question, window: windowFor(plan, reader.source.now.getTime() / 1000) };
  if (plan.direct) return source.direct(reader, question);
  return plan.flags.from === undefined ? source.stored(reader, question) : recordedUsage(source, reader, question);
}

function shownOf({ prices }: Plan, { source }: Meter, usage: Usage): Pick<UsageReport, 'usage' | 'why' | 'unread' | 'prices'> {
  const { rows, unknownModels } = pricedUsage(usage, prices, source.model);
  const { extra, by, ...rest } = usage;
  return {
    usage: { ...rest, by: extra === null ? by : by.slice(0, -1), rows },
    why: null,
    unread: null,
    prices: prices === null ? null : { currency: prices.currency, unknownModels },
  };
}

/** --watch looks at the last minutes as one piece. */
function windowFor({ direct, watch, flags }: Plan, now: number): UsageQuestion['window'] {
  if (direct) return { start: 0, end: 0, step: 0 };
  if (watch === null) return windowOf(flags, now);
  const { start, end } = windowOf({ since: flags.since ?? '5m' }, now);
  return { start, end, step: end - start };
}
