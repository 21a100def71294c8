import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { Collector, Running } from '../../worlds/world.ts';
import { mayListPods } from './access.ts';
import type { Api } from './api.ts';
import { type Discovery, fileTargets } from './file-discovery.ts';
import { bin, end, run } from './processes.ts';
import { serviceUrl } from './service-url.ts';

/** Built by build-assets.sh from opentelemetry-collector and its contrib modules, v0.165. */
const program = join(bin, 'otelcol');

/** A collector that runs, or has ended. */
export interface RunningCollector extends Running {
  /** What it has said so far. */
  log(): readonly string[];
}

/** Starts the real collector with a world's configuration; one that ends at once, as a wrong configuration makes it, is no error of the bed. */
export async function startCollector(folder: string, api: Api, collector: Collector): Promise<RunningCollector> {
  if (!existsSync(program)) throw new Error('otelcol not built: test/e2e/testbed/build-assets.sh');
  const own = mkdtempSync(join(folder, `collector-${collector.name}-`));
  const texts = await Promise.all(
    collector.configs.map((text, index) => reachable(text, join(own, `targets-${index}`), { api, pod: collector })),
  );
  const files = [...texts, selfMetrics(collector.address)].map((text, index) => {
    const file = join(own, `config-${index}.yaml`);
    writeFileSync(file, text);
    return `--config=${file}`;
  });
  const { address, name } = collector;
  const env = { POD_IP: address, MY_POD_IP: address, POD_NAME: name, K8S_NODE_NAME: 'node-a', ...collector.env };
  const log = join(own, 'collector.log');
  const child = run(program, files, log, env);
  return {
    log: () => readFileSync(log, 'utf8').trimEnd().split('\n'),
    stop: async () => {
      await end(child);
      rmSync(own, { recursive: true, force: true });
    },
  };
}

/** Its own metrics at the pod's address: each pod would have a loopback of its own. */
function selfMetrics(host: string): string {
  const readers = [{ pull: { exporter: { prometheus: { host, port: 8888 } } } }];
  return stringify({ service: { telemetry: { metrics: { readers } } } });
}

/** The text with targets that were discovered for it, and with URLs of Services that lead to pods; one that is no YAML stays as it is. */
async function reachable(text: string, targets: string, { api, pod }: Looking): Promise<string> {
  const tree = tryParse(text);
  if (tree === null) return text;
  const files: string[] = [];
  const walk = async (node: unknown): Promise<unknown> => {
    if (typeof node === 'string') return /^https?:\/\//.test(node) ? serviceUrl(api, node) : node;
    if (Array.isArray(node)) return Promise.all(node.map(walk));
    if (typeof node !== 'object' || node === null) return node;
    const { kubernetes_sd_configs: found, ...rest } = node as { kubernetes_sd_configs?: readonly Discovery[] };
    const entries = await Promise.all(Object.entries(rest).map(async ([key, value]) => [key, await walk(value)] as const));
    if (!Array.isArray(found)) return Object.fromEntries(entries);
    const file = `${targets}-${files.push('')}.json`;
    const groups = await Promise.all(found.map((each: Discovery) => discoveredBy(api, pod, each)));
    writeFileSync(file, JSON.stringify(groups.flat()));
    return { ...Object.fromEntries(entries), file_sd_configs: [{ files: [file], refresh_interval: '2s' }] };
  };
  return stringify(await walk(tree), { lineWidth: 0 });
}

interface Looking {
  readonly api: Api;
  readonly pod: Pick<Collector, 'namespace' | 'name'>;
}

/** What its ServiceAccount may list of it: a namespace that is refused leaves the others as they are, and one request for all is refused as a whole. */
async function discoveredBy(api: Api, pod: Looking['pod'], sd: Discovery): Promise<Awaited<ReturnType<typeof fileTargets>>> {
  const names = sd.namespaces?.names;
  if (names === undefined) return (await mayListPods(api, pod)) ? fileTargets(api, sd) : [];
  const may = await Promise.all(names.map((name) => mayListPods(api, pod, name)));
  return fileTargets(api, { ...sd, namespaces: { names: names.filter((_, index) => may[index]) } });
}

function tryParse(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return null;
  }
}
