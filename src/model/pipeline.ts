import type { Check } from './check.ts';
import { type Attempts, type Fact, type Known, known, type Reader } from './fact.ts';

/** Whether a token-metering system is there at all. */
export type Installed =
  | {
      readonly status: 'installed' /** What was detected, for example "v0.5.0"; null when it cannot be told; "v0.4.0, v0.5.0" when mixed. */;
      readonly variant: string | null;
      readonly summary: string;
      /** Ids of pipelines whose chain is a part of this one's and is judged with it: they are not judged on their own. */
      readonly covers?: readonly string[];
    }
  | { readonly status: 'absent' /** What was looked for, to say so. */; readonly lookedFor: readonly string[] };

/** One token-metering system: an ordered list of checks and the tables behind them. Adding one is a folder and a line. */
export interface Pipeline {
  readonly id: string;
  readonly title: string;
  readonly installed: Fact<Installed>;
  /** In data-path order. */
  readonly checks: readonly Check[];
  readonly views: Readonly<Record<ViewName, View>>;
}

export const viewNames = ['proxies', 'monitors', 'targets', 'series'] as const;
export type ViewName = (typeof viewNames)[number];

/** A table of `tokmeter get`: data, not text. Cells may hold text from the cluster; renderers make it safe. */
export interface Table {
  readonly columns: readonly { readonly name: string /** Only with -o wide. */; readonly wide?: boolean }[];
  readonly rows: readonly (readonly string[])[];
  /** The same rows for -o json, one object a row. */
  readonly items: readonly Readonly<Record<string, unknown>>[];
  /** What could not be read; printed below the table and making the exit code 2 when no row was read. */
  readonly unread: readonly import('./source.ts').Unread[];
  /** Said when there are no rows. */
  readonly empty: string;
}

export interface View {
  readonly name: ViewName;
  readonly title: string;
  readonly facts: readonly Fact<unknown>[];
  show(reader: Reader): Promise<Table>;
}

// biome-ignore lint/suspicious/noExplicitAny: the value types of a bag of facts differ
type Bag = Readonly<Record<string, Fact<any>>>;

export function defineView<N extends Bag, W extends Bag = Record<never, never>>(definition: {
  readonly name: ViewName;
  readonly title: string;
  readonly needs: N;
  readonly wants?: W;
  table(known: Known<N> & Attempts<W>): Table;
}): View & { table(known: Known<N> & Attempts<W>): Table } {
  const { name, title, needs, wants = {} as W, table } = definition;
  return {
    name,
    title,
    table,
    facts: [...Object.values(needs), ...Object.values(wants)],
    show: async (reader) => table(await known(reader, needs, wants)),
  };
}
