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
  /** Seconds between scrapes. */
  readonly interval: number;
}

/** What a figure is asked by. */
export interface Groups {
  readonly labels: readonly string[];
  /** Labels that hold the type of token. */
  readonly types: readonly string[];
  /** What happens in the pieces that are asked for. Absent: anything may. */
  readonly events?: Events;
}

/** Whether counters begin, and whether they are reset: without, a query costs a tenth. */
export interface Events {
  readonly births: boolean;
  readonly resets: boolean;
}

const all: Events = { births: true, resets: true };

/** The queries of one figure: a value for each piece of the window, by group. */
export interface UsageQueries {
  /** What was counted. */
  readonly value: string;
  /** By type alone: values at which counters were first seen, when it cannot be told whether they grew within the window. */
  readonly unsure: string;
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
 * The growth of each counter in every piece, exact where the counter was not reset, and only then added up.
 *
 * Copies of one counter (the same address scraped by several jobs) are made one before they are subtracted, so that a counter that is
 * handed from one job to another goes on. A counter without a value before the piece began at zero when its target is one that was scraped
 * before, or a new address of a job that was scraping others, and no counter went away there; else only its growth since it was first seen
 * is counted. `increase`, which estimates what lies between the samples and the ends of the window and misses a new series' first value,
 * is used for resets alone.
 */
export function usageQueries(
  family: StoredFamily,
  selector: string,
  { labels, types, events = all }: Groups,
  window: UsageWindow,
): UsageQueries {
  const { end, before, doubtful, reset, restarted, growth } = partsOf(family, selector, window);
  const by = [...new Set([...labels, ...types])].map(writeLabel).join(', ');
  const base = events.births ? `(${before} or (${doubtful}) or 0 * ${end})` : before;
  const afterReset = events.resets ? `(${growth} and ${reset}) or (${end} and ${restarted}) or ` : '';
  return {
    value: `sum by (${by}) (${afterReset}clamp_min(${end} - ${base}, 0))`,
    unsure: `sum by (${types.map(writeLabel).join(', ')}) (((${doubtful}) unless ${before}) > 0)`,
  };
}

/**
 * Queries that answer where counters begin, and where they may have been reset since their last value before the piece; nothing for a piece in
 * which none is.
 */
export function eventQueries(family: StoredFamily, selector: string, window: UsageWindow): Readonly<Record<keyof Events, string>> {
  const { end, before } = partsOf(family, selector, window);
  return { births: `count(${end} unless ${before})`, resets: `count(resets(${selector}[${duration(lookback + window.step)}]) > 0)` };
}

interface Parts {
  readonly end: string;
  readonly before: string;
  /** First values of counters that did not certainly begin at zero within the piece. */
  readonly doubtful: string;
  readonly reset: string;
  readonly restarted: string;
  readonly growth: string;
}

function partsOf(family: StoredFamily, series: string, window: UsageWindow): Parts {
  const piece = duration(window.step);
  const once = (how: 'max' | 'min', vector: string): string => merged(how, family.copies, vector);
  const earlier = `last_over_time(${series}[${duration(lookback)}] offset ${piece})`;
  const first = once('min', `min_over_time(${series}[${piece}])`);
  const sure = certain(family, series, window);
  return {
    end: once('max', `last_over_time(${series}[${piece}])`),
    before: once('max', earlier),
    doubtful: sure === null ? first : `${first} unless (${sure})`,
    reset: once('max', `resets(${series}[${piece}]) > 0`),
    restarted: once('max', `min_over_time(${series}[${piece}]) < ${earlier}`),
    growth: once('max', `increase(${series}[${piece}])`),
  };
}

/** Counters of targets at which whatever is new began at zero; null where nothing stored tells one target from another. */
function certain(family: StoredFamily, series: string, window: UsageWindow): string | null {
  const address = addressLabels(family);
  if (address.length === 0 || !family.target.includes('job')) return null;
  const on = address.map(writeLabel).join(', ');
  const target = family.target.map(writeLabel).join(', ');
  const known = targets(on, target, duration(window.step));
  const seen = merged('max', family.copies, `(${verifiable(family, series, window)}) and on (${target}) (${known})`);
  return `${seen} unless on (${on}) (${lost(family, series, window)})`;
}

/** Seconds after which a counter that gets no more samples is gone. */
const goneAfter = ({ interval }: StoredFamily): number => Math.ceil(missed * interval);

/** Counters of which it can be told whether others went away when they came: not those that came just before the end. */
function verifiable(family: StoredFamily, series: string, { step, end }: UsageWindow): string {
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
function lost(family: StoredFamily, series: string, { step, end }: UsageWindow): string {
  const seconds = goneAfter(family);
  const within = (offset: string): string => merged('max', family.copies, `last_over_time(${series}[${seconds}s]${offset})`);
  const alive = within(` offset ${duration(step)}`);
  const past = `(${alive} unless ${within('')})`;
  return `${past} or ((${alive} unless ${within(` offset -${seconds}s`)}) and on () (vector(time()) <= ${end - seconds}))`;
}

/** The labels that say at which address a counter is. */
function addressLabels({ labels, copies }: StoredFamily): readonly string[] {
  return ['cluster', 'namespace', 'pod', 'instance'].filter((label) => labels.includes(label) && !copies.includes(label));
}

function merged(how: 'max' | 'min', copies: readonly string[], vector: string): string {
  return `${how} without (${copies.map(writeLabel).join(', ')}) (${vector})`;
}

/** A PromQL duration of whole milliseconds. */
function duration(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.round(seconds * 1000)}ms`;
}
