import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { bin, freePort, run, until } from './testbed/processes.ts';

/** A store that keeps what the sidecars counted, and how to be let in. */
export interface RunningStore {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What starts stores on the loopback: each has a folder of its own below this one. */
export interface Place {
  readonly folder: string;
  /** Keeps what was started, to be ended. */
  readonly started: ChildProcess[];
}

/** Debian's packages victoria-metrics and prometheus, and what build-stores.sh and build-assets.sh make. */
const programs = {
  prometheus: [join(bin, 'prometheus')],
  'Prometheus 2.42': ['/usr/bin/prometheus'],
  'victoria-metrics': [join(bin, 'victoria-metrics'), '/usr/bin/victoria-metrics'],
  thanos: [join(bin, 'thanos')],
  mimir: [join(bin, 'mimir')],
} as const;
export type Program = keyof typeof programs;

/** Where a program lies; null: it is not there. */
export function programPath(name: Program): string | null {
  return programs[name].find((path) => existsSync(path)) ?? null;
}

async function start(place: Place, name: Program, args: readonly string[], as: string): Promise<void> {
  const path = programPath(name);
  if (path === null) throw new Error(`no ${name}`);
  place.started.push(run(path, args, join(place.folder, `${as}.log`)));
}

async function ready(what: string, url: string): Promise<void> {
  await until(what, async () => ((await fetch(url).catch(() => null))?.ok ? true : null));
}

/** How a Prometheus scrapes, and whom it writes to. */
export interface Scraping {
  readonly jobs: readonly string[];
  readonly replica?: string;
  readonly writes?: readonly { readonly url: string; readonly headers: Readonly<Record<string, string>> }[];
  readonly flags?: readonly string[];
}

/** A configuration of Prometheus, as VictoriaMetrics takes it too. */
function configuration({ folder }: Place, name: string, { jobs, replica, writes = [] }: Scraping): string {
  const discovery = [{ files: [join(folder, 'targets.json')], refresh_interval: '1s' }];
  const file = join(folder, `${name}.yml`);
  const content = {
    global: {
      scrape_interval: '1s',
      scrape_timeout: '1s',
      ...(replica === undefined ? {} : { external_labels: { prometheus: 'monitoring/k8s', prometheus_replica: replica } }),
    },
    scrape_configs: jobs.map((job) => ({ job_name: job, file_sd_configs: discovery })),
    ...(writes.length === 0 ? {} : { remote_write: writes.map((write) => ({ ...write, queue_config: { batch_send_deadline: '500ms' } })) }),
  };
  writeFileSync(file, stringify(content));
  return file;
}

/** Starts a Prometheus that scrapes what is in targets.json. */
export async function startPrometheus(
  place: Place,
  program: 'prometheus' | 'Prometheus 2.42',
  scraping: Scraping,
): Promise<RunningStore & { readonly data: string }> {
  const port = await freePort();
  const name = `prometheus-${port}`;
  const data = join(place.folder, name);
  const flags = [`--config.file=${configuration(place, name, scraping)}`, `--storage.tsdb.path=${data}`, '--log.level=warn'];
  await start(place, program, [...flags, `--web.listen-address=127.0.0.1:${port}`, ...(scraping.flags ?? [])], name);
  const url = `http://127.0.0.1:${port}`;
  await ready(name, `${url}/-/ready`);
  return { url, headers: {}, data };
}

/** Starts a VictoriaMetrics; with jobs it scrapes by itself. */
export async function startVictoria(place: Place, jobs: readonly string[], more: readonly string[] = []): Promise<RunningStore> {
  const port = await freePort();
  const name = `victoria-${port}`;
  const scraping =
    jobs.length === 0
      ? []
      : [
          `-promscrape.config=${configuration(place, name, { jobs })}`,
          '-promscrape.config.strictParse=false',
          '-promscrape.fileSDCheckInterval=1s',
        ];
  const flags = [
    `-storageDataPath=${join(place.folder, name)}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-loggerLevel=WARN',
    ...scraping,
    ...more,
  ];
  await start(place, 'victoria-metrics', flags, name);
  const url = `http://127.0.0.1:${port}`;
  await ready(name, `${url}/health`);
  return { url, headers: {} };
}

/** Starts a Thanos Query over sidecars of the Prometheus servers, and over stores that never answer. */
export async function startThanos(
  place: Place,
  servers: readonly { readonly url: string; readonly data: string }[],
  dead: readonly string[] = [],
): Promise<RunningStore> {
  const sidecars = await Promise.all(
    servers.map(async ({ url, data }) => {
      const [grpc, http] = [await freePort(), await freePort()];
      const flags = [
        `--prometheus.url=${url}`,
        `--tsdb.path=${data}`,
        `--grpc-address=127.0.0.1:${grpc}`,
        `--http-address=127.0.0.1:${http}`,
      ];
      await start(place, 'thanos', ['sidecar', '--log.level=warn', ...flags], `thanos-sidecar-${grpc}`);
      await ready('the sidecar', `http://127.0.0.1:${http}/-/ready`);
      return `127.0.0.1:${grpc}`;
    }),
  );
  const [grpc, http] = [await freePort(), await freePort()];
  const endpoints = [...sidecars.map((address) => `--endpoint=${address}`), ...dead.map((address) => `--endpoint-strict=${address}`)];
  const flags = [`--grpc-address=127.0.0.1:${grpc}`, `--http-address=127.0.0.1:${http}`, '--query.replica-label=prometheus_replica'];
  await start(place, 'thanos', ['query', '--log.level=warn', ...flags, ...endpoints], `thanos-query-${http}`);
  const url = `http://127.0.0.1:${http}`;
  await ready('Thanos Query', `${url}/-/ready`);
  return { url, headers: {} };
}

/** Starts a Mimir with tenants, all in one process. */
export async function startMimir(place: Place): Promise<RunningStore> {
  const [http, grpc] = [await freePort(), await freePort()];
  const folder = join(place.folder, 'mimir');
  mkdirSync(folder, { recursive: true });
  const ring = { instance_addr: '127.0.0.1', kvstore: { store: 'inmemory' } };
  const content = {
    multitenancy_enabled: true,
    usage_stats: { enabled: false },
    server: {
      http_listen_address: '127.0.0.1',
      http_listen_port: http,
      grpc_listen_address: '127.0.0.1',
      grpc_listen_port: grpc,
      log_level: 'warn',
    },
    common: { storage: { backend: 'filesystem', filesystem: { dir: join(folder, 'common') } } },
    blocks_storage: { storage_prefix: 'blocks', tsdb: { dir: join(folder, 'tsdb') }, bucket_store: { sync_dir: join(folder, 'sync') } },
    ruler_storage: { storage_prefix: 'ruler' },
    alertmanager_storage: { storage_prefix: 'alertmanager' },
    compactor: { data_dir: join(folder, 'compactor'), sharding_ring: ring },
    distributor: { ring },
    ingester: { ring: { ...ring, replication_factor: 1 } },
    store_gateway: { sharding_ring: { ...ring, replication_factor: 1 } },
    ruler: { rule_path: join(folder, 'rules'), ring },
    frontend: { address: '127.0.0.1' },
    query_scheduler: { ring },
    memberlist: { bind_addr: ['127.0.0.1'], bind_port: await freePort() },
  };
  const file = join(folder, 'mimir.yml');
  writeFileSync(file, stringify(content));
  await start(place, 'mimir', [`-config.file=${file}`, '-target=all'], 'mimir');
  const url = `http://127.0.0.1:${http}`;
  await ready('Mimir', `${url}/ready`);
  return { url, headers: { 'X-Scope-OrgID': 'maas' } };
}
