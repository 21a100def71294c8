import type { UsageQuestion, UsageWindow } from '../model/usage.ts';
import { piecesOf } from './usage-growth.ts';

/**
 * Series times pieces that a Prometheus matches in a few seconds where counters begin or are reset: 24 µs each on two busy cores. Longer pieces are as
 * exact, but for more doubt about counters that began after a restart.
 */
const affordable = 250_000;

type Cut = Pick<UsageQuestion, 'window' | 'coarse'>;

/** The pieces of a first look: one where nobody ever sees them. */
export function glancedPieces({ window, coarse }: Cut): UsageWindow {
  return coarse === 'unseen' ? wholeOf(window) : window;
}

/** Pieces in which something that happens is matched: longer ones where they may be and there are many series. */
export function matchedPieces({ window, coarse }: Cut, series: number): UsageWindow {
  if (coarse === undefined) return window;
  const pieces = piecesOf(window);
  const factors = Array.from({ length: pieces }, (_, at) => at + 1).filter((factor) => pieces % factor === 0);
  const factor = factors.find((each) => (pieces / each) * series <= affordable) ?? pieces;
  return { ...window, step: window.step * factor };
}

/**
 * The parts of pieces in which counters are reset: `increase` misses what came before a part's first sample, which a scrape's length makes the least.
 * As many as are affordable; at least one a piece.
 */
export function resetParts<T extends UsageWindow>(
  span: T,
  { interval, series }: { readonly interval: number; readonly series: number },
): T {
  const most = Math.min(span.step / interval, affordable / (Math.max(1, series) * piecesOf(span)));
  const counts = Array.from({ length: Math.max(1, Math.floor(most)) }, (_, at) => at + 1);
  const parts = counts.findLast((each) => Number.isInteger((span.step * 1000) / each)) ?? 1;
  return { ...span, step: span.step / parts };
}

const wholeOf = (window: UsageWindow): UsageWindow => ({ ...window, step: window.end - window.start });
