import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Usage, UsageQuestion } from '../../src/model/usage.ts';
import { end, until } from './testbed/processes.ts';
import { type Sidecar, startSidecar } from './usage-fleet.ts';
import {
  type Place,
  type Program,
  programPath,
  type RunningStore,
  startMimir,
  startPrometheus,
  startThanos,
  startVictoria,
} from './usage-stores.ts';
import { asked, byKey, callers, differences, discover, everOf, number, quiet, traffic } from './usage-story.ts';

/** Stores of the same minute: by their own scrapes, by remote write, and of two replicas made one. */
const kinds: Readonly<Record<string, readonly Program[]>> = {
  'Prometheus 2.42': ['Prometheus 2.42'],
  'VictoriaMetrics that scrapes': ['victoria-metrics'],
  'VictoriaMetrics that is written to': ['victoria-metrics', 'prometheus'],
  'Thanos over two replicas': ['thanos', 'prometheus'],
  'Thanos without one of its stores': ['thanos', 'prometheus'],
  'Mimir with tenants': ['mimir', 'prometheus'],
};
const there = (name: string): boolean => (kinds[name] ?? []).every((program) => programPath(program) !== null);
const jobs = ['one', 'two'];
/** `increase` is out by a scrape or two at each end of the piece with the reset, of 16 seconds of traffic; the most of four copies' is taken. */
const aboutReset = 0.25;

interface Story {
  readonly truth: ReadonlyMap<string, number>;
  readonly answers: ReadonlyMap<string, Usage>;
  /** The same window in pieces. */
  readonly pieces: ReadonlyMap<string, Usage>;
  /** The same as one piece, which nobody sees. */
  readonly unseen: ReadonlyMap<string, Usage>;
  /** Its beginning, in which nothing happened to any counter. */
  readonly still: { readonly truth: ReadonlyMap<string, number>; readonly answers: ReadonlyMap<string, Usage> };
}

describe.skipIf(!Object.keys(kinds).some(there))('usage from stores that speak like Prometheus', () => {
  const place: Place = { folder: mkdtempSync(join(tmpdir(), 'usage-stores-')), started: [] };
  const running: Sidecar[] = [];
  let story: Story;

  beforeAll(async () => {
    running.push(await startSidecar('v0.5'), await startSidecar('v0.5'));
    discover(place.folder, running);
    story = await played(place, running, await started(place));
  }, 240_000);

  afterAll(async () => {
    await Promise.all(place.started.map(end));
    for (const sidecar of running) await sidecar.stop();
    rmSync(place.folder, { recursive: true, force: true });
  });

  describe.each(Object.keys(kinds))('%s', (name) => {
    it.skipIf(!there(name)).each(['answers', 'unseen'] as const)(
      'is exact by tenant and model where nothing was reset, over copies, births and a new address: %s',
      (how) => {
        const answer = story[how].get(name);
        const steady = callers.filter(({ tenant }) => tenant !== 'team-b').map(({ tenant, model }) => `${tenant} ${model}`);
        const rows = answer === undefined ? new Map<string, number>() : byKey(answer);
        expect(steady.map((key) => [key, rows.get(key) ?? 0])).toEqual(steady.map((key) => [key, story.truth.get(key) ?? 0]));
        expect(answer?.unsure).toBe(0);
      },
    );

    it.skipIf(!there(name))('is exact in a window in which nothing happens', () => {
      const { truth, answers } = story.still;
      const answer = answers.get(name);
      expect(answer === undefined ? {} : Object.fromEntries(byKey(answer))).toEqual(
        Object.fromEntries([...truth].filter(([, tokens]) => tokens > 0)),
      );
    });

    it.skipIf(!there(name)).each(['answers', 'unseen'] as const)('is near the truth where a restart reset the counters: %s', (how) => {
      const answer = story[how].get(name);
      const rows = answer === undefined ? new Map<string, number>() : byKey(answer);
      for (const { tenant, model } of callers.filter(({ tenant }) => tenant === 'team-b')) {
        const truth = story.truth.get(`${tenant} ${model}`) ?? 0;
        expect(Math.abs((rows.get(`${tenant} ${model}`) ?? 0) - truth) / truth, `${tenant} ${model}`).toBeLessThan(aboutReset);
      }
    });

    it.skipIf(!there(name))('has pieces that come to the whole', () => {
      const rows = story.pieces.get(name)?.rows ?? [];
      expect(rows.length).toBeGreaterThan(0);
      for (const { values, tokens, pieces } of rows)
        expect([values, pieces.reduce((sum, piece) => sum + (piece.tokens.input ?? 0), 0)]).toEqual([
          values,
          expect.closeTo(tokens.input ?? 0, 3),
        ]);
    });
  });

  it.skipIf(!there('Thanos without one of its stores'))('says what a store does not answer, and that tokens are missing', () => {
    const [unread] = story.answers.get('Thanos without one of its stores')?.unread ?? [];
    expect(unread?.message).toMatch(/^Prometheus http:\/\/127\.0\.0\.1:\d+ warns: .*127\.0\.0\.1/);
    expect(story.answers.get('Thanos over two replicas')?.unread).toEqual([]);
  });
});

