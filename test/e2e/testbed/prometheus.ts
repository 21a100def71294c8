import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { request } from 'undici';
import { parse, stringify } from 'yaml';
import type { Api, Manifest } from './api.ts';
import { type Discovery, fileTargets } from './file-discovery.ts';
import { bin, end, freePort, run, until } from './processes.ts';

/** 3.16 and 2.55.1 are built by build-assets.sh; 2.42 is Debian's, without Kubernetes discovery. */
export type PrometheusRelease = '3.16' | '2.55' | '2.42';

const programs: Readonly<Record<PrometheusRelease, string>> = {
  '3.16': join(bin, 'prometheus'),
  '2.55': join(bin, 'prometheus2'),
  '2.42': '/usr/bin/prometheus',
};

/** The program of a release. */
export function programOf(release: PrometheusRelease): string {
  return programs[release];
}

/** A Prometheus server that runs what the operator generated. */
export interface RunningPrometheus {
  readonly release: PrometheusRelease;
  readonly address: string;
  readonly port: number;
  readonly url: string;
  /** Writes fail from now on, as on a full disk. */
  fillDisk(): void;
  /** Reads the operator's configuration again; resolves false when the server refuses it. */
  reload(): Promise<boolean>;
  stop(): Promise<void>;
}

interface Wanted {
  readonly folder: string;
  readonly api: Api;
  readonly release: PrometheusRelease;
  readonly namespace: string;
  readonly name: string;
  /** Discovery with the rights of nobody. */
  readonly blind: boolean;
  readonly shard: number;
  readonly running: RunningPrometheus | null;
}

/** Starts a Prometheus with the configuration of the operator, or makes the running one reload it. */
export async function startPrometheusOf(wanted: Wanted): Promise<RunningPrometheus> {
  if (wanted.running !== null) {
    await wanted.running.reload();
    return wanted.running;
  }
  const folder = mkdtempSync(join(wanted.folder, `prometheus-${wanted.name}-`));
  const file = join(folder, 'prometheus.yaml');
  await writeConfiguration(wanted, folder, file);
  const port = await freePort();
  const address = '127.0.0.1';
  const prefix = await specArgs(wanted);
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${address}:${port}`];
  const child = run(
    programOf(wanted.release),
    [...args, '--web.enable-lifecycle', '--log.level=warn', ...prefix.args],
    join(folder, 'prometheus.log'),
  );
  const url = `http://${address}:${port}${prefix.path}`;
  await until(`Prometheus ${wanted.release}: see ${folder}/prometheus.log`, async () => {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: see ${folder}/prometheus.log`);
    return (await status('GET', `${url}/-/ready`)) === 200 || null;
  });
  return {
    release: wanted.release,
    address,
    port,
    url,
    reload: async () => {
      await writeConfiguration(wanted, folder, file);
      return (await status('POST', `${url}/-/reload`)) === 200;
    },
    fillDisk: () => void execFileSync('prlimit', ['--pid', String(child.pid), '--fsize=1024:1024']),
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A scraper that is no part of the cluster and pushes what it scrapes into a server. */
export async function startPusher(parent: string, targets: readonly string[], to: RunningPrometheus): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(parent, 'pusher-'));
  const file = join(folder, 'prometheus.yaml');
  const jobs = [{ job_name: 'monitoring/ai-gateway-proxies', static_configs: [{ targets }] }];
  const remote = [{ url: `${to.url}/api/v1/write`, queue_config: { batch_send_deadline: '1s' } }];
  writeFileSync(
    file,
    stringify({
      global: { scrape_interval: '5s', scrape_timeout: '4s', external_labels: { prometheus_replica: 'prometheus-edge-1' } },
      scrape_configs: jobs,
      remote_write: remote,
    }),
  );
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${await freePort()}`,
  ];
  const child = run(programOf('3.16'), [...args, '--log.level=warn'], join(folder, 'prometheus.log'));
  return async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
}

async function specArgs({ api, namespace, name }: Wanted): Promise<{ readonly path: string; readonly args: readonly string[] }> {
  const object = await api.get({ apiVersion: 'monitoring.coreos.com/v1', kind: 'Prometheus', metadata: { namespace, name } });
  const { routePrefix: prefix = '/', enableRemoteWriteReceiver: receives = false } = (object?.spec ?? {}) as {
    readonly routePrefix?: string;
    readonly enableRemoteWriteReceiver?: boolean;
  };
  const receiver = receives ? ['--web.enable-remote-write-receiver'] : [];
  return prefix === '/' ? { path: '', args: receiver } : { path: prefix, args: [`--web.route-prefix=${prefix}`, ...receiver] };
}

async function status(method: 'GET' | 'POST', url: string): Promise<number> {
  const answer = await request(url, { method }).catch(() => null);
  await answer?.body.dump();
  return answer?.statusCode ?? 0;
}

/** What only the pod would supply is filled in: the shard, the pod's name, a kubeconfig for discovery; rule files are dropped. */
async function writeConfiguration(wanted: Wanted, folder: string, file: string): Promise<void> {
  const text = await until(`the operator's Secret prometheus-${wanted.name}`, () => generated(wanted));
  const filled = text.replaceAll('$(SHARD)', String(wanted.shard)).replaceAll('$(POD_NAME)', podName(wanted));
  const configuration = parse(filled) as { rule_files?: unknown; scrape_configs?: Record<string, unknown>[] };
  const jobs = configuration.scrape_configs ?? [];
  const scrape = await Promise.all(jobs.map((job, index) => discovered(job, wanted, join(folder, `targets-${index}.json`))));
  writeFileSync(file, stringify({ ...configuration, rule_files: [], scrape_configs: scrape }, { lineWidth: 0 }));
}

function podName({ name, shard }: Wanted): string {
  return shard === 0 ? `prometheus-${name}-0` : `prometheus-${name}-shard-${shard}-0`;
}

async function generated({ api, namespace, name }: Wanted): Promise<string | null> {
  const secret = await api.get({ apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name: `prometheus-${name}` } });
  const packed = (secret as (Manifest & { data?: Record<string, string> }) | null)?.data?.['prometheus.yaml.gz'];
  return packed === undefined ? null : gunzipSync(Buffer.from(packed, 'base64')).toString();
}

/** Whether it discovers by itself: no name of a Service resolves here, and 2.42 is built without Kubernetes discovery. */
function native({ role }: Discovery, release: PrometheusRelease): boolean {
  return release !== '2.42' && role !== 'service';
}

async function discovered(job: Record<string, unknown>, wanted: Wanted, file: string): Promise<Record<string, unknown>> {
  const { kubernetes_sd_configs: found, ...rest } = job as { kubernetes_sd_configs?: readonly Discovery[] };
  if (found === undefined) return job;
  const kubeconfig = join(wanted.folder, wanted.blind ? 'viewer.kubeconfig' : 'admin.kubeconfig');
  const own = found.filter((each) => native(each, wanted.release)).map((each) => ({ ...each, kubeconfig_file: kubeconfig }));
  const filed = found.filter((each) => !native(each, wanted.release));
  if (filed.length === 0) return { ...rest, kubernetes_sd_configs: own };
  const targets = wanted.blind ? [] : await Promise.all(filed.map((each) => fileTargets(wanted.api, each)));
  writeFileSync(file, JSON.stringify(targets.flat()));
  const files = [{ files: [file], refresh_interval: '2s' }];
  return { ...rest, ...(own.length === 0 ? {} : { kubernetes_sd_configs: own }), file_sd_configs: files };
}
