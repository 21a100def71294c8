import type { UsageWindow } from '../model/usage.ts';
import { writeLabel } from '../parse/promql.ts';

/** One stored name of the family with its labels as stored, and how its series are told apart. */
export interface StoredFamily {
  readonly name: string;
  readonly labels: readonly string[];
  /** Labels that say only by whom a counter was scraped, never which counter it is. */
  readonly copies: readonly string[];
  /** Labels that `up` has too: together they say which target a series is of. */
  readonly target: readonly string[];
}

/** What a figure is asked by. */
export interface Groups {
  readonly labels: readonly string[];
  /** Labels that hold the type of token. */
  readonly types: readonly string[];
}

/** Whether counters begin, and whether they are reset: without, a query costs a tenth. */
export interface Events {
  readonly births: boolean;
  readonly resets: boolean;
}

/**
 * What happens in the pieces that are asked for, and the seconds between scrapes, by which it is told who went away. `parts`: seconds of the pieces that
 * these are parts of, in which no more began than the events of whole ones tell.
 */
export interface Happening extends Events {
  readonly interval: number;
  readonly parts?: number;
}

/**
 * How far back a counter's last value before a piece is looked for, so that a gap of scrapes does not make it look new. Shorter would turn
 * gaps into births, longer costs samples.
 */
const lookback = 3600;
/** How long a target may fail and still count as scraped. */
const scrapedSeconds = 300;
/** Scrapes that may be missed before a counter counts as gone. */
const missed = 3.5;

/**
 * What tells apart the values of one answer; those without a mark are what was counted. `before`: values at the beginning of the piece, to be taken
 * off. `doubt`: values at which counters were first seen, when it cannot be told whether they grew within the window, to be taken off and told.
 * `told`: the same, already taken off. By target: `alive`, how many series there are; `hour`, how many there were in the hour before the piece;
 * `late`, how many there were when it still shows who goes away, and `still`, how many did not; `known`, that what is new there began at zero unless something went away.
 */
const marks = ['before', 'doubt', 'told', 'alive', 'hour', 'late', 'still', 'known'] as const;
export type Mark = (typeof marks)[number];

/** Marks are names of labels, for values are pseudonyms in some bundles. */
const markPrefix = '__tokmeter_';
const marked = (as: Mark, vector: string): string => `label_replace(${vector}, "${markPrefix}${as}", "1", "", "")`;

/** The mark of a set of labels; null: none. */
export function markIn(labels: Readonly<Record<string, string>>): Mark | null {
  return marks.find((each) => labels[markPrefix + each] !== undefined) ?? null;
}

/** The labels that are no marks. */
export function unmarked(labels: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(markPrefix)));
}

const sumBy = ({ labels, types }: Groups, vector: string): string =>
  `sum by (${[...new Set([...labels, ...types])].map(writeLabel).join(', ')}) (${vector})`;

/** The value of each group at an instant. */
export function valueQuery({ copies }: StoredFamily, selector: string, groups: Groups): string {
  const alive = aliveIn(selector);
  return sumBy(groups, copies.length === 0 ? alive : merged('max', copies, alive));
}

/** The same with the number of series of each target, each copy for itself. */
export function countedQuery(family: StoredFamily, selector: string, groups: Groups): string {
  return `${valueQuery(family, selector, groups)} or ${marked('alive', countBy(family, aliveIn(selector)))}`;
}

const targetsOf = ({ target }: StoredFamily): string => target.map(writeLabel).join(', ');
const countBy = (family: StoredFamily, vector: string): string => `count by (${targetsOf(family)}) (${vector})`;

/** Series that have a value of the last minutes: said rather than left to a bare selector, for which stores look back by settings of their own. */
const aliveIn = (selector: string): string => `last_over_time(${selector}[${duration(scrapedSeconds)}])`;

/** What a reset counts: more than there are counters. */
export const resetCounts = 1e8;

/**
 * How many series of each target there were in the piece or were alive before it, plus `resetCounts` for each reset. Where as many are alive at both
 * ends of the piece, none began, went away or was reset: those alive are among those counted here.
 */
