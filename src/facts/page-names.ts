import type { Meter } from './metrics-page.ts';

type Labels = Readonly<Record<string, string>>;

/** Renames labels. */
export interface Relabeller {
  of(labels: Labels): Labels;
  nameOf(name: string): string | null;
}

/** What a meter says of the names that were met on any page: those of many emitters are the same. */
export interface Remembered {
  readonly roleOf: Meter['role'];
  readonly labels: Relabeller;
  /** Of the labels that tell requests apart. */
  readonly told: Relabeller;
}

const remembered = new WeakMap<Meter, Remembered>();

/** The same for the same meter. */
export function rememberedOf(meter: Meter): Remembered {
  const known = remembered.get(meter);
  if (known !== undefined) return known;
  const fresh = {
    roleOf: once((name) => meter.role(name)),
    labels: relabeller((name) => meter.labelOf(name)),
    told: relabeller((name) => {
      const label = meter.labelOf(name);
      return label !== null && meter.tellsRequests(label) ? label : null;
    }),
  };
  remembered.set(meter, fresh);
  return fresh;
}

/** Whether samples of a name are wanted. */
export function wantedBy(meter: Meter): (name: string) => boolean {
  const { roleOf } = rememberedOf(meter);
  return (name) => roleOf(name) !== null;
}

/** Most names that are remembered: a page may have any number of them. */
const mostNames = 2000;

function once<T>(tell: (name: string) => T): (name: string) => T {
  const told = new Map<string, { readonly value: T }>();
  return (name) => {
    const known = told.get(name);
    if (known !== undefined) return known.value;
    const fresh = { value: tell(name) };
    if (told.size < mostNames) told.set(name, fresh);
    return fresh.value;
  };
}

/** Renames labels, asking about each name once. */
function relabeller(labelOf: Meter['labelOf']): Relabeller {
  const nameOf = once(labelOf);
  const of = (labels: Labels): Labels => {
    const pairs: [string, string][] = [];
    for (const name in labels) {
      const label = nameOf(name);
      if (label !== null) pairs.push([label, labels[name] ?? '']);
    }
    return Object.fromEntries(pairs);
  };
  return { of, nameOf };
}
