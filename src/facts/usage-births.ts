import type { Source } from '../model/source.ts';
import { type Glance, isBare, type TargetCount, targetKey } from './usage-glance.ts';
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

const more: Told = { counted: 'pieces', warnings: [] };

/**
 * Whether all counters that are new in a glance at a whole window began at zero, in one query by target. They did when their target was known, nothing
 * at its address went away, and they came early enough to show it.
 */
export async function birthsIn(source: Source, { kin, targets, window }: Glance): Promise<Told> {
  const { family, selector } = kin.first;
  if (targets.some(({ reset }) => reset)) return more;
  const jobs = [...new Set(targets.flatMap(({ labels }) => labels.job ?? []))];
  const interval = await intervalOf(source, family.shard, jobs, window);
  const query = birthsQuery({ ...family, interval, bare: isBare(kin.first) }, selector, window);
  if (query === null) return more;
  const { series, warnings } = await ranged(source, family.shard, query, window);
  const marked = (as: Mark): ReadonlyMap<string, number> =>
    new Map(series.filter(({ labels }) => markIn(labels) === as).map(({ labels, points }) => [targetKey(labels), points[0]?.[1] ?? 0]));
  const [hour, late, known] = [marked('hour'), marked('late'), marked('known')];
  const addressOf = ({ labels }: TargetCount): string => JSON.stringify(addressLabels(family).map((label) => labels[label] ?? ''));
  const gone = new Set(targets.filter(({ alive, ever }) => alive.at(-1) !== ever).map(addressOf));
  const told = targets.map((target) => {
    const key = targetKey(target.labels);
    const before = hour.get(key) ?? 0;
    const certain = known.has(key) && late.get(key) === target.ever && !gone.has(addressOf(target));
    return { doubtful: target.ever !== before && !certain, same: before === target.alive[0] };
  });
  if (told.some(({ doubtful }) => doubtful)) return { ...more, warnings };
  return { counted: gone.size === 0 && told.every(({ same }) => same) ? 'sums' : 'ends', warnings };
}
