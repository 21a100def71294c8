import { createHash } from 'node:crypto';
import type { Workbench } from '../e2e/fixing.ts';
import { pathOf } from '../e2e/testbed/api.ts';
import type { Staged } from '../e2e/testbed/stage.ts';
import { counting, type Passed } from './counting.ts';
import { admitted, controllerOf, mappedBy, remaps, sidecarIn } from './injection.ts';
import { listed } from './lgtm/rollouts.ts';
import { webhookCa } from './objects/webhook-ca.ts';
import { workload } from './objects/workloads.ts';
import { unstuck } from './stuck.ts';
import { type Editable, find, type Manifest, type ProxyPod, type WorldDefinition } from './world.ts';

/** Worlds whose remedy says that the proxies have to be created anew, and leaves when to a person. */
const renewed: ReadonlySet<string> = new Set([
  'trailing-comma-in-mapping',
  'flag-of-the-release-before',
  'mapping-in-quotes',
  'upper-case-header-in-mapping',
  'no-header-mapped',
  'label-named-le',
  'label-named-namespace',
]);

const controllerName = 'ai-gateway-controller';

/**
 * What the controllers do about specs of Deployments that they have not seen yet: new pods in place of the old ones, from the template of now. The gateway's
 * controller writes the CA of its webhook when it starts, and where a webhook that can be called selects a pod, it is stored with the sidecar of the controller of now.
 */
export async function controllers(workbench: Workbench, hands: Staged, world: WorldDefinition): Promise<void> {
  unstuck(workbench, world);
  const own = listed(workbench.kubectl, 'deployments').filter(isProxy);
  if (renewed.has(world.name)) for (const { metadata } of own.slice(0, 1)) restart(workbench, metadata);
  const all = listed(workbench.kubectl, 'deployments');
  const begun = all.filter(({ metadata, status }) => metadata.generation > (status?.observedGeneration ?? 1));
  for (const deployment of begun.filter((each) => !isProxy(each)))
    await rollOut(workbench, hands, deployment, deployment.spec.template.spec);
  const controller = begun.find(({ metadata }) => metadata.name === controllerName);
  if (controller !== undefined) await signWebhook(workbench);
  for (const deployment of all.filter(isProxy))
    if (begun.includes(deployment) || (controller !== undefined && rolls(controller, podsOf(workbench, deployment))))
      await renew(workbench, hands, deployment);
}

function isProxy({ metadata }: Editable): boolean {
  return metadata.labels?.['app.kubernetes.io/component'] === 'proxy';
}

function restart({ kubectl }: Workbench, { namespace, name }: Manifest['metadata']): void {
  kubectl('-n', namespace ?? '', 'rollout', 'restart', `deployment/${name}`);
}

function podsOf({ kubectl }: Workbench, { metadata, spec }: Editable): readonly Editable[] {
  const wanted = Object.entries<string>(spec.selector.matchLabels);
  return listed(kubectl, 'pods').filter(
    (pod) => pod.metadata.namespace === metadata.namespace && wanted.every(([name, value]) => pod.metadata.labels?.[name] === value),
  );
}

/** From v1.1 on a controller with another mapping rolls the proxies itself: envoyproxy/ai-gateway #2427. */
function rolls(deployment: Editable, pods: readonly Editable[]): boolean {
  const controller = controllerOf(deployment);
  const sidecars = pods.flatMap(({ spec }) => sidecarIn(spec) ?? []);
  return controller.look.bundle && sidecars.some((sidecar) => remaps(controller, sidecar));
}

/** A ReplicaSet and pods in place of the old ones, at their addresses; returns the pods. */
async function rollOut(workbench: Workbench, hands: Staged, deployment: Editable, podSpec: Editable): Promise<readonly Manifest[]> {
  const { name, namespace, labels = {}, uid, generation } = deployment.metadata;
  if (name === controllerName) controllerOf(deployment);
  const { template, selector, replicas } = deployment.spec;
  const { labels: podLabels, annotations: podAnnotations = {} } = template.metadata;
  const old = podsOf(workbench, deployment);
  const sets = listed(workbench.kubectl, 'replicasets').filter(({ metadata }) =>
    metadata.ownerReferences?.some((each: Editable) => each.uid === uid),
  );
  const made = (spec: Editable): readonly Manifest[] =>
    workload({
      ...{ namespace, name, labels, selector: selector.matchLabels, podLabels, podAnnotations, spec },
      addresses: old.map(({ status }) => status.podIP).slice(0, replicas),
      hash: createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10),
    });
  const pods = made(podSpec).filter(({ kind }) => kind === 'Pod');
  await hands.remove(...sets, ...old);
  await hands.apply(...made(template.spec).filter(({ kind }) => kind === 'ReplicaSet'), ...pods);
  await workbench.bed.patchStatus(deployment, { observedGeneration: generation });
  return pods;
}

/** cmd/controller/main.go maybePatchAdmissionWebhook. */
async function signWebhook({ kubectl, bed }: Workbench): Promise<void> {
  const own = listed(kubectl, 'mutatingwebhookconfigurations').filter(({ metadata }) => metadata.name.startsWith('envoy-ai-gateway-'));
  const patch = [{ op: 'add', path: '/webhooks/0/clientConfig/caBundle', value: Buffer.from(webhookCa).toString('base64') }];
  for (const each of own) {
    const { status } = await bed.api.send('PATCH', pathOf(each), patch, 'application/json-patch+json');
    if (status !== 200) throw new Error(`cannot write the CA of webhook ${each.metadata.name}: ${status}`);
  }
}

/** New proxies of a Deployment; none where the API server refuses them, and the old ones go on. */
async function renew(workbench: Workbench, hands: Staged, deployment: Editable): Promise<void> {
  const old = podsOf(workbench, deployment);
  const sidecar = old.flatMap(({ spec }) => sidecarIn(spec) ?? [])[0];
  const former: Editable = hands.cluster.objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === controllerName);
  const args = former?.spec.template.spec.containers[0].args ?? [];
  const spec = admitted(deployment.spec.template, workbench, { sidecar, args });
  if (spec === null) return;
  const pods = await rollOut(workbench, hands, deployment, spec);
  const policies = listed(workbench.kubectl, 'securitypolicies');
  const proxies = hands.cluster.proxies;
  for (const pod of pods) {
    const at = proxies.findIndex(({ address }) => address === (pod.status as Editable).podIP);
    const before = proxies[at];
    if (before === undefined) continue;
    const fresh = { ...before, name: pod.metadata.name, emulated: answering(pod, passed(before, hands), policies) };
    await hands.emulate(before, null);
    await hands.emulate(fresh, fresh.emulated);
    await workbench.bed.forward({ namespace: fresh.namespace, name: fresh.name }, 1064, { address: fresh.address, port: 1064 });
    proxies[at] = fresh;
  }
}

function answering(pod: Manifest, before: Passed | null, policies: readonly Editable[]): ProxyPod['emulated'] {
  const sidecar = sidecarIn(pod.spec);
  return sidecar === undefined || before === null ? null : counting(sidecar, before, policies);
}

/** What a proxy without a sidecar let pass uncounted is like what the others count. */
function passed(proxy: ProxyPod, { cluster }: Staged): Passed | null {
  const counted = [proxy, ...cluster.proxies].find(({ emulated }) => emulated !== null);
  if (counted?.emulated == null) return null;
  const sidecar = sidecarIn((find(cluster, 'Pod', counted.name) as Editable).spec);
  return { emulated: counted.emulated, mapped: sidecar === undefined ? [] : mappedBy(sidecar) };
}
