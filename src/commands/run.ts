import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EarlyEnd } from '../engine/exit-code.ts';
import { ReadError } from '../model/source.ts';
import type { RunFlags } from './flags.ts';
import { type Progress, progressOf } from './progress.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';
import { milliseconds } from './values.ts';

/** One run of doctor or get: what can end it early, and what it tells meanwhile. */
export interface Run {
  /** Aborted, with a ReadError as its reason, by --timeout or a signal. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  ended(): EarlyEnd | null;
  clock(): number;
  /** Resolves after so long, or at once when the run is cut short. */
  pause(milliseconds: number): Promise<void>;
  stop(): void;
}

const defaultTimeoutMs = 60_000;
/** What a timer of node holds; more would fire at once. */
const longestMs = 2 ** 31 - 1;

/** Starts a run; `waitMs` is the time that --wait adds when no --timeout is given. */
export function startRun(flags: RunFlags, shell: Shell, waitMs: number): Run {
  const limit = flags.timeout === undefined ? defaultTimeoutMs + waitMs : milliseconds('--timeout', flags.timeout);
  const controller = new AbortController();
  let timedOut = false;
  const timer = setTimeout(
    () => {
      timedOut = true;
      controller.abort(new ReadError('timeout', 'run', `not read before --timeout ended the run after ${limit / 1000}s`));
    },
    Math.min(limit, longestMs),
  );
  if (limit === 0) clearTimeout(timer);
  const interrupted = (): void => controller.abort(new ReadError('interrupted', 'run', 'not read before the run was interrupted'));
  if (shell.interrupt.aborted) interrupted();
  shell.interrupt.addEventListener('abort', interrupted, { once: true });
  const progress = progressOf(shell, verbosity(flags.v), flags.quiet === true);
  return {
    signal: controller.signal,
    progress,
    ended: () => shell.interruptedBy() ?? (timedOut ? 124 : null),
    clock: () => performance.now(),
    pause: (duration) => sleep(duration, undefined, { signal: controller.signal }).catch(() => undefined),
    stop: () => {
      clearTimeout(timer);
      shell.interrupt.removeEventListener('abort', interrupted);
      progress.stop();
    },
  };
}

/** What is awaited, or the signal's reason as soon as it is aborted: opening a cluster may run a program that hangs. */
export function cutShortBy<T>(signal: AbortSignal, awaited: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    awaited.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** -v, -v=6, -v 6. */
function verbosity(value: string | true | undefined): number {
  if (value === undefined) return 0;
  if (value === true) return 1;
  const digits = value.replace(/^=/, '');
  if (!/^\d+$/.test(digits)) throw new UsageError(`-v takes a number from 0 to 9, not "${value}"`);
  return Number(digits);
}