export function everQuery(family: StoredFamily, selector: string, { step }: UsageWindow): string {
  return `sum by (${targetsOf(family)}) (resets(${selector}[${duration(scrapedSeconds + step)}]) * ${resetCounts} + 1)`;
}

/** By target what tells whether counters that are new in a piece began at zero; null where nothing stored tells, or the piece is too short for it. */
export function birthsQuery(family: TimedFamily, selector: string, { step }: UsageWindow): string | null {
  const on = addressLabels(family).map(writeLabel).join(', ');
  const seconds = goneAfter(family);
  if (on === '' || !family.target.includes('job') || 2 * seconds > step + scrapedSeconds) return null;
  const counts = (range: number, offset: string): string => countBy(family, `last_over_time(${selector}[${duration(range)}]${offset})`);
  return [
    marked('hour', counts(lookback, ` offset ${duration(step)}`)),
    marked('late', counts(seconds, ` offset ${seconds}s`)),
    marked('still', counts(seconds, '')),
    marked('known', targets(on, targetsOf(family), duration(step))),
  ].join(' or ');
}

/** How many counters begin in a piece, plus `resetCounts` for each reset since the hour before it. */
export function eventQuery({ copies }: StoredFamily, selector: string, { step }: UsageWindow): string {
  const ever = merged('max', copies, `resets(${selector}[${duration(lookback + step)}])`);
  const before = merged('max', copies, `last_over_time(${selector}[${duration(lookback)}] offset ${duration(step)})`);
  return `sum(${ever} * ${resetCounts} + 1) - (count(${before}) or vector(0))`;
}

/**
 * The growth of each counter in every piece, exact where the counter was not reset, added up by group.
 *
 * Copies of one counter (the same address scraped by several jobs) are made one before they are subtracted, so that a counter that is
 * handed from one job to another goes on. A counter without a value before the piece began at zero when its target is one that was scraped
 * before, or a new address of a job that was scraping others, and no counter went away there; else only its growth since it was first seen
 * is counted. Where none was reset, sums are subtracted rather than counters, which Prometheus need not match: all that were there before are
 * among those that are there until the end of the piece. `increase`, which estimates what lies between the samples and the ends of the window
 * and misses a new series' first value, is used for resets alone, where two samples of one piece show them (`resetParts` makes those few). Copies
 * see a reset one after the other: it counts when the last of them has.
 */
export function spanQuery(
  family: StoredFamily,
  selector: string,
  { groups, happening }: { readonly groups: Groups; readonly happening: Happening },
  window: UsageWindow,
): string {
  const { births, resets } = happening;
  const { end, before, latest, until, doubtful, reset, restarted, kept, growth } = partsOf({ ...family, ...happening }, selector, window);
  const sum = (vector: string): string => sumBy(groups, vector);
  const doubt = sum(`((${doubtful}) unless ${before}) > 0`);
  if (!resets) return [sum(until), marked('before', sum(before)), ...(births ? [marked('doubt', doubt)] : [])].join(' or ');
  const base = births ? `(${latest} or (${doubtful}) or 0 * ${end})` : latest;
  const value = sum(`((${growth} and ${reset}) unless ${kept}) or (${end} and ${restarted}) or clamp_min(${end} - ${base}, 0)`);
  return births ? `${value} or ${marked('told', doubt)}` : value;
}

/** A family with the seconds between its scrapes. */
type TimedFamily = StoredFamily & Pick<Happening, 'interval' | 'parts'>;

interface Parts {
  readonly end: string;
  readonly before: string;
  /** The same of the copies that were scraped last: others may be from before a reset. */
  readonly latest: string;
  /** Last values within the piece or before it. */
  readonly until: string;
  /** First values of counters that did not certainly begin at zero within the piece. */
  readonly doubtful: string;
  readonly reset: string;
  readonly restarted: string;
  /** Counters of which a copy shows no reset yet: it will in a later piece, in which they count as restarted. */
  readonly kept: string;
  readonly growth: string;
}

