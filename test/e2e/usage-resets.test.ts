import { type ChildProcess, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bin, end, freePort, run, until } from './testbed/processes.ts';
import { asked, byKey } from './usage-story.ts';

const minute = 60;
const hour = 60 * minute;
const stop = Math.floor(Date.parse('2026-11-20T12:00:00Z') / 1000);
const start = stop - 6 * hour;

/** A counter of one process, in seconds since the window began. */
interface Tale {
  readonly interval: number;
  /** Jobs that scrape it: after how many seconds of a minute, and until when. */
  readonly jobs: readonly { readonly offset: number; readonly until?: number }[];
  readonly begins?: number;
  readonly restarts: readonly number[];
  readonly requests: readonly (readonly [at: number, tokens: number])[];
  readonly counted: number;
}

/** Every other minute one more than the time before, but for some minutes around restarts, after which nothing would have been scraped. */
function steady(restarts: readonly number[]): readonly (readonly [number, number])[] {
  const times = Array.from({ length: 230 }, (_, at) => -1.9 * hour + 2 * minute * at + 1);
  return times.filter((at) => restarts.every((moment) => at < moment - 2 * minute || at > moment)).map((at, index) => [at, 100 + index]);
}

function tale(told: Omit<Tale, 'counted' | 'interval'> & { readonly interval?: number }): Tale {
  const counted = told.requests.filter(([at]) => at > 0 && at <= 6 * hour).reduce((sum, [, tokens]) => sum + tokens, 0);
  return { interval: minute, ...told, counted };
}

const one = [{ offset: 7 }];
const restart = 3 * hour + 11 * minute + 26;
const tales: Readonly<Record<string, Tale>> = {
  'a tenant that came in a burst before a restart': tale({
    jobs: one,
    restarts: [restart],
    requests: [
      [restart - 5 * minute, 50_000],
      [restart + 5 * minute, 30_000],
    ],
  }),
  'a new pod that restarts soon': tale({
    jobs: one,
    begins: restart - 8 * minute,
    restarts: [restart],
    requests: [
      [restart - 5 * minute, 50_000],
      [restart + 5 * minute, 30_000],
    ],
  }),
  'a burst between two scrapes at the beginning of a piece': tale({
    jobs: one,
    restarts: [restart],
    requests: [
      [-hour, 900],
      [3 * hour + 3, 50_000],
      [restart + 5 * minute, 30_000],
    ],
  }),
  'a tenant that is silent for an hour and more after a restart': tale({
    jobs: one,
    restarts: [restart],
    requests: [
      [hour, 50_000],
      [restart + 75 * minute, 30_000],
    ],
  }),
  'a crash loop, scraped twice at other moments': tale({
    interval: 30,
    jobs: [{ offset: 7 }, { offset: 18 }],
    restarts: [restart, restart + 10 * minute, restart + 23 * minute],
    requests: steady([restart, restart + 10 * minute, restart + 23 * minute]),
  }),
  'a copy that went away before a restart': tale({
    interval: 30,
    jobs: [{ offset: 7 }, { offset: 18, until: restart - 20 * minute }],
    restarts: [restart],
    requests: steady([restart]),
  }),
};

/** What was scraped, in OpenMetrics; beside each process another of its jobs that was always there. */
function samples(): string {
  const lines = new Map<string, string[]>();
  const put = (series: string, value: number, at: number): void => {
    lines.set(series, [...(lines.get(series) ?? []), `${series} ${value} ${at}`]);
  };
  for (const [index, { interval, jobs, begins = -2 * hour, restarts, requests }] of Object.values(tales).entries()) {
    for (const [number, { offset, until: last = 7 * hour }] of jobs.entries()) {
      const target = (pod: string): string => `job="t${index}-${number}",instance="${pod}:1064",pod="${pod}",namespace="gw"`;
      for (let at = offset - 2 * hour; at <= Math.min(last, 6 * hour + 10 * minute); at += interval) {
        put(`up{${target(`other-${index}`)}}`, 1, start + at);
        if (at < begins) continue;
        put(`up{${target(`pod-${index}`)}}`, 1, start + at);
        const since = Math.max(-2 * hour, ...restarts.filter((moment) => moment <= at));
        const own = requests.filter(([moment]) => moment >= since && moment <= at);
        const labels = `{${target(`pod-${index}`)},user_id="${index}",gen_ai_request_model="m",gen_ai_token_type="input"}`;
        if (own.length > 0)
          put(
            `gen_ai_client_token_usage_sum${labels}`,
            own.reduce((sum, [, tokens]) => sum + tokens, 0),
            start + at,
          );
      }
    }
  }
  const byName = [...lines].sort(([left], [right]) => (left < right ? -1 : 1));
  return `${byName.flatMap(([, each]) => each).join('\n')}\n# EOF\n`;
}

describe.each([
  ['3.16', 'prometheus'],
  ['2.55', 'prometheus2'],
])('counters that are reset, as Prometheus %s has them', (_, program) => {
  describe.skipIf(!existsSync(join(bin, program)) || !existsSync(join(bin, 'promtool')))('are counted as they were scraped', () => {
    const folder = mkdtempSync(join(tmpdir(), 'usage-resets-'));
    let prometheus: ChildProcess;
    let url: string;

    beforeAll(async () => {
      const text = join(folder, 'samples.txt');
      writeFileSync(text, samples());
      const made = spawnSync(join(bin, 'promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', text, join(folder, 'data')]);
      expect(made.status, made.stderr.toString('utf8')).toBe(0);
      writeFileSync(join(folder, 'prometheus.yml'), '');
      const port = await freePort();
      url = `http://127.0.0.1:${port}`;
      const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`, '--storage.tsdb.retention.time=10y'];
      prometheus = run(join(bin, program), [...flags, `--web.listen-address=127.0.0.1:${port}`], join(folder, 'prometheus.log'));
      await until('Prometheus', async () => ((await fetch(`${url}/-/ready`).catch(() => null))?.ok ? true : null));
    }, 60_000);

    afterAll(async () => {
      await end(prometheus);
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(Object.entries(tales))('%s', async (name, { counted }) => {
      const caller = String(Object.keys(tales).indexOf(name));
      const window = { start, end: stop, step: hour / 2 };
      const where = [{ label: 'user_id', op: '=', value: caller }] as const;
      const question = { by: ['user_id'], window, apart: false, where, types: null, requests: false, priced: false };
      const answers = [await asked(url, question), await asked(url, { ...question, coarse: 'unseen' })];
      expect(answers.map((usage) => ({ tokens: byKey(usage).get(caller), unsure: usage.unsure }))).toEqual(
        Array.from({ length: 2 }, () => ({ tokens: counted, unsure: 0 })),
      );
    });
  });
});