describe.skipIf(programPath('victoria-metrics') === null || programPath('prometheus') === null)('a VictoriaMetrics', () => {
  const place: Place = { folder: mkdtempSync(join(tmpdir(), 'usage-dotted-')), started: [] };
  const running: Sidecar[] = [];

  afterAll(async () => {
    await Promise.all(place.started.map(end));
    for (const sidecar of running) await sidecar.stop();
    rmSync(place.folder, { recursive: true, force: true });
  });

  it('is asked in its own spelling for labels with dots, which Prometheus 3 writes to it', async () => {
    running.push(await startSidecar('v0.4'));
    discover(place.folder, running);
    const store = await startVictoria(place, []);
    const writes = [{ url: `${store.url}/api/v1/write`, headers: {} }];
    const prometheus = await startPrometheus(place, 'prometheus', { jobs, replica: 'a', writes });
    await until('scrapes', async () => ((await number(prometheus.url, 'count(up == 1)')) ?? 0) >= 2 || null);
    await traffic(running, callers, 2);
    await sleep(quiet);
    const start = Math.round(Date.now() / 1000);
    const before = everOf(running);
    await sleep(1500);
    await traffic(running, callers, 5);
    await sleep(quiet);
    const stop = Math.round(Date.now() / 1000);
    const window = { start, end: stop, step: stop - start };
    const by = ['user_namespace', 'gen_ai_request_model'];
    const question: UsageQuestion = { by, window, apart: false, where: [], types: null, requests: true, priced: false };
    const usage = await asked(store.url, question);
    expect(Object.fromEntries(byKey(usage))).toEqual(Object.fromEntries(differences(everOf(running), before)));
  });
});

/** Starts every store that can be. */
async function started(place: Place): Promise<ReadonlyMap<string, RunningStore>> {
  const stores = new Map<string, RunningStore>();
  const add = async (name: string, make: () => Promise<RunningStore>): Promise<RunningStore | null> => {
    if (!there(name)) return null;
    const store = await make();
    stores.set(name, store);
    return store;
  };
  await add('Prometheus 2.42', () => startPrometheus(place, 'Prometheus 2.42', { jobs }));
  await add('VictoriaMetrics that scrapes', () => startVictoria(place, jobs));
  const victoria = await add('VictoriaMetrics that is written to', () => startVictoria(place, []));
  const mimir = await add('Mimir with tenants', () => startMimir(place));
  if (programPath('prometheus') === null) return stores;
  const writes = [
    ...(victoria === null ? [] : [{ url: `${victoria.url}/api/v1/write`, headers: {} }]),
    ...(mimir === null ? [] : [{ url: `${mimir.url}/api/v1/push`, headers: mimir.headers }]),
  ];
  const replicas = [
    await startPrometheus(place, 'prometheus', { jobs, replica: 'a', writes }),
    ...(there('Thanos over two replicas') ? [await startPrometheus(place, 'prometheus', { jobs, replica: 'b' })] : []),
  ];
  await add('Thanos over two replicas', () => startThanos(place, replicas));
  await add('Thanos without one of its stores', () => startThanos(place, replicas, ['127.0.0.1:1']));
  return stores;
}

/** Tokens of three sidecars, one of which begins late and one of which restarts; nothing is counted around each event. */
async function played(place: Place, running: Sidecar[], stores: ReadonlyMap<string, RunningStore>): Promise<Story> {
  const [a, b] = running;
  if (a === undefined || b === undefined) throw new Error('no sidecars');
  for (const [name, store] of stores)
    await until(`${name} to scrape`, async () => ((await number(store.url, 'count(up == 1)', store.headers)) ?? 0) >= 4 || null);
  const ofB = callers.filter(({ tenant }) => tenant === 'team-b');
  const others = callers.filter(({ tenant }) => tenant !== 'team-b');
  await traffic([a, b], callers.slice(0, 5), 4);
  await sleep(quiet);
  const start = Math.round(Date.now() / 1000);
  const before = everOf(running);
  await sleep(1500);
  await Promise.all([traffic([a], others, 8), traffic([b], ofB, 8)]);
  await sleep(quiet);
  const still = Math.round(Date.now() / 1000);
  const [soFar, calm] = [everOf(running), new Map<string, Usage>()];
  await sleep(1500);
  await Promise.all([traffic([a], others, 4), traffic([b], ofB, 4)]);
  await sleep(quiet);
  const stillStop = Math.floor(Date.now() / 1000);
  const stillTruth = differences(everOf(running), soFar);
  b.restart();
  await sleep(quiet);
  const c = await startSidecar('v0.5');
  running.push(c);
  discover(place.folder, running);
  await sleep(3000);
  await Promise.all([traffic([a, c], others, 8), traffic([b], ofB, 8)]);
  await sleep(quiet);
  const stop = Math.round(Date.now() / 1000);
  const truth = differences(everOf(running), before);
  const pieces = Math.floor((stop - start) / 8);
  const window = { start, end: stop, step: (stop - start) / pieces };
  const by = ['user_namespace', 'gen_ai_request_model'];
  const question: UsageQuestion = { by, window, apart: false, where: [], types: null, requests: true, priced: false };
  const answers = new Map<string, Usage>();
  const [apart, unseen] = [new Map<string, Usage>(), new Map<string, Usage>()];
  for (const [name, { url, headers }] of stores) {
    answers.set(name, await asked(url, question, headers));
    apart.set(name, await asked(url, { ...question, apart: true }, headers));
    unseen.set(name, await asked(url, { ...question, coarse: 'unseen' }, headers));
    const calmWindow = { start: still, end: stillStop, step: stillStop - still };
    calm.set(name, await asked(url, { ...question, window: calmWindow, coarse: 'unseen' }, headers));
  }
  return { truth, answers, pieces: apart, unseen, still: { truth: stillTruth, answers: calm } };
}
