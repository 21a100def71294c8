import { type GptLoad, startGptLoad } from '../../e2e/emulator/gpt-load.ts';
import { type GptLoadFlow, requestLog } from '../../e2e/emulator/gpt-load-page.ts';
import type { PrometheusRelease } from '../../e2e/testbed/prometheus.ts';
import { monitored } from '../cluster.ts';
import type { Backend, Cluster, Manifest } from '../world.ts';
import { around, type Deployed, dashboard, deployed, namespace, serviceMonitor, soundPanel, token } from './objects.ts';

/** Two groups whose chats are answered whole. */
export const chats: readonly GptLoadFlow[] = [
  { group: 'team-a', model: 'gpt-4o-mini', prompt: 320, completion: 110, before: 420, perSecond: 1 },
  { group: 'team-b', model: 'claude-sonnet-4-5', prompt: 900, completion: 240, before: 130, perSecond: 0.5 },
  { group: 'team-b', model: 'text-embedding-3-small', before: 900, perSecond: 1 },
  { group: 'team-a', model: '', before: 12, perSecond: 0 },
];

/** A sound gpt-load, and what may differ about it. */
export interface Shape extends Omit<Deployed, 'addresses'> {
  readonly prometheus?: PrometheusRelease;
  readonly replicas?: number;
  readonly flows?: readonly GptLoadFlow[];
  /** What its program is like beyond its log and its token. */
  readonly program?: Partial<GptLoad>;
  readonly port?: number;
  readonly service?: Readonly<Record<string, unknown>>;
  readonly monitors?: readonly Manifest[];
  readonly dashboards?: readonly Manifest[];
}

/** A build with metrics that asks for a token, scraped through its Service with the token, with a dashboard. */
export function gptLoad(shape: Shape = {}): (subnet: string) => Cluster {
  return (subnet) => {
    const { prometheus, replicas = 1, flows = chats, program = {}, port = 3001, guarded = true } = shape;
    const cluster = monitored(subnet, prometheus);
    const addresses = Array.from({ length: replicas }, (_, index) => `${subnet}.${61 + index}`);
    const pods = deployed({ ...shape, addresses });
    cluster.objects.push(
      ...around(shape.service),
      ...pods,
      ...(shape.monitors ?? [serviceMonitor(guarded ? undefined : {})]),
      ...(shape.dashboards ?? [dashboard(soundPanel)]),
    );
    const one: GptLoad = { log: requestLog(...flows), ...(guarded ? { token } : {}), ...program };
    cluster.backends.push(...pods.filter(({ kind }) => kind === 'Pod').map((pod) => backend(pod, one, port)));
    return cluster;
  };
}

const programs = new WeakMap<Backend, GptLoad>();

/** What runs behind a pod; null: no gpt-load. */
export function programOf(backend: Backend): GptLoad | null {
  return programs.get(backend) ?? null;
}

/** The port of a pod, behind which a program runs. */
export function backend(pod: Manifest, program: GptLoad, port: number): Backend {
  const address = (pod.status as { readonly podIP: string }).podIP;
  const made: Backend = { namespace, name: pod.metadata.name, address, port, start: () => startGptLoad(address, program, port) };
  programs.set(made, program);
  return made;
}
