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

const wholeOf = (window: UsageWindow): UsageWindow => ({ ...window, step: window.end - window.start });
