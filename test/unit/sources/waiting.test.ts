import { describe, expect, it } from 'vitest';
import { ReadError } from '../../../src/model/source.ts';
import { sleep, startDeadline } from '../../../src/sources/deadline.ts';
import { gate } from '../../../src/sources/gate.ts';
import { retryAfterMs, retryDelay } from '../../../src/sources/retry.ts';

const never = new AbortController().signal;
const late = () => new ReadError('timeout', 'wait', 'late');
const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('a deadline', () => {
  it('aborts with the error of who is late', async () => {
    const { signal } = startDeadline(30, never, 'wait', late);
    await pass(90);
    expect(signal.reason).toMatchObject({ reason: 'timeout', message: 'late' });
  });

  it('does not count what the reader takes', async () => {
    const deadline = startDeadline(60, never, 'wait', late);
    deadline.pause();
    await pass(120);
    deadline.resume();
    expect(deadline.signal.aborted).toBe(false);
    await pass(120);
    expect(deadline.signal.aborted).toBe(true);
  });

  it('does not count work of this process', async () => {
    const deadline = startDeadline(2000, never, 'wait', late);
    const until = performance.now() + 150;
    while (performance.now() < until);
    await pass(1);
    expect(deadline.signal.aborted).toBe(false);
    expect(deadline.left()).toBeGreaterThan(2000 - 140);
    deadline.end();
  });

  it('of 0 never comes', async () => {
    const deadline = startDeadline(0, never, 'wait', late);
    expect(deadline.left()).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['a ReadError', new ReadError('timeout', 'run', 'the run is over'), 'the run is over'],
    ['anything else', new Error('SIGINT'), 'interrupted while it was asked to wait'],
  ])('passes on %s of the outer signal', (_, reason, message) => {
    const outer = new AbortController();
    const deadline = startDeadline(0, outer.signal, 'wait', late);
    outer.abort(reason);
    expect(deadline.signal.reason).toMatchObject({ message });
  });
});

describe('a sleep', () => {
  it('ends with its signal', async () => {
    await expect(sleep(60_000, AbortSignal.abort(new Error('up')))).rejects.toThrow('up');
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('up')), 10);
    await expect(sleep(60_000, controller.signal)).rejects.toThrow('up');
  });
});

describe('a gate', () => {
  it('lets in as many as it may, in order', async () => {
    const { enter } = gate(2);
    const seen: number[] = [];
    const first = await enter();
    await enter();
    const third = enter().then((leave) => {
      seen.push(3);
      return leave;
    });
    const fourth = enter().then(() => seen.push(4));
    await pass(5);
    expect(seen).toEqual([]);
    first();
    first();
    (await third)();
    await fourth;
    expect(seen).toEqual([3, 4]);
  });

  it('turns everyone away once it is shut', async () => {
    const { enter, shut } = gate(1);
    await enter();
    const waiting = enter();
    shut(new Error('closed'));
    await expect(waiting).rejects.toThrow('closed');
    await expect(enter()).rejects.toThrow('closed');
  });
});

describe('a retry', () => {
  it.each([
    [200, undefined, 0, null],
    [403, undefined, 0, null],
    [429, '7', 0, 7000],
    [503, '0', 2, 0],
    [500, undefined, 1, null],
  ])('of %i with Retry-After %s after %i retries waits %s', (status, wait, retries, delay) => {
    expect(retryDelay({ status, headers: wait === undefined ? {} : { 'retry-after': wait } }, retries)).toBe(delay);
  });

  it('waits longer each time', () => {
    const delays = [0, 1, 2].map((retries) => retryDelay({ status: 503, headers: {} }, retries) ?? 0);
    expect(delays[0]).toBeGreaterThan(100);
    expect(delays[1]).toBeGreaterThan(delays[0] ?? 0);
    expect(delays[2]).toBeLessThan(1100);
  });

  it('reads a date', () => {
    expect(retryAfterMs(new Date(Date.now() + 5000).toUTCString())).toBeGreaterThan(3000);
    expect(retryAfterMs(new Date(0).toUTCString())).toBe(0);
    expect(retryAfterMs('soon')).toBeNull();
  });
});
