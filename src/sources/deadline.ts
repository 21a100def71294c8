import { performance } from 'node:perf_hooks';
import { ReadError } from '../model/source.ts';

/** How long one request may take, body included. Its signal aborts with a ReadError: `timeout`, or whatever the outer signal was aborted with. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds left. */
  left(): number;
  /** Stops the clock while the reader, not the network, is at work. */
  pause(): void;
  resume(): void;
  /** Forgets the timer; to be called once the request is over. */
  end(): void;
}

/** An error for a request that the outer signal ended. */
export function interruption(signal: AbortSignal, what: string): ReadError {
  return signal.reason instanceof ReadError
    ? signal.reason
    : new ReadError('interrupted', what, `interrupted while it was asked to ${what}`);
}

/**
 * Starts the clock of one request. What counts is time in which this process sat idle: a slow answer is told from a busy reader, up to three
 * times the limit. A limit of 0 means none, as kubectl's --request-timeout.
 */
export function startDeadline(limitMs: number, outer: AbortSignal, what: string, late: () => ReadError): Deadline {
  const controller = new AbortController();
  const clock = idleClock();
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const left = () => (limitMs === 0 ? Number.POSITIVE_INFINITY : limitMs - clock.spent());
  const interrupt = () => controller.abort(interruption(outer, what));
  const arm = () => {
    clearTimeout(timer);
    if (limitMs === 0 || ended || controller.signal.aborted) return;
    if (left() < 1) return controller.abort(late());
    timer = setTimeout(arm, left());
  };
  if (outer.aborted) interrupt();
  outer.addEventListener('abort', interrupt);
  arm();
  return {
    signal: controller.signal,
    left,
    pause: () => {
      clock.stop();
      clearTimeout(timer);
    },
    resume: () => {
      clock.start();
      arm();
    },
    end: () => {
      ended = true;
      clearTimeout(timer);
      outer.removeEventListener('abort', interrupt);
    },
  };
}

function idleClock(): { spent(): number; stop(): void; start(): void } {
  let before = 0;
  let since: { wall: number; idle: number } | null = now();
  const current = () => (since === null ? 0 : Math.max(now().idle - since.idle, (now().wall - since.wall) / 3));
  return {
    spent: () => before + current(),
    stop: () => {
      before += current();
      since = null;
    },
    start: () => {
      since ??= now();
    },
  };
}

function now(): { wall: number; idle: number } {
  return { wall: performance.now(), idle: performance.eventLoopUtilization().idle };
}

/** Sleeps, or fails with the signal's reason. */
export function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
}

/** A promise, or the signal's reason as soon as it is aborted. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
