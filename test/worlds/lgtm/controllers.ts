import { parse } from 'yaml';
import type { Workbench } from '../../e2e/fixing.ts';
import type { Staged } from '../../e2e/testbed/stage.ts';
import { crashing } from '../objects/workloads.ts';
import type { Collector, Editable } from '../world.ts';
import { standIn } from './alloy.ts';
import { tellCallers } from './callers.ts';
import { mayOtherwise } from './permissions.ts';
import { configsOf, environmentOf, type Maps, textAt } from './pod-files.ts';
import { restarted } from './restarts.ts';
import { type Anew, listed, rollOut } from './rollouts.ts';

/**
 * What the controllers and programs of this chain do about the objects that the API server has after a fix, and nothing else: who has no reason to
 * look again goes on as it is. An OpenTelemetry Collector, a Mimir and a Grafana read their files when their pods start; Alloy's reloader, Grafana's sidecars,
 * Envoy Gateway and the operator follow every change. A collector that was denied a list asks for it again and again.
 */
export async function controllers(workbench: Workbench, staged: Staged): Promise<void> {
  const anew = await rollOut(workbench, staged);
  const told = await tellCallers(workbench, staged);
  const maps = mapsOf(workbench);
  for (const each of anew) await restarted(each, workbench, staged, maps);
  const { cluster } = staged;
  const permitted = mayOtherwise(workbench, cluster);
  let slow = false;
  let fresh = told || anew.length > 0 || permitted;
  for (const [index, collector] of cluster.collectors.entries()) {
    const now = await followed(collector, { anew, workbench, staged, maps });
    // its discovery lists again; on a bed its targets are a file
    if (now === collector && permitted) await staged.collect(collector);
    if (now === collector) continue;
    cluster.collectors[index] = now;
    fresh = true;
    slow ||= now.configs.some(isSlow);
  }
  // until what changed was scraped and sent; else for one more scrape
  await staged.scrapes(slow ? 14 : fresh ? 5 : 1);
}

type MapsIn = (namespace: string) => Maps;

function mapsOf({ kubectl }: Workbench): MapsIn {
  const all = listed(kubectl, 'configmaps');
  return (namespace) => (name) => all.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)?.data ?? null;
}

interface Around {
  readonly anew: readonly Anew[];
  readonly workbench: Workbench;
  readonly staged: Staged;
  readonly maps: MapsIn;
}

/** The collector as it runs from now on; the same one when nothing made it look again. */
async function followed(collector: Collector, around: Around): Promise<Collector> {
  const { anew, workbench, staged, maps } = around;
  const fresh = anew.find(({ before }) => before === collector.name);
  if (fresh === undefined) return reloaded(collector, around);
  const { pod } = fresh;
  const { namespace, name } = pod.metadata;
  const [{ name: container, image }] = pod.spec.containers;
  const configs = configsOf(pod.spec, container, maps(namespace));
  const now = { ...collector, name, configs: configs ?? [], env: environmentOf(pod.spec, container) };
  await workbench.bed.forward({ namespace, name }, 8888, { address: collector.address, port: 8888 });
  const running = await staged.collect(now);
  await staged.scrapes(1);
  if (configs === null || !(await answers(collector.address)))
    await staged.apply({ ...pod, status: crashed(pod.status, crashing(container, image, running.log().at(-1) ?? '')) });
  return now;
}

/** An Alloy whose reloader sees another file. */
async function reloaded(collector: Collector, { workbench, staged, maps }: Around): Promise<Collector> {
  const pod = listed(workbench.kubectl, 'pods').find(({ status }) => status.podIP === collector.address);
  const [container] = pod?.spec.containers ?? [];
  if (container?.name !== 'alloy') return collector;
  const now = { ...collector, configs: [standIn(textAt(pod.spec, container, container.args[1], maps(pod.metadata.namespace)) ?? '')] };
  if (now.configs[0] === collector.configs[0]) return collector;
  await staged.collect(now);
  return now;
}

/** Whether a collector runs: its own metrics are there as soon as its configuration was taken. */
async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`http://${address}:8888/metrics`)).ok;
  } catch {
    return false;
  }
}

function crashed(status: Editable, container: unknown): Editable {
  const conditions = status.conditions.map((each: Editable) => (/Ready$/.test(each.type) ? { ...each, status: 'False' } : each));
  return { ...status, conditions, containerStatuses: [container] };
}

/** Some job is scraped once a minute, as a collector does where nothing else is said. */
function isSlow(text: string): boolean {
  const receivers = Object.values<Editable>(parse(text)?.receivers ?? {});
  const jobs = receivers.flatMap((receiver) => receiver?.config?.scrape_configs ?? []);
  return jobs.some((job) => job.scrape_interval === undefined);
}
