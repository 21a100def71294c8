/** What a recording may take. */
export interface Limits {
  /** Aborted with a ReadError. */
  readonly signal: AbortSignal;
  /** Of one body, in bytes. */
  readonly largest: number;
}

/** Limits in force. */
export interface Limited extends Limits {
  /** Rejects with the signal's reason: one listener for all that is asked, however much it is. */
  readonly ended: Promise<never>;
}

/** Limits from now on. */
export function limitedBy(limits: Limits): Limited {
  const { signal } = limits;
  const ended = new Promise<never>((_, reject) => {
    const end = (): void => reject(signal.reason);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
  // Nobody may be waiting.
  ended.catch(() => undefined);
  return { ...limits, ended };
}

/** What is read, or the signal's reason as soon as it is aborted. */
export function limited<T>(read: () => Promise<T>, limits: Limited | null): Promise<T> {
  if (limits === null) return read();
  return limits.signal.aborted ? limits.ended : Promise.race([limits.ended, read()]);
}
