import { setMaxListeners } from 'node:events';
import { ReadError } from '../model/source.ts';

/** How a run is cut short by --timeout or a signal. */
export interface Ending {
  /** The answer of `asked`, or a ReadError as soon as the run is cut short. */
  atOnce<T>(what: string, asked: () => Promise<T>): Promise<T>;
  /** The same, but leaves a moment to make something of what was already read. */
  soon<T>(what: string, asked: () => Promise<T>): Promise<T>;
}

/** Time for facts to settle with what they have: of 300 proxies, 299 may have been read. */
const graceMs = 400;

/** An ending made of a signal whose reason may be a ReadError that says why; without a signal nothing is cut short. */
export function endingOf(signal: AbortSignal | undefined): Ending {
  if (signal === undefined) return { atOnce: (_, asked) => asked(), soon: (_, asked) => asked() };
  const late = new AbortController();
  // Every gathering over the same signal listens: many are no leak.
  setMaxListeners(0, signal);
  onAbort(signal, () => setTimeout(() => late.abort(signal.reason), graceMs).unref());
  return { atOnce: racing(signal), soon: racing(late.signal) };
}

function onAbort(signal: AbortSignal, act: () => void): void {
  if (signal.aborted) act();
  else signal.addEventListener('abort', act, { once: true });
}

/** One listener for all questions under way: a thousand of them would each look for their own among a thousand to be rid of it. */
function racing(signal: AbortSignal): Ending['atOnce'] {
  const underWay = new Set<() => void>();
  onAbort(signal, () => {
    for (const end of underWay) end();
  });
  return (what, asked) => {
    if (signal.aborted) return Promise.reject(cutShort(signal, what));
    return new Promise((resolve, reject) => {
      const end = (): void => reject(cutShort(signal, what));
      underWay.add(end);
      asked()
        .then(resolve, reject)
        .finally(() => underWay.delete(end));
    });
  };
}

function cutShort(signal: AbortSignal, what: string): ReadError {
  const { reason } = signal;
  if (reason instanceof ReadError) return new ReadError(reason.reason, what, reason.message, { cause: reason });
  return new ReadError('interrupted', what, 'the run was interrupted before this was read', { cause: reason });
}
