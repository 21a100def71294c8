import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { RecordedGet, Snapshot } from '../../src/model/snapshot.ts';
import type { Asked } from '../../src/sandbox/asked.ts';
import { scale } from '../../src/sandbox/scale.ts';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { bigExposition } from './big-exposition.ts';
import { interleaved, type Result, ratios, skipped, spreadOf, withBundle } from './measure.ts';

const world = 'healthy-v1.1';
const [few, many, most] = [3, 300, 1000];
// A run with many proxies takes seconds.
const fewRounds = 3;
// 17 lines a token set, and half as many for the durations.
const setsOf5000Series = Math.round(5000 / 25.5);

const whats = {
  time: { what: `doctor: whole process over bare undici making the same requests (${few} proxies)`, goal: '≤ 1.5' },
  timeAtMany: { what: `doctor: whole process over bare undici making the same requests (${many} proxies)`, goal: '≤ 1.5' },
  growthOfTime: { what: `doctor: CPU time at ${most} proxies over ${many}`, goal: '≤ 4' },
  calls: { what: `doctor: API calls at ${many} proxies over ${few}, tunnels left out`, goal: '= 1' },
  tunnels: { what: `doctor: tunnels a proxy at ${many} proxies, those to Prometheus left out`, goal: '= 1' },
  memory: { what: `doctor: peak memory at ${many} proxies × 5,000 series`, goal: '' },
  growth: { what: `doctor: peak memory at ${many} proxies × 5,000 series over ${few} proxies`, goal: '' },
} as const;

/** What bare-requests asks. */
export interface Plan {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
  readonly paths: readonly string[];
  readonly tunnels: readonly { readonly path: string; readonly requests: readonly { readonly path: string; readonly accept: string }[] }[];
}

