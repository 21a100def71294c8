import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { totalOf, type Usage, type UsageQuestion } from '../../src/model/usage.ts';
import { bin, end, freePort, run, until } from './testbed/processes.ts';
import { type Sidecar, startSidecar } from './usage-fleet.ts';
import { asked, byKey, callers, differences, discover, everOf, number, quiet, traffic } from './usage-story.ts';

const by = ['user_namespace', 'gen_ai_request_model'];

interface Told {
  readonly truth: ReadonlyMap<string, number>;
  readonly usage: Usage;
  /** The same as one piece, which nobody sees. */
  readonly unseen: Usage;
}

/** Tokens counted within the window by "tenant model type", and what Prometheus made of them. */
interface Story {
  readonly truth: ReadonlyMap<string, number>;
  readonly whole: Usage;
  /** The same as one piece, which nobody sees. */
  readonly unseen: Usage;
  /** A window in which nothing but births happened, as one piece. */
  readonly born: Told;
  /** What was counted and answered while the jobs were renamed and the targets got another label. */
  readonly renamed: Told;
  /** The same while a metric relabeling began to add a label: the targets stay what they are. */
  readonly relabeled: Told;
  /** Inputs alone, without a mapping that would say by what to group. */
  readonly inputs: Usage;
}

describe.each([
  ['3.16', 'prometheus'],
  ['2.55', 'prometheus2'],
])('usage from Prometheus %s', (_, program) => {
  describe.skipIf(!existsSync(join(bin, program)))('against what was really counted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'usage-'));
    let prometheus: ChildProcess;
    let story: Story;
    const running: Sidecar[] = [];

    beforeAll(async () => {
      const [a, b] = [await started(running, 'v0.4'), await started(running, 'v0.4')];
      discover(folder, [a, b]);
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      prometheus = run(join(bin, program), prometheusArgs(folder, port), join(folder, 'prometheus.log'));
      await until('both jobs scrape', async () => ((await number(url, 'count(up == 1)')) === 4 ? true : null));
      story = await played({ folder, url, a, b, running, pid: prometheus.pid ?? 0 });
    }, 240_000);

    afterAll(async () => {
      await end(prometheus);
      for (const sidecar of running) await sidecar.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(['whole', 'unseen'] as const)(
      'is exact by tenant and model, over a gap of scrapes, copies, births and an upgrade: %s',
      (what) => {
        const rows = byKey(story[what]);
        const exact = callers.filter(({ tenant }) => tenant !== 'team-b');
        const wanted = exact.map((caller) => [
          `${caller.tenant} ${caller.model}`,
          story.truth.get(`${caller.tenant} ${caller.model}`) ?? 0,
        ]);
        expect(exact.map((caller) => [`${caller.tenant} ${caller.model}`, rows.get(`${caller.tenant} ${caller.model}`) ?? 0])).toEqual(
          wanted,
        );
      },
    );

    it.each(['whole', 'unseen'] as const)(
      'is near the truth for counters that a restart reset, by what increase() estimates: %s',
      (what) => {
        const rows = byKey(story[what]);
        for (const { tenant, model } of callers.filter(({ tenant }) => tenant === 'team-b')) {
          const truth = story.truth.get(`${tenant} ${model}`) ?? 0;
          const error = Math.abs((rows.get(`${tenant} ${model}`) ?? 0) - truth) / truth;
          expect(error, `${tenant} ${model}`).toBeLessThan(0.15);
        }
      },
    );

    it('is exact for births alone, in one look and one more', () => {
      const { truth, usage, unseen } = story.born;
      const wanted = Object.fromEntries([...truth].filter(([, tokens]) => tokens > 0));
      expect([usage, unseen].map((each) => Object.fromEntries(byKey(each)))).toEqual([wanted, wanted]);
      expect([usage.unsure, unseen.unsure]).toEqual([0, 0]);
    });

    it('says nothing of doubt when every counter was seen from its beginning', () => {
      expect([story.whole.unsure, story.unseen.unsure]).toEqual([0, 0]);
      expect(story.whole.notes.some((note) => note.includes('spellings are added up'))).toBe(true);
    });

    it('groups by model where nothing says whose tokens they are, and adds only what is asked', () => {
      expect(story.inputs.by).toEqual(['gen_ai_request_model']);
      const [inputs, whole] = [story.inputs, story.whole].map(({ rows }) => rows.reduce((sum, { tokens }) => sum + (tokens.input ?? 0), 0));
      expect(inputs).toBeCloseTo(whole ?? Number.NaN, 3);
      expect(totalOf({ tokens: story.inputs.rows[0]?.tokens ?? {} }, story.inputs.counted)).toBe(story.inputs.rows[0]?.tokens.input);
    });

    it.each([
      ['renamed', 'usage'],
      ['renamed', 'unseen'],
      ['relabeled', 'usage'],
      ['relabeled', 'unseen'],
    ] as const)('counts nothing twice when series are %s, and tells its doubt: %s', (what, how) => {
      const { truth, [how]: usage } = story[what];
      // What a caller's first request brought in the same piece as the change is doubt; nothing is ever counted that was not.
      for (const [caller, tokens] of [...truth].filter(([, tokens]) => tokens > 0)) {
        const share = (byKey(usage).get(caller) ?? 0) / tokens;
        expect({ caller, over: share > 1, under: share < 0.9 }, `${share}`).toEqual({ caller, over: false, under: false });
      }
      expect(usage.unsure).toBeGreaterThan(0);
    });

    it('counts requests by the histogram', () => {
      expect(story.whole.rows.every(({ requests }) => (requests ?? 0) > 0)).toBe(true);
    });
  });
});

async function started(running: Sidecar[], release: 'v0.4' | 'v0.5'): Promise<Sidecar> {
  const sidecar = await startSidecar(release);
  running.push(sidecar);
  return sidecar;
}

interface Stage {
  readonly folder: string;
  readonly url: string;
  readonly a: Sidecar;
  readonly b: Sidecar;
  readonly running: Sidecar[];
  readonly pid: number;
}

/** A minute in the life of a gateway. Nothing is counted for two scrapes around each event, so that the truth at an instant is known. */
async function played({ folder, url, a, b, running, pid }: Stage): Promise<Story> {
  const known = callers.slice(0, 5);
  await traffic([a, b], known.slice(0, 3), 6);
  await sleep(quiet);
  const first = Math.round(Date.now() / 1000);
  const early = everOf(running);
  await sleep(1500);
  await traffic([a, b], known, 6);
  await sleep(2 * quiet);
  const born = await told(url, running, { start: first, before: early });
  const start = Math.round(Date.now() / 1000);
  const before = everOf(running);
  await sleep(1500);
  // team-b is on the sidecar that restarts, the others on both that do not.
  await traffic(
    [a],
    callers.filter(({ tenant }) => tenant !== 'team-b'),
    12,
  );
  await traffic(
    [b],
    callers.filter(({ tenant }) => tenant === 'team-b'),
    12,
  );
  await sleep(quiet);
  b.restart();
  await sleep(quiet);
  await traffic(
    [b],
    callers.filter(({ tenant }) => tenant === 'team-b'),
    8,
  );
  a.silent = true;
  await traffic(
    [a],
    callers.filter(({ tenant }) => tenant !== 'team-b'),
    4,
  );
  a.silent = false;
  await sleep(quiet);
  const c = await started(running, 'v0.5');
  discover(folder, [b, c]);
  await sleep(3000);
  await traffic(
    [c],
    callers.filter(({ tenant }) => tenant !== 'team-b'),
    8,
  );
  await sleep(quiet);
  const stop = Math.round(Date.now() / 1000);
  const window = windowOf(start, stop);
  const truth = differences(everOf(running), before);
  const question = { by, window, apart: false, where: [], types: null, requests: true, priced: false };
  const [whole, unseen] = [await asked(url, question), await asked(url, { ...question, coarse: 'unseen' })];
  const inputs = await asked(url, { by: null, window, apart: false, where: [], types: ['input'], requests: false, priced: false });
  const changing = { url, running, b, c };
  const reload = (labels: Parameters<typeof writeConfiguration>[2]): void => {
    writeConfiguration(folder, ['uno', 'dos'], labels);
    process.kill(pid, 'SIGHUP');
  };
  const renamed = await changed({ ...changing, sign: 'count(up{zone="z1"} == 1)' }, () => reload({ target: { zone: 'z1' } }));
  const relabeled = await changed({ ...changing, sign: 'count(count by (job, instance) ({tier="gold"}))' }, () =>
    reload({ target: { zone: 'z1' }, metric: { tier: 'gold' } }),
  );
  return { truth, whole, unseen, born, inputs, renamed, relabeled };
}

interface Changing extends Pick<Stage, 'url' | 'running' | 'b'> {
  readonly c: Sidecar;
  /** Four when all targets are scraped anew. */
  readonly sign: string;
}

/** A change after which every series begins anew, at a value that was counted before. */
async function changed({ url, running, b, c, sign }: Changing, change: () => void): Promise<Told> {
  const start = Math.round(Date.now() / 1000);
  const before = everOf(running);
  await sleep(1500);
  await traffic([b, c], callers, 5);
  await sleep(quiet);
  change();
  await until('the targets are scraped anew', async () => ((await number(url, sign)) === 4 ? true : null));
  await sleep(quiet);
  await traffic([b, c], callers, 5);
  await sleep(quiet);
  return told(url, running, { start, before });
}

/** What was counted since a moment, and what usage says of it. */
async function told(
  url: string,
  running: readonly Sidecar[],
  { start, before }: { readonly start: number; readonly before: ReadonlyMap<string, number> },
): Promise<Told> {
  const window = windowOf(start, Math.round(Date.now() / 1000));
  const question = { by, window, apart: false, where: [], types: null, requests: false, priced: false };
  const truth = differences(everOf(running), before);
  return { truth, usage: await asked(url, question), unseen: await asked(url, { ...question, coarse: 'unseen' }) };
}

function windowOf(start: number, stop: number): UsageQuestion['window'] {
  const pieces = Math.floor((stop - start) / 8);
  return { start, end: stop, step: (stop - start) / pieces };
}

function prometheusArgs(folder: string, port: number): readonly string[] {
  const file = writeConfiguration(folder, ['one', 'two'], { target: {} });
  return [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, `--web.listen-address=127.0.0.1:${port}`, '--log.level=error'];
}

type Row = Readonly<Record<string, string>>;

/** Jobs that scrape the same addresses. */
function writeConfiguration(folder: string, jobs: readonly string[], labels: { readonly target: Row; readonly metric?: Row }): string {
  const discovery = [{ files: [join(folder, 'targets.json')], refresh_interval: '1s' }];
  const rules = (row: Row): unknown => Object.entries(row).map(([name, value]) => ({ target_label: name, replacement: value }));
  const relabelings = { relabel_configs: rules(labels.target), metric_relabel_configs: rules(labels.metric ?? {}) };
  const scrapes = jobs.map((name) => ({ job_name: name, file_sd_configs: discovery, ...relabelings }));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, stringify({ global: { scrape_interval: '1s', scrape_timeout: '1s' }, scrape_configs: scrapes }));
  return file;
}
