import { type Attempts, type Fact, type Known, known, type Options, type Reader } from './fact.ts';
import type { Unread } from './source.ts';

/** The links of the chain, in the order tokens travel. */
export const hops = ['configure', 'emit', 'expose', 'discover', 'collect', 'query', 'present'] as const;
export type Hop = (typeof hops)[number];
export type Severity = 'error' | 'warning';

/** A change that mends a finding. tokmeter prints it and never applies it. */
export interface Remedy {
  /** One imperative sentence. */
  readonly text: string;
  /** A shell command, or a manifest or JSON patch as an object, where one exists. */
  readonly command?: string;
  readonly patch?: unknown;
}

export interface Finding {
  /** "Kind namespace/name". */
  readonly subject: string;
  readonly message: string;
  /** What was seen, and the command that shows it again. */
  readonly evidence: { readonly saw: string; readonly run: string };
  readonly remedy?: Remedy;
  /** Less than the check's own severity, when the trouble has two grades. */
  readonly severity?: 'warning';
  /** What the finding is about, as keys such as "pod ns/name", so that a later failure about the same things folds under this one. Absent: about everything. */
  readonly about?: readonly string[];
}

export type Verdict =
  | { readonly status: 'pass'; readonly note?: string }
  | { readonly status: 'fail'; readonly findings: readonly Finding[]; readonly unread?: readonly Unread[] }
  /** Some of it could not be read and nothing read was wrong. */
  | { readonly status: 'unknown'; readonly unread: readonly Unread[] }
  /** Not applicable here, with the reason. */
  | { readonly status: 'skip'; readonly because: string };

export interface Check {
  /** Names the trouble, as a noun. Never renamed, never reused. */
  readonly id: string;
  /** Claims health: "a PodMonitor selects every metering proxy". */
  readonly title: string;
  readonly hop: Hop;
  readonly severity: Severity;
  /** What the user loses, in two sentences. Names no pipeline. */
  readonly why: string;
  /** One imperative sentence with the real key or command. */
  readonly fix: string;
  /** Ids of checks of the same or an earlier hop whose failure explains this one's about the same things. */
  readonly follows: readonly string[];
  /** Its verdict stands in the objects themselves, so that manifests can be judged for it before they are applied; absent: it needs what runs, or what controllers say. */
  readonly inObjects?: boolean;
  readonly facts: readonly Fact<unknown>[];
  examine(reader: Reader): Promise<Verdict>;
}

// biome-ignore lint/suspicious/noExplicitAny: the value types of a bag of facts differ
type Bag = Readonly<Record<string, Fact<any>>>;

export interface CheckDefinition<N extends Bag, W extends Bag> {
  readonly id: string;
  readonly title: string;
  readonly hop: Hop;
  readonly severity: Severity;
  readonly why: string;
  readonly fix: string;
  readonly follows?: readonly string[];
  readonly inObjects?: boolean;
  /** Facts without which nothing can be said: one that cannot be read makes the check unknown. */
  readonly needs: N;
  /** Facts that sharpen the verdict; each arrives as an Attempt. */
  readonly wants?: W;
  /** Pure. */
  judge(known: Known<N> & Attempts<W>, options: Options): Verdict;
}

/** A check with its pure judge exposed, for tables in tests. */
export type DefinedCheck<N extends Bag, W extends Bag> = Check & Pick<CheckDefinition<N, W>, 'judge'>;

export function defineCheck<N extends Bag, W extends Bag = Record<never, never>>(definition: CheckDefinition<N, W>): DefinedCheck<N, W> {
  const { needs, wants = {} as W, judge, follows = [], ...prose } = definition;
  return {
    ...prose,
    follows,
    facts: [...Object.values(needs), ...Object.values(wants)],
    judge,
    examine: async (reader) => judge(await known(reader, needs, wants), reader.options),
  };
}

/** The verdict of findings and gaps: fail if anything is wrong, else unknown if anything is unread, else pass. */
export function verdict(findings: readonly Finding[], unread: readonly Unread[] = [], note?: string): Verdict {
  if (findings.length > 0) return unread.length > 0 ? { status: 'fail', findings, unread } : { status: 'fail', findings };
  if (unread.length > 0) return { status: 'unknown', unread };
  return note === undefined ? { status: 'pass' } : { status: 'pass', note };
}
