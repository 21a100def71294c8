import type { Source } from '../model/source.ts';
import { type Glance, type TargetCount, targetKey } from './usage-glance.ts';
import { intervalOf } from './usage-interval.ts';
import { addressLabels, birthsQuery, type Mark, markIn } from './usage-query.ts';
import { ranged } from './usage-range.ts';

/**
 * What counted in a window of one piece is: `sums`, what the sums of a glance differ by; `ends`, what the last values of all counters differ by from
 * their last values before it, because some went away; `pieces`, more than that, because counters were reset or may be older than they look.
 */
export interface Told {
  readonly counted: 'sums' | 'ends' | 'pieces';
  readonly warnings: readonly string[];
}

/**
 * Whether all counters that are new in a glance at a whole window began at zero, in one query by target where any is. They did when their target was
 * known, none that it had in the hour before was absent at the start, nothing at its address went away, and they came early enough to show it.
 */
export async function birthsIn(source: Source, glance: Glance): Promise<Told> {
  const { targets } = glance;
  if (targets.some(({ reset }) => reset)) return { counted: 'pieces', warnings: [] };
  const gone = targets.filter(({ alive, ever }) => alive.at(-1) !== ever);
  const counted = gone.length === 0 ? 'sums' : 'ends';
  const born = targets.filter(({ alive, ever }) => alive[0] !== ever);
  if (born.length === 0) return { counted, warnings: [] };
  const { certain, warnings } = await askedFor(source, glance);
  return { counted: born.every(certain) ? counted : 'pieces', warnings };
}

interface Certainty {
  certain(target: TargetCount): boolean;
  readonly warnings: readonly string[];
}

async function askedFor(source: Source, { kin, targets, window }: Glance): Promise<Certainty> {
  const { family, selector } = kin.first;
  const jobs = [...new Set(targets.flatMap(({ labels }) => labels.job ?? []))];
  const interval = await intervalOf(source, family.shard, jobs, window);
  const query = birthsQuery({ ...family, interval }, selector, window);
  if (query === null) return { certain: () => false, warnings: [] };
  const { series, warnings } = await ranged(source, family.shard, query, window);
  const marked = (as: Mark): ReadonlyMap<string, number> =>
    new Map(series.filter(({ labels }) => markIn(labels) === as).map(({ labels, points }) => [targetKey(labels), points[0]?.[1] ?? 0]));
  const [hour, late, still, known] = [marked('hour'), marked('late'), marked('still'), marked('known')];
  const addressOf = ({ labels }: TargetCount): string => JSON.stringify(addressLabels(family).map((label) => labels[label] ?? ''));
  const left = new Set(targets.filter(({ labels, ever }) => still.get(targetKey(labels)) !== ever).map(addressOf));
  const certain = (target: TargetCount): boolean => {
    const key = targetKey(target.labels);
    const seen = (hour.get(key) ?? 0) === target.alive[0] && late.get(key) === target.ever;
    return seen && known.has(key) && !left.has(addressOf(target));
  };
  return { certain, warnings };
}
