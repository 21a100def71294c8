import type { UsageWindow } from '../model/usage.ts';
import type { Asked } from './usage-asked.ts';
import { type Events, eventQueries } from './usage-query.ts';
import { type Ranged, ranged } from './usage-range.ts';

/** Neighbouring pieces in which the same happens. */
export interface Span extends UsageWindow {
  readonly events: Events;
}

/** More ranges than this are asked as one: each costs a look at every series. */
const mostSpans = 6;

/** The window by what happens in it: most pieces of most clusters are quiet, and quiet ones are cheap to ask for. */
export async function spansOf(
  { reader, question: { window } }: Pick<Asked, 'reader' | 'question'>,
  family: Parameters<typeof eventQueries>[0] & { readonly shard: Parameters<typeof ranged>[1] },
  selector: string,
): Promise<{ readonly spans: readonly Span[]; readonly warnings: readonly string[] }> {
  const queries = eventQueries(family, selector, window);
  const ask = (query: string): Promise<Ranged> => ranged(reader.source, family.shard, query, window);
  const [births, resets] = await Promise.all([ask(queries.births), ask(queries.resets)]);
  const happening = (answer: Ranged): ReadonlySet<number> =>
    new Set(answer.series.flatMap(({ points }) => points.filter(([, count]) => count > 0).map(([at]) => pieceAt(at, window))));
  const [born, reset] = [happening(births), happening(resets)];
  const events = Array.from({ length: piecesOf(window) }, (_, at): Events => ({ births: born.has(at), resets: reset.has(at) }));
  return { spans: merged(window, events), warnings: [...births.warnings, ...resets.warnings] };
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

/** How many pieces a window has. */
export function piecesOf({ start, end, step }: UsageWindow): number {
  return Math.max(1, Math.round((end - start) / step));
}

/** Which piece a value belongs to: each stands at the end of its piece. */
export function pieceAt(at: number, window: UsageWindow): number {
  return Math.min(piecesOf(window) - 1, Math.max(0, Math.round((at - window.start) / window.step) - 1));
}
