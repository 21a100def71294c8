import type { Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import type { Figure } from './usage-figure.ts';
import { pieceAt, piecesOf } from './usage-growth.ts';
import { type Events, eventQuery, resetCounts } from './usage-query.ts';
import { ranged } from './usage-range.ts';

/** Neighbouring pieces in which the same happens. */
export interface Span extends UsageWindow {
  readonly events: Events;
}

/** More ranges than this are asked as one: each costs a look at every series. */
const mostSpans = 6;

/** The window by what happens in it: most pieces of most clusters are quiet, and quiet ones are cheap to ask for. */
export async function spansOf(
  source: Source,
  { family, selector }: Pick<Figure, 'family' | 'selector'>,
  window: UsageWindow,
): Promise<{ readonly spans: readonly Span[]; readonly warnings: readonly string[] }> {
  const { series, warnings } = await ranged(source, family.shard, eventQuery(family, selector, window), window);
  const happening = (is: (events: number) => boolean): ReadonlySet<number> =>
    new Set(series.flatMap(({ points }) => points.filter(([, events]) => is(events)).map(([at]) => pieceAt(at, window))));
  const born = happening((events) => events % resetCounts !== 0);
  const reset = happening((events) => events >= resetCounts);
  const events = Array.from({ length: piecesOf(window) }, (_, at): Events => ({ births: born.has(at), resets: reset.has(at) }));
  return { spans: merged(window, events), warnings };
}

function merged(window: UsageWindow, events: readonly Events[]): readonly Span[] {
  const { start, step } = window;
  const spans: Span[] = [];
  events.forEach((own, at) => {
    const last = spans.at(-1);
    const end = at === events.length - 1 ? window.end : start + (at + 1) * step;
    if (last !== undefined && last.events.births === own.births && last.events.resets === own.resets) spans.splice(-1, 1, { ...last, end });
    else spans.push({ start: start + at * step, end, step, events: own });
  });
  const any = (what: keyof Events): boolean => events.some((own) => own[what]);
  return spans.length <= mostSpans ? spans : [{ ...window, events: { births: any('births'), resets: any('resets') } }];
}
