import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ReadError } from '../../src/model/source.ts';
import type { UsageQuestion } from '../../src/model/usage.ts';
import { end, until } from './testbed/processes.ts';
import { type Sidecar, startSidecar } from './usage-fleet.ts';
import { type Place, programPath, startPrometheus, startVictoria } from './usage-stores.ts';
import { asked, callers, discover, number, traffic } from './usage-story.ts';

/** Flags that make a store refuse, and the one sentence that usage says. */
const limits = [
  [
    'Prometheus, of samples',
    'prometheus',
    ['--query.max-samples=100'],
    /too many samples into memory.*; a shorter --since, or --where, asks for less$/,
  ],
  ['Prometheus, of time', 'prometheus', ['--query.timeout=1ms'], /query timed out in .*; a shorter --since, or --where, asks for less$/],
  ['Prometheus 2.42, of samples', 'Prometheus 2.42', ['--query.max-samples=100'], /too many samples into memory.*; a shorter --since/],
  [
    'VictoriaMetrics, of series',
    'victoria-metrics',
    ['-search.maxUniqueTimeseries=3'],
    /matching timeseries exceeds 3.*; a shorter --since/,
  ],
] as const;

describe('the limits of a store', () => {
  const place: Place = { folder: mkdtempSync(join(tmpdir(), 'usage-limits-')), started: [] };
  const running: Sidecar[] = [];

  beforeAll(async () => {
    running.push(await startSidecar('v0.5'), await startSidecar('v0.5'));
    discover(place.folder, running);
    await traffic(running, callers, 1);
  });

  afterAll(async () => {
    await Promise.all(place.started.map(end));
    for (const sidecar of running) await sidecar.stop();
    rmSync(place.folder, { recursive: true, force: true });
  });

  const question = (seconds: number): UsageQuestion => {
    const now = Math.floor(Date.now() / 1000);
    return {
      by: ['user_namespace'],
      window: { start: now - seconds, end: now, step: seconds / 10 },
      apart: false,
      where: [],
      types: null,
      requests: true,
      priced: false,
    };
  };

  describe.each(limits.map((limit) => [...limit] as const))('of %s', (_, program, flags, sentence) => {
    it.skipIf(programPath(program) === null)('are one sentence that says what asks for less', async () => {
      const store =
        program === 'victoria-metrics'
          ? await startVictoria(place, ['one'], flags)
          : await startPrometheus(place, program, { jobs: ['one'], flags });
      // A limit may forbid even this question.
      await until('scrapes', async () => ((await number(store.url, 'up')) ?? 0) > 0 || null, 8).catch(() => null);
      await traffic(running, callers, 3);
      const error = await asked(store.url, question(600)).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(ReadError);
      const { message } = error as ReadError;
      expect(message).toMatch(sentence);
      expect({ lines: message.split('\n').length, long: message.length > 500 }).toEqual({ lines: 1, long: false });
    });
  });

  it.skipIf(programPath('prometheus') === null)('of retention are told beside the numbers', async () => {
    const store = await startPrometheus(place, 'prometheus', { jobs: ['one'], flags: ['--storage.tsdb.retention.time=1d'] });
    await until('scrapes', async () => ((await number(store.url, 'count(up == 1)')) === 2 ? true : null));
    await traffic(running, callers, 3);
    const { notes } = await asked(store.url, question(3 * 86_400));
    expect(notes).toContainEqual(expect.stringMatching(/^Prometheus http:\S+ keeps 1d: what is older is not in these numbers$/));
  });
});
