import type { Fact, Reader } from './fact.ts';
import type { Unread } from './source.ts';

/** What `tokmeter usage` asks: over which time, of whom, by what. */
export interface UsageQuestion {
  /** Labels to group by, in any spelling; null: what the cluster's own mapping says. */
  readonly by: readonly string[] | null;
  readonly window: UsageWindow;
  /** Whether each piece of the window is wanted on its own, with its types and requests. */
  readonly apart: boolean;
  /**
   * Whether its pieces may be longer ones: `unseen`, the whole window is one, because nothing shows them; `kept`, where there are many series and
   * something happens to them, because a bundle answers later questions by them. Absent: no.
   */
  readonly coarse?: 'unseen' | 'kept';
  readonly where: readonly UsageMatch[];
  /** Types of token to add up; null: those whose sum is the total. */
  readonly types: readonly string[] | null;
  /** Whether requests are wanted too: a second query. */
  readonly requests: boolean;
  /** Whether the model has to be told apart, for its price. */
  readonly priced: boolean;
}

/** A window of time cut into equal pieces; seconds since 1970. */
export interface UsageWindow {
  readonly start: number;
  readonly end: number;
  /** The length of a piece. */
  readonly step: number;
}

/** --where label=value, label!=value, label=~pattern, label!~pattern. */
export interface UsageMatch {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
}

/** What one group used in one piece of the window. */
export interface UsagePiece {
  /** Which piece, the first being 0. */
  readonly at: number;
  readonly tokens: Readonly<Record<string, number>>;
  /** Null: not asked for, or not counted by this system. */
  readonly requests: number | null;
}

/** The tokens of one group. */
export interface UsageRow {
  /** One value a label of `by`; empty: without that label. */
  readonly values: readonly string[];
  /** By type of token, whichever types are stored: input, output, cached_input, reasoning. */
  readonly tokens: Readonly<Record<string, number>>;
  /** Null: not asked for, or not counted by this system. */
  readonly requests: number | null;
  /** Tokens of the counted types in each piece of the window; empty for counters read directly. */
  readonly points: readonly number[];
  /** The pieces in which something was used, in order; empty where they were not asked for apart. */
  readonly pieces: readonly UsagePiece[];
}

/** Who used how many tokens. */
export interface Usage {
  /** "Prometheus monitoring/k8s", or the emitters themselves. */
  readonly from: string;
  /** The window that was answered; null: since each counter's start. */
  readonly window: UsageWindow | null;
  /** Whether the rows have the pieces of the window apart. */
  readonly apart: boolean;
  /** When the counters began, for those read directly. */
  readonly since: { readonly oldest: string; readonly newest: string } | null;
  readonly by: readonly string[];
  /** A label of `by`, the last, that was not asked for and is there for prices alone. */
  readonly extra: string | null;
  /** Types whose sum is the total; the others are parts of them. */
  readonly counted: readonly string[];
  readonly rows: readonly UsageRow[];
  /** Tokens that may or may not belong in the window: counters first seen at that value. Not in the rows. */
  readonly unsure: number;
  /** What was done to the numbers, and what is missing, one sentence each. */
  readonly notes: readonly string[];
  /** Servers, shards or emitters that did not answer: their tokens are missing. */
  readonly unread: readonly Unread[];
}

/** What a source of usage answers. What cannot be read is thrown as ReadError. */
export type UsageAnswer =
  | { readonly status: 'read'; readonly usage: Usage }
  | { readonly status: 'unknown-label'; readonly label: string; readonly known: readonly string[] }
  /** Looked, and there are no tokens: why, in a sentence. */
  | { readonly status: 'nothing'; readonly why: string };

/** Where one token-metering system's usage comes from; made from its nouns. */
export interface UsageSource {
  /** The label that holds the model, for prices: "gen_ai_request_model". */
  readonly model: string;
  readonly facts: readonly Fact<unknown>[];
  /** From Prometheus, over a window. */
  stored(reader: Reader, question: UsageQuestion): Promise<UsageAnswer>;
  /** From the emitters' own counters, since each began. */
  direct(reader: Reader, question: UsageQuestion): Promise<UsageAnswer>;
}

/** What a group costs. */
export interface Cost {
  readonly amount: number;
  /** Tokens of models that have no price: they are not in the amount. */
  readonly unpriced: number;
}

export interface PricedPiece extends UsagePiece {
  /** Null: no prices were given. */
  readonly cost: Cost | null;
}

export interface PricedRow extends UsageRow {
  /** Null: no prices were given. */
  readonly cost: Cost | null;
  readonly pieces: readonly PricedPiece[];
}

/** How far the numbers can be trusted, by the checks of doctor that bear on them. */
export interface Trust {
  readonly judged: number;
  readonly failing: readonly {
    readonly id: string;
    readonly severity: 'error' | 'warning';
    readonly message: string;
    readonly effect: string;
  }[];
  /** Ids of checks that could not look. */
  readonly unknown: readonly string[];
}

/** The usage of one pipeline, ready to be shown. */
export interface UsageReport {
  readonly pipeline: string;
  readonly origin: { readonly kind: 'cluster' | 'bundle' | 'manifests' | 'demo'; readonly name: string };
  /** Null: there are no tokens; why says why. */
  readonly usage: (Omit<Usage, 'rows' | 'extra'> & { readonly rows: readonly PricedRow[] }) | null;
  readonly why: string | null;
  /** What could not be read, when that is why there is no usage. */
  readonly unread: Unread | null;
  /** Null: no prices were given. */
  readonly prices: {
    readonly currency: string;
    readonly unknownModels: readonly { readonly model: string; readonly tokens: number }[];
  } | null;
  /** Rows to show; the others are shown as one. */
  readonly top: number | null;
  /** Null: not judged. */
  readonly trust: Trust | null;
}

/** The total of a row: the types that do not overlap. */
export function totalOf(row: Pick<UsageRow, 'tokens'>, counted: readonly string[]): number {
  return counted.reduce((sum, type) => sum + (row.tokens[type] ?? 0), 0);
}
