import type { Options } from '../../../src/model/fact.ts';
import type { GptLoad } from '../../e2e/emulator/gpt-load.ts';
import type { Workbench } from '../../e2e/fixing.ts';
import type { Staged } from '../../e2e/testbed/stage.ts';
import { workload } from '../objects/workloads.ts';
import { unstuck } from '../stuck.ts';
import type { Backend, Editable, Manifest, WorldDefinition } from '../world.ts';
import { backend, programOf } from './cluster.ts';
import { namespace } from './objects.ts';

/** Of a template that is not the one before. */
const hash = '6d5f7c9b88';

/** What the controller of Deployments does about a number of replicas, and about a template that was changed or marked to begin anew; and how gpt-load starts in the new pods. */
export async function controllers(workbench: Workbench, staged: Staged, world: WorldDefinition): Promise<void> {
  const { kubectl, bed } = workbench;
  unstuck(workbench, world);
  const listed = (resource: string): readonly Editable[] => JSON.parse(kubectl('get', resource, '-n', namespace, '-o', 'json')).items;
  const sets = listed('replicasets');
  for (const deployment of listed('deployments')) {
    const set = sets.find(({ metadata }) => metadata.ownerReferences?.[0]?.name === deployment.metadata.name);
    if (set === undefined) continue;
    const old = staged.cluster.backends.filter(({ name }) => name.startsWith(`${set.metadata.name}-`));
    if (isSame(set.spec.template, deployment.spec.template)) {
      await end(old.slice(deployment.spec.replicas), staged);
      continue;
    }
    await end(old, staged);
    await staged.remove({ apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { namespace, name: set.metadata.name } });
    const objects = rolledOut(deployment, old.slice(0, deployment.spec.replicas));
    await staged.apply(...objects);
    for (const pod of objects.filter(({ kind }) => kind === 'Pod')) {
      const started = startOf(pod, old, kubectl);
      staged.cluster.backends.push(started);
      await staged.restart(started);
      await bed.forward({ namespace, name: pod.metadata.name }, started.port, started);
    }
  }
}

/** As the controller compares them: without the label that it adds itself. */
function isSame(one: Editable, other: Editable): boolean {
  const text = ({ metadata: { labels, annotations }, spec }: Editable): string => {
    const { 'pod-template-hash': added, ...own } = labels;
    return JSON.stringify([own, annotations ?? {}, spec]);
  };
  return text(one) === text(other);
}

async function end(old: readonly Backend[], staged: Staged): Promise<void> {
  for (const each of old) {
    each.start = null;
    await staged.restart(each);
    await staged.remove({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: each.name } });
  }
}

/** The ReplicaSet and its pods, each at an address of its own. */
function rolledOut({ metadata, spec: { selector, template } }: Editable, old: readonly Backend[]): readonly Manifest[] {
  const addresses = old.map(({ address }) => address.replace(/\d+$/, (last) => String(Number(last) + 20)));
  const { labels, annotations = {} } = template.metadata;
  const made = workload({
    ...{ namespace, name: metadata.name, hash, addresses, labels: metadata.labels, selector: selector.matchLabels },
    ...{ spec: template.spec, podLabels: labels, podAnnotations: annotations },
  });
  return made.filter(({ kind }) => kind !== 'Deployment');
}

/** The program with the environment of now: internal/config/manager.go and, of the unmerged change, internal/router/router.go. */
function startOf(pod: Manifest, old: readonly Backend[], kubectl: Workbench['kubectl']): Backend {
  const [before] = old.flatMap((each) => programOf(each) ?? []);
  if (before === undefined) throw new Error(`nothing ran before pod ${pod.metadata.name}`);
  const [{ env = [] }] = (pod.spec as Editable).containers;
  const { token: former, ...kept } = before;
  const token = variableOf('METRICS_TOKEN', env, kubectl);
  const program: GptLoad = token === null || token === '' ? kept : { ...kept, token };
  return backend(pod, program, Number(variableOf('PORT', env, kubectl) ?? 3001));
}

/** A variable of a container; from the Secret as it is now, where it comes from one. */
function variableOf(name: string, env: readonly Editable[], kubectl: Workbench['kubectl']): string | null {
  const variable = env.findLast((each) => each.name === name);
  if (variable === undefined) return null;
  const from = variable.valueFrom?.secretKeyRef;
  return from === undefined ? variable.value : secretValue(from.name, from.key, kubectl);
}

/** Whoever makes a new token tells doctor of it. */
export function toldOf({ kubectl }: Workbench): Partial<Options> {
  const names = kubectl('get', 'secrets', '-n', namespace, '-o', 'name');
  return names.includes('secret/gpt-load-metrics') ? { metricsToken: secretValue('gpt-load-metrics', 'metrics', kubectl) } : {};
}

/** What a key of a Secret holds. */
function secretValue(name: string, key: string, kubectl: Workbench['kubectl']): string {
  const { data } = JSON.parse(kubectl('get', 'secret', '-n', namespace, name, '-o', 'json'));
  return Buffer.from(data[key], 'base64').toString();
}