function partsOf(family: TimedFamily, series: string, window: UsageWindow): Parts {
  const piece = duration(window.step);
  const once = (how: 'max' | 'min', vector: string): string => merged(how, family.copies, vector);
  const back = lookback + (family.parts ?? window.step) - window.step;
  const earlier = `last_over_time(${series}[${duration(back)}] offset ${piece})`;
  const least = `min_over_time(${series}[${piece}])`;
  const latest = `(${once('max', `last_over_time(${series}[${Math.ceil(1.25 * family.interval)}s] offset ${piece})`)} or ${once('max', earlier)})`;
  const first = once('min', least);
  const sure = certain(family, series, window);
  return {
    end: once('max', `last_over_time(${series}[${piece}])`),
    before: once('max', earlier),
    latest,
    until: once('max', `last_over_time(${series}[${duration(lookback + window.step)}])`),
    doubtful: sure === null ? first : `${first} unless (${sure})`,
    reset: once('max', `resets(${series}[${piece}]) > 0`),
    restarted: `(${once('max', least)} < ${latest})`,
    kept: `(${once('max', `${least} unless resets(${series}[${piece}]) > 0`)} >= ${latest})`,
    growth: once('max', `increase(${series}[${piece}])`),
  };
}

/** Counters of targets at which whatever is new began at zero; null where nothing stored tells one target from another. */
function certain(family: TimedFamily, series: string, window: UsageWindow): string | null {
  const address = addressLabels(family);
  if (address.length === 0 || !family.target.includes('job')) return null;
  const on = address.map(writeLabel).join(', ');
  const target = family.target.map(writeLabel).join(', ');
  const known = targets(on, target, duration(window.step));
  const seen = merged('max', family.copies, `(${verifiable(family, series, window)}) and on (${target}) (${known})`);
  return `${seen} unless on (${on}) (${lost(family, series, window)})`;
}

/** Seconds after which a counter that gets no more samples is gone. */
const goneAfter = ({ interval }: TimedFamily): number => Math.ceil(missed * interval);

/** Counters of which it can be told whether others went away when they came: not those that came just before the end. */
function verifiable(family: TimedFamily, series: string, { step, end }: UsageWindow): string {
  const seconds = goneAfter(family);
  const earlier = `last_over_time(${series}[${duration(step)}]) and on () (vector(time()) <= ${end - seconds})`;
  return step > seconds ? `(${earlier}) or last_over_time(${series}[${duration(step - seconds)}] offset ${seconds}s)` : earlier;
}

/** Targets that were scraped before the piece, and those at new addresses whose job was scraping others then. */
function targets(address: string, target: string, piece: string): string {
  const scraped = `max_over_time(up[${duration(scrapedSeconds)}] offset ${piece}) == 1`;
  const known = `last_over_time(up[${duration(lookback)}] offset ${piece})`;
  const fresh = `(max_over_time(up[${piece}]) unless on (${address}) ${known}) and on (job) (${scraped})`;
  return `max by (${target}) ((${scraped}) or (${fresh}))`;
}

/**
 * Counters that went away in the piece. A process never forgets one: they were renamed by a change of relabeling, so that what is new at
 * their address is old, or the process began anew. A change just before the end of a piece shows only in what comes after it.
 */
function lost(family: TimedFamily, series: string, { step, end }: UsageWindow): string {
  const seconds = goneAfter(family);
  const within = (offset: string): string => merged('max', family.copies, `last_over_time(${series}[${seconds}s]${offset})`);
  const alive = within(` offset ${duration(step)}`);
  const past = `(${alive} unless ${within('')})`;
  return `${past} or ((${alive} unless ${within(` offset -${seconds}s`)}) and on () (vector(time()) <= ${end - seconds}))`;
}

/** The labels that say at which address a counter is. */
export function addressLabels({ labels, copies }: StoredFamily): readonly string[] {
  return ['cluster', 'namespace', 'pod', 'instance'].filter((label) => labels.includes(label) && !copies.includes(label));
}

function merged(how: 'max' | 'min', copies: readonly string[], vector: string): string {
  return `${how} without (${copies.map(writeLabel).join(', ')}) (${vector})`;
}

/** A PromQL duration of whole milliseconds. */
function duration(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`;
}
