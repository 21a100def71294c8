import type { TokenSeries } from './emitters.ts';
import { type Relabeller, rememberedOf } from './page-names.ts';

/** Which samples of a metrics page make an emission, and under which names. */
export interface Meter {
  /** What a sample is by its name; null: not wanted. */
  role(name: string): 'sum' | 'count' | 'requests' | 'target' | 'gauge' | null;
  /** The family of a sum or count sample: its name without the suffix. */
  familyOf(name: string): string;
  /** A label name as under underscore escaping; null: left out. */
  labelOf(name: string): string | null;
  /** Whether requests are told apart by a label, by its escaped name: by model and operation, not by user. */
  tellsRequests(label: string): boolean;
}

/** What the wanted samples of one metrics page add up to. */
export interface Page {
  /** Null: no token series. */
  readonly family: string | null;
  readonly series: readonly TokenSeries[];
  /** Label names of token series as exposed. */
  readonly labelNames: readonly string[];
  readonly requests: readonly { readonly labels: Readonly<Record<string, string>>; readonly count: number }[];
  /** Null: the page has no target_info. */
  readonly target: Readonly<Record<string, string>> | null;
  /** The values of gauges by their names; absent: the page has none that are wanted. */
  readonly gauges?: Readonly<Record<string, number>>;
}

type Labels = Readonly<Record<string, string>>;

/** Label sets met before, so that the same users on a hundred emitters are held once. */
export interface LabelPool {
  take(key: string, make: () => Labels): Labels;
}

/** Most label sets that are kept to be shared; beyond it each emitter holds its own. */
const pooled = 20_000;

/** A pool for the pages of one run. */
export function labelPool(): LabelPool {
  const known = new Map<string, Labels>();
  return {
    take: (key, make) => {
      const met = known.get(key);
      if (met !== undefined) return met;
      const fresh = make();
      if (known.size < pooled) known.set(key, fresh);
      return fresh;
    },
  };
}

type Entry = { readonly labels: Labels; sum: number; count: number };

/** Collects the samples of one metrics page. */
export function pageOf(
  meter: Meter,
  pool: LabelPool = labelPool(),
): { add(name: string, labels: Labels, value: number): void; page(): Page } {
  const { roleOf, labels: relabelled, told } = rememberedOf(meter);
  const entryAt = entries(relabelled, pool);
  const requests = counters(told);
  let family: string | null = null;
  const gauges: Record<string, number> = {};
  let target: Labels | null = null;
  return {
    add: (name, labels, value) => {
      const role = roleOf(name);
      if (role === 'sum' || role === 'count') {
        family ??= meter.familyOf(name);
        entryAt.of(labels)[role] += value;
      } else if (role === 'requests') requests.add(labels, value);
      else if (role === 'target') target = { ...labels };
      else if (role === 'gauge') gauges[name] = value;
    },
    page: () => ({
      ...{ family, series: entryAt.all(), labelNames: entryAt.names(), requests: requests.all(), target },
      ...(Object.keys(gauges).length === 0 ? {} : { gauges }),
    }),
  };
}

/** One entry a label set. A sum and its count follow each other with equal labels, often as one object, and always in one order. */
function entries({ of: relabel, nameOf }: Relabeller, pool: LabelPool) {
  const known = new Map<string, Entry>();
  const names = new Set<string>();
  let last: { readonly labels: Labels; readonly entry: Entry } | null = null;
  const fresh = (key: string, labels: Labels): Entry => {
    for (const name in labels) if (nameOf(name) !== null) names.add(name);
    const entry = { labels: pool.take(key, () => relabel(labels)), sum: 0, count: 0 };
    known.set(key, entry);
    return entry;
  };
  const of = (labels: Labels): Entry => {
    if (last?.labels === labels) return last.entry;
    const key = keyOf(labels);
    last = { labels, entry: known.get(key) ?? fresh(key, labels) };
    return last.entry;
  };
  return { of, all: (): readonly TokenSeries[] => [...known.values()], names: (): readonly string[] => [...names].sort() };
}

function keyOf(labels: Labels): string {
  let key = '';
  // U+0000 is in no label: the parser's UTF-8 check lets it through, but no HTTP header and no label name may hold it.
  for (const name in labels) key += `${name}\0${labels[name]}\0`;
  return key;
}

/** Requests by the labels that tell them apart: thousands of users become a few models. */
function counters({ of }: Relabeller) {
  const known = new Map<string, { labels: Labels; count: number }>();
  return {
    add: (labels: Labels, count: number): void => {
      const told = of(labels);
      const key = keyOf(told);
      const counter = known.get(key) ?? { labels: told, count: 0 };
      counter.count += count;
      known.set(key, counter);
    },
    all: (): Page['requests'] => [...known.values()],
  };
}
