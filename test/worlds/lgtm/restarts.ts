import { parse } from 'yaml';
import { startGrafana } from '../../e2e/emulator/grafana.ts';
import type { Workbench } from '../../e2e/fixing.ts';
import type { Staged } from '../../e2e/testbed/stage.ts';
import type { Backend, Editable } from '../world.ts';
import { mimirBackend } from './healthy.ts';
import { grafanaToken } from './loaded.ts';
import { type Maps, textAt } from './pod-files.ts';
import { type Anew, listed } from './rollouts.ts';

/** What a Mimir and a Grafana do when their pods are created anew: the one reads its file and has an empty volume, the other has what its sidecar copies. */
export async function restarted(anew: Anew, workbench: Workbench, staged: Staged, maps: (namespace: string) => Maps): Promise<void> {
  const { backends } = staged.cluster;
  const at = backends.findIndex(({ name }) => name === anew.before);
  const old = backends[at];
  if (old === undefined) return;
  const start = startOf(anew.pod, old, { kubectl: workbench.kubectl, maps });
  if (start === null) return;
  const { namespace, name } = anew.pod.metadata;
  old.start = null;
  await staged.restart(old);
  const fresh = { ...old, name, start };
  backends[at] = fresh;
  await staged.restart(fresh);
  await workbench.bed.forward({ namespace, name }, fresh.port, fresh);
}

interface Around {
  readonly kubectl: Workbench['kubectl'];
  readonly maps: (namespace: string) => Maps;
}

function startOf(pod: Editable, { address }: Backend, { kubectl, maps }: Around): Backend['start'] {
  const containers: readonly Editable[] = pod.spec.containers;
  const store = containers.find(({ image }) => /\/mimir:/.test(image));
  if (store !== undefined) {
    const config = parse(textAt(pod.spec, store, '/etc/mimir/mimir.yaml', maps(pod.metadata.namespace)) ?? '');
    return mimirBackend(address, { multitenant: config?.multitenancy_enabled ?? true }).start;
  }
  const sidecar = containers.find(({ name }) => name === 'grafana-sc-dashboard');
  if (sidecar === undefined) return null;
  const dashboards = copied(sidecar, pod.metadata.namespace, listed(kubectl, 'configmaps'));
  return () => startGrafana(address, { token: grafanaToken, dashboards });
}

/** What the sidecar copies: every dashboard of a ConfigMap with its label, in the namespaces that it watches. */
function copied({ env }: Editable, own: string, maps: readonly Editable[]): readonly { readonly uid: string; readonly title: string }[] {
  const of = (name: string): string | undefined => env.find((each: Editable) => each.name === name)?.value;
  const within = of('NAMESPACE') ?? own;
  const taken = maps.filter(
    ({ metadata }) =>
      metadata.labels?.[of('LABEL') ?? ''] !== undefined && (within === 'ALL' || within.split(',').includes(metadata.namespace)),
  );
  return taken.flatMap(({ data = {} }) =>
    Object.entries<string>(data).flatMap(([key, json]) => (key.endsWith('.json') ? [JSON.parse(json)] : [])),
  );
}
