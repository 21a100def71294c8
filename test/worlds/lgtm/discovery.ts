import { names } from '../objects/namespaces.ts';
import { type Cluster, drop, type Expected, edit, type OtherWorld } from '../world.ts';
import { agentName, sidecarJob } from './agent.ts';
import { lgtm, type Shape } from './healthy.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, make: lgtm(shape) });

/** The collector is bound to its ClusterRole where the proxies are, and nowhere else. */
function boundThere(cluster: Cluster): void {
  const bound = cluster.objects.find(({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata.name === agentName);
  drop(cluster, (object) => object === bound);
  if (bound === undefined) throw new Error('the collector has no ClusterRoleBinding');
  cluster.objects.push({ ...bound, kind: 'RoleBinding', metadata: { ...bound.metadata, namespace: names.envoyGateway } });
}

/** Worlds about what the collector may list. */
export const discoveryWorlds: readonly OtherWorld[] = [
  world({
    name: 'lgtm-collector-unbound',
    title: 'no binding names the ServiceAccount of the collector, which lists nothing and runs',
    change: (cluster) => drop(cluster, ({ kind, metadata }) => kind === 'ClusterRoleBinding' && metadata.name === agentName),
    expect: broken('discovery-forbidden'),
  }),
  world({
    name: 'lgtm-collector-may-list-nodes-only',
    title: 'the ClusterRole of the collector has no rule for pods',
    change: (cluster) =>
      edit(cluster, 'ClusterRole', agentName, (role) => {
        role.rules = [{ apiGroups: [''], resources: ['nodes', 'nodes/stats'], verbs: ['get', 'list', 'watch'] }];
      }),
    expect: broken('discovery-forbidden'),
  }),
  world({
    name: 'lgtm-collector-bound-where-proxies-are',
    title: 'the collector may list pods in the namespace of the proxies alone, where its job looks',
    change: boundThere,
    expect: sound,
  }),
  world({
    name: 'lgtm-job-for-all-namespaces-bound-to-one',
    title: 'the scrape job names no namespace, and the collector may list the pods of one',
    shape: { writing: { jobs: [sidecarJob({ kubernetes_sd_configs: [{ role: 'pod' }] })] } },
    change: boundThere,
    expect: broken('discovery-forbidden'),
  }),
];
