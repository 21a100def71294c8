import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { serve } from '../../src/sandbox/serve.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { freePort, until } from '../e2e/testbed/processes.ts';
import { type Ran, run } from './doctor.ts';
import { interleaved, type Result, ratios, skipped, spreadOf, withBundle } from './measure.ts';

const world = 'healthy-v1.1';
const bin = join(homedir(), '.cache/tokmeter-testbed/bin');
/** 50,000 series of tokens by 2,500 users on 10 models, and half as many of their requests, over a quarter of a day. */
const [users, models, hours, interval] = [2500, 10, 6, 300];

const whats = {
  time: { what: 'usage: whole process over bare undici making the same requests to Prometheus (50,000 series, 6 hours)', goal: '≤ 2' },
  increase: {
    what: 'usage: whole process over one sum by (increase) for each of its two figures, asked at once, which is wrong at births and ends',
    goal: '',
  },
  memory: { what: 'usage: peak memory at 50,000 series', goal: '' },
} as const;

/** usage of the compiled program against a real Prometheus: its time over what Prometheus itself takes, and its memory. */
export async function usageBench(rounds: number): Promise<readonly Result[]> {
  const missing = !existsSync('dist/cli.js')
    ? 'not built (npm run build)'
    : !existsSync(join(bin, 'promtool')) || !existsSync(join(bin, 'prometheus'))
      ? 'no prometheus (test/e2e/testbed/build-assets.sh)'
      : (await listWorlds()).includes(world)
        ? null
        : `no recording of ${world}`;
  if (missing !== null) return Object.values(whats).map(({ what, goal }) => skipped(what, goal, missing));
  const folder = await mkdtemp(join(tmpdir(), 'tokmeter-usage-'));
  try {
    return await withPrometheus(folder, (prometheus, end) => measured(folder, { prometheus, end, rounds: Math.min(rounds, 5) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Bench {
  readonly prometheus: string;
  /** The last moment that is stored. */
  readonly end: number;
  readonly rounds: number;
}

async function measured(folder: string, { prometheus, end, rounds }: Bench): Promise<readonly Result[]> {
  const served = await serve((await loadWorld(world)).snapshot);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, served.kubeconfig);
  const usage = (url: string): Promise<Ran> => {
    const window = ['--start', String(end - hours * 3600), '--end', String(end)];
    return run(['bin/tokmeter.js', 'usage', '--kubeconfig', kubeconfig, '--prometheus', url, ...window, '-o', 'json'], folder);
  };
  try {
    const plan = join(folder, 'plan.json');
    await writeFile(plan, JSON.stringify(await requestsOf(prometheus, usage)));
    const increases = join(folder, 'simple.json');
    await writeFile(increases, JSON.stringify([['sum', 'count'].map((part) => increaseOf(prometheus, part, end))]));
    return await withBundle('bare-queries.ts', async (program) => {
      const runs: Ran[] = [];
      const times = await interleaved(rounds, {
        bare: async () => (await run([program, plan], folder)).seconds,
        simple: async () => (await run([program, increases], folder)).seconds,
        usage: async () => {
          const ran = await usage(prometheus);
          runs.push(ran);
          return ran.seconds;
        },
      });
      const spread = ratios(times.usage, times.bare);
      const simple = ratios(times.usage, times.simple);
      const took = (name: keyof typeof times): string => `${Math.round(1000 * spreadOf(times[name]).median)} ms`;
      const peak = spreadOf(runs.map(({ peakMegabytes }) => peakMegabytes));
      return [
        { ...whats.time, spread, unit: '×', met: spread.median <= 2, note: `${took('usage')} over ${took('bare')}` },
        { ...whats.increase, spread: simple, unit: '×', met: null, note: `over ${took('simple')}` },
        { ...whats.memory, spread: peak, unit: 'MB', met: null, note: '' },
      ];
    });
  } finally {
    await served.close();
  }
}

function increaseOf(prometheus: string, part: string, end: number): string {
  const query = `sum by (user_namespace, user_id, gen_ai_token_type) (increase(gen_ai_client_token_usage_${part}[${hours}h]))`;
  return `${prometheus}/api/v1/query?${new URLSearchParams({ query, time: String(end) })}`;
}

/** What a run of usage asks of Prometheus: one after the other, but for the range queries, which it asks at once. */
async function requestsOf(prometheus: string, usage: (url: string) => Promise<unknown>): Promise<readonly (readonly string[])[]> {
  const seen: string[] = [];
  const front = createServer((asked, answer) => {
    const url = `${prometheus}${asked.url ?? ''}`;
    if (asked.url?.startsWith('/api/v1/') === true) seen.push(url);
    httpRequest(url, { headers: asked.headers }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      reply.pipe(answer);
    }).end();
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  await usage(`http://127.0.0.1:${(front.address() as AddressInfo).port}`);
  front.closeAllConnections();
  front.close();
  const isRange = (url: string): boolean => url.includes('/query_range?');
  return [...seen.filter((url) => !isRange(url)).map((url) => [url]), seen.filter(isRange)];
}

async function withPrometheus<T>(folder: string, use: (url: string, end: number) => Promise<T>): Promise<T> {
  // In the past, so that no retention and no clock of the served recording matters.
  const end = Math.floor(Date.parse('2026-11-20T12:00:00Z') / 1000);
  const text = join(folder, 'samples.txt');
  await writeSamples(text, end);
  const data = join(folder, 'data');
  const made = spawnSync(join(bin, 'promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', '--max-block-duration=1d', text, data]);
  if (made.status !== 0) throw new Error(`promtool: ${made.stderr.toString('utf8')}`);
  await rm(text);
  const port = await freePort();
  await writeFile(join(folder, 'prometheus.yml'), '');
  const flags = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${data}`, '--storage.tsdb.retention.time=10y'];
  const server = spawn(join(bin, 'prometheus'), [...flags, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  try {
    const url = `http://127.0.0.1:${port}`;
    await until('Prometheus', async () => ((await fetch(`${url}/-/ready`).catch(() => null))?.ok ? true : null));
    return await use(url, end);
  } finally {
    await ended(server);
  }
}

function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  return gone;
}

/** Counters that each grow by their own amount, in OpenMetrics, series by series. */
async function writeSamples(file: string, end: number): Promise<void> {
  const out = createWriteStream(file);
  const target = 'job="sidecars",instance="10.0.0.1:1064",pod="envoy-1",namespace="gateways"';
  const first = end - (hours + 1) * 3600;
  const put = async (series: string, growth: number): Promise<void> => {
    let lines = '';
    for (let at = first, value = growth; at <= end; at += interval, value += growth) lines += `${series} ${value} ${at}\n`;
    if (!out.write(lines)) await new Promise<void>((resolve) => out.once('drain', resolve));
  };
  await put(`up{${target}}`, 0);
  for (let user = 0; user < users; user += 1) {
    for (let model = 0; model < models; model += 1) {
      for (const type of ['input', 'output']) {
        const labels = `{${target},user_namespace="team-${user % 50}",user_id="user-${user}",gen_ai_request_model="model-${model}",gen_ai_token_type="${type}"}`;
        await put(`gen_ai_client_token_usage_sum${labels}`, 1 + ((user * 7 + model) % 900));
        if (type === 'input') await put(`gen_ai_client_token_usage_count${labels}`, 1);
      }
    }
  }
  out.end('# EOF\n');
  await finished(out);
}