/** doctor of the compiled program against a served recording: its time, its calls, its memory. */
export async function doctorBench(rounds: number): Promise<readonly Result[]> {
  const missing = !existsSync('dist/cli.js')
    ? 'not built (npm run build)'
    : (await listWorlds()).includes(world)
      ? null
      : `no recording of ${world}`;
  if (missing !== null) return Object.values(whats).map(({ what, goal }) => skipped(what, goal, missing));
  const { snapshot } = await loadWorld(world);
  const folder = await mkdtemp(join(tmpdir(), 'tokmeter-doctor-'));
  try {
    return [
      await timeResult(snapshot, folder, { proxies: few, rounds, of: whats.time }),
      await timeResult(snapshot, folder, { proxies: many, rounds: Math.min(rounds, fewRounds), of: whats.timeAtMany }),
      await growthResult(snapshot, folder),
      ...(await callResults(snapshot, folder)),
      ...(await memoryResults(snapshot, folder)),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Timed {
  readonly proxies: number;
  readonly rounds: number;
  readonly of: Pick<Result, 'what' | 'goal'>;
}

async function timeResult(snapshot: Snapshot, folder: string, { proxies, rounds, of }: Timed): Promise<Result> {
  return withServed(scale(snapshot, proxies), folder, async (served, kubeconfig) => {
    await doctor(kubeconfig, folder);
    const plan = join(folder, 'plan.json');
    await writeFile(plan, JSON.stringify(planOf(served)));
    return withBundle('bare-requests.ts', async (program) => {
      const runs: { readonly bare: Ran[]; readonly doctor: Ran[] } = { bare: [], doctor: [] };
      const noted = async (who: 'bare' | 'doctor', ran: Promise<Ran>): Promise<number> => {
        runs[who].push(await ran);
        return (await ran).seconds;
      };
      const times = await interleaved(rounds, {
        bare: () => noted('bare', run([program, plan], folder)),
        doctor: () => noted('doctor', doctor(kubeconfig, folder)),
      });
      const spread = ratios(times.doctor, times.bare);
      return { ...of, spread, unit: '×', met: spread.median <= 1.5, note: `${tookOf(runs.doctor)} over ${tookOf(runs.bare)}` };
    });
  });
}

/** Whether anything grows faster than the number of proxies. CPU seconds, for the server that answers shares the machine. */
async function growthResult(snapshot: Snapshot, folder: string): Promise<Result> {
  const runs: { readonly [proxies: number]: Ran[] } = { [many]: [], [most]: [] };
  for (let round = 0; round < fewRounds; round += 1) {
    for (const proxies of [many, most]) {
      const ran = await withServed(scale(snapshot, proxies), folder, (_, kubeconfig) => doctor(kubeconfig, folder));
      runs[proxies]?.push(ran);
    }
  }
  const cpu = (proxies: number): readonly number[] => (runs[proxies] ?? []).map(({ cpuSeconds }) => cpuSeconds);
  const spread = ratios(cpu(most), cpu(many));
  return {
    ...whats.growthOfTime,
    spread,
    unit: '×',
    met: spread.median <= 4,
    note: `${tookOf(runs[most] ?? [])} over ${tookOf(runs[many] ?? [])}`,
  };
}

/** "530 ms (410 ms CPU)", medians. */
function tookOf(runs: readonly Ran[]): string {
  const [all, cpu] = [spreadOf(runs.map(({ seconds }) => seconds)), spreadOf(runs.map(({ cpuSeconds }) => cpuSeconds))];
  return `${Math.round(1000 * all.median)} ms (${Math.round(1000 * cpu.median)} ms CPU)`;
}

async function callResults(snapshot: Snapshot, folder: string): Promise<readonly Result[]> {
  const [less, more] = [await callsAt(snapshot, few, folder), await callsAt(snapshot, many, folder)];
  const calls = more.api / less.api;
  const tunnels = more.tunnels / many;
  return [
    { ...whats.calls, spread: spreadOf([calls]), unit: '×', met: calls === 1, note: `${more.api} and ${less.api} calls` },
    { ...whats.tunnels, spread: spreadOf([tunnels]), unit: '', met: tunnels === 1, note: `${more.tunnels} and ${less.tunnels} tunnels` },
  ];
}

async function callsAt(snapshot: Snapshot, proxies: number, folder: string): Promise<{ readonly api: number; readonly tunnels: number }> {
  return withServed(scale(snapshot, proxies), folder, async ({ asked }, kubeconfig) => {
    await doctor(kubeconfig, folder);
    const api = asked.filter(({ at }) => at === 'api');
    const tunnels = api.filter(isTunnel);
    // Queries run side by side, each in a tunnel of its own while the others are busy.
    const toProxies = tunnels.filter(({ url }) => !/\/pods\/prometheus-/.test(url));
    return { api: api.length - tunnels.length, tunnels: toProxies.length };
  });
}

async function memoryResults(snapshot: Snapshot, folder: string): Promise<readonly Result[]> {
  const large = { ...snapshot, gets: snapshot.gets.map(withManySeries) };
  const peaks: number[] = [];
  for (const proxies of [few, many]) {
    const peak = await withServed(scale(large, proxies), folder, async (_, kubeconfig) => (await doctor(kubeconfig, folder)).peakMegabytes);
    peaks.push(peak);
  }
  const [less = Number.NaN, more = Number.NaN] = peaks;
  const note = `${more.toFixed(0)} MB over ${less.toFixed(0)} MB`;
  return [
    { ...whats.memory, spread: spreadOf([more]), unit: 'MB', met: null, note: '' },
    { ...whats.growth, spread: spreadOf([more / less]), unit: '×', met: null, note },
  ];
}

const manySeries = [...bigExposition(setsOf5000Series)].join('');

function withManySeries(get: RecordedGet): RecordedGet {
  if (get.endpoint.at !== 'pod' || get.question.path !== '/metrics' || get.answer.status !== 'reply') return get;
  return { ...get, answer: { ...get.answer, body: { text: manySeries } } };
}

const isTunnel = ({ url }: Asked): boolean => /\/portforward\?/.test(url);

/** The requests that were asked, as bare-requests takes them: what went through a port goes through the first tunnel to it. */
function planOf({ url, ca, token, asked }: Served): Plan {
  const api = asked.filter(({ at }) => at === 'api');
  const through = new Map<string, { path: string; accept: string }[]>();
  for (const { at, url: place, headers } of asked) {
    const [, port = '', path = ''] = /^pod ([^:]+:\d+)(\/.*)$/.exec(place) ?? [];
    if (at === 'backend' && port !== '') through.set(port, [...(through.get(port) ?? []), { path, accept: headers.accept ?? '*/*' }]);
  }
  const tunnels = api.filter(isTunnel).map(({ url: path }) => {
    const [, namespace, pod, port] = /namespaces\/([^/]+)\/pods\/([^/]+)\/portforward\?ports=(\d+)/.exec(path) ?? [];
    const key = `${namespace}/${pod}:${port}`;
    const requests = through.get(key) ?? [];
    through.delete(key);
    return { path, requests };
  });
  return { url, ca, token, paths: api.filter((entry) => !isTunnel(entry)).map(({ url: path }) => path), tunnels };
}

async function withServed<T>(snapshot: Snapshot, folder: string, use: (served: Served, kubeconfig: string) => Promise<T>): Promise<T> {
  const served = await serve(snapshot);
  const kubeconfig = join(folder, 'kubeconfig');
  await writeFile(kubeconfig, served.kubeconfig);
  try {
    return await use(served, kubeconfig);
  } finally {
    await served.close();
  }
}

/** What a process took. */
export interface Ran {
  readonly seconds: number;
  /** Of all its threads: says more than the seconds on a busy machine. */
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

// Tells what a process took when it ends.
const teller = `import { writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.TOKMETER_BENCH_USAGE, JSON.stringify(process.resourceUsage())));`;

/** The compiled doctor. Whatever it judges, it must have come to a report. */
function doctor(kubeconfig: string, folder: string): Promise<Ran> {
  const patience = ['--timeout', '5m', '--request-timeout', '1m'];
  return run(['bin/tokmeter.js', 'doctor', '--kubeconfig', kubeconfig, ...patience, '-o', 'json'], folder, [0, 1, 2]);
}

/** Throws when the process ends with another code than the allowed ones. */
export async function run(args: readonly string[], folder: string, allowed: readonly number[] = [0]): Promise<Ran> {
  const [preload, usage] = [join(folder, 'teller.mjs'), join(folder, 'usage.json')];
  await writeFile(preload, teller);
  const seconds = await secondsOf(['--import', pathToFileURL(preload).href, ...args], { TOKMETER_BENCH_USAGE: usage }, allowed);
  const used = JSON.parse(await readFile(usage, 'utf8')) as NodeJS.ResourceUsage;
  return { seconds, cpuSeconds: (used.userCPUTime + used.systemCPUTime) / 1e6, peakMegabytes: (1024 * used.maxRSS) / 1e6 };
}

/** Waits without blocking: the server that it asks lives in this process. */
function secondsOf(args: readonly string[], environment: Readonly<Record<string, string>>, allowed: readonly number[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 300_000,
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== null && allowed.includes(code)) resolve((performance.now() - start) / 1000);
      else reject(new Error(`${args.join(' ')} ended with ${code}: ${complaint}`));
    });
  });
}
