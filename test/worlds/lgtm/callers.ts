import type { Flow } from '../../e2e/emulator/sidecar.ts';
import type { Workbench } from '../../e2e/fixing.ts';
import type { Staged } from '../../e2e/testbed/stage.ts';
import { traffic } from '../healthy.ts';
import { proxies } from '../objects/proxies.ts';
import { looks } from '../objects/releases.ts';
import { condition } from '../objects/workloads.ts';
import type { Editable, GatewayCluster, ProxyPod } from '../world.ts';
import { containersOf } from './pod-files.ts';
import { listed } from './rollouts.ts';

const flagged = /^--?(?:metricsRequestHeaderAttributes|requestHeaderAttributes)(?:=(.*))?$/;

/**
 * What Envoy Gateway and the AI gateway do about policies and flags as they are now. A policy with a target is accepted, and its header is set on the
 * requests that come from then on. Proxies that have not the mapping of their controller are created anew, as the remedy says, and start from nothing.
 * True: some sidecar counts otherwise from now on.
 */
export async function tellCallers({ kubectl, bed }: Workbench, staged: Staged): Promise<boolean> {
  const cluster = staged.cluster as GatewayCluster;
  const routes = listed(kubectl, 'httproutes').map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const policies = listed(kubectl, 'securitypolicies').filter((policy) => targetsOf(policy).some((target) => routes.includes(target)));
  for (const policy of policies.filter(isUnseen)) await bed.patchStatus(policy, { ancestors: [accepted(policy)] });
  const forwarded = policies.flatMap(({ spec }) => spec.apiKeyAuth?.forwardClientIDHeader ?? []);
  const controller = listed(kubectl, 'deployments').find(({ metadata }) => metadata.name === 'ai-gateway-controller');
  const wanted = mappingIn(controller?.spec.template.spec) ?? '';
  const pods = listed(kubectl, 'pods');
  let otherwise = false;
  for (const [index, proxy] of cluster.proxies.entries()) {
    const pod = pods.find(({ metadata }) => metadata.name === proxy.name && metadata.namespace === proxy.namespace);
    const anew = (mappingIn(pod?.spec) ?? '') !== wanted;
    if (anew) await recreated(cluster, proxy, wanted, staged);
    const flows = flowsOf(cluster, index, { mapping: wanted, forwarded });
    const known = knownOf(proxy);
    if (!anew && identitiesOf(known) === identitiesOf(flows)) continue;
    const before = anew ? [] : known.map((flow) => ended(flow, pod));
    await staged.emulate(proxy, { release: cluster.release, flows: [...before, ...flows] });
    otherwise = true;
  }
  return otherwise;
}

function targetsOf({ metadata, spec }: Editable): readonly string[] {
  const refs = [...(spec.targetRefs ?? []), ...(spec.targetRef === undefined ? [] : [spec.targetRef])];
  return refs.map(({ name }) => `${metadata.namespace}/${name}`);
}

/** Changed since its controller said a word about it, or never looked at. */
function isUnseen({ metadata, status }: Editable): boolean {
  const seen = (status?.ancestors ?? []).flatMap(({ conditions }: Editable) => conditions.map((each: Editable) => each.observedGeneration));
  return seen.length === 0 || seen.some((generation: number) => generation < metadata.generation);
}

function accepted({ metadata }: Editable): unknown {
  return {
    ancestorRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'maas-gateway', namespace: metadata.namespace },
    controllerName: 'gateway.envoyproxy.io/gatewayclass-controller',
    conditions: [{ ...condition('Accepted', 'Accepted', 'True', 'Policy has been accepted.'), observedGeneration: metadata.generation }],
  };
}

/** The mapping that the arguments of some container say; null: none does. */
function mappingIn(spec: Editable): string | null {
  for (const { args = [] } of containersOf(spec ?? {})) {
    const at = args.findIndex((argument: string) => flagged.test(argument));
    if (at >= 0) return flagged.exec(args[at])?.[1] ?? args[at + 1];
  }
  return null;
}

async function recreated({ release }: GatewayCluster, proxy: ProxyPod, mapping: string, staged: Staged): Promise<void> {
  const addresses = staged.cluster.proxies.map(({ address }) => address);
  const pods = proxies({ look: looks[release], mapping, mode: {}, addresses }).filter(
    ({ kind, metadata }) => kind === 'Pod' && metadata.name === proxy.name,
  );
  await staged.remove(...pods);
  await staged.apply(...pods);
}

interface Telling {
  readonly mapping: string;
  /** Headers that policies set to the client's ID. */
  readonly forwarded: readonly string[];
}

/** The requests of the same callers, named as the sidecar can name them from now on. */
function flowsOf({ release }: GatewayCluster, index: number, { mapping, forwarded }: Telling): readonly Flow[] {
  const pairs = mapping.split(',').map((pair) => pair.split(':'));
  const attributes = pairs.flatMap(([header = '', attribute]) =>
    forwarded.includes(header) && attribute !== undefined ? [attribute] : [],
  );
  return traffic(release, index).map(({ identity, ...flow }) => ({
    ...flow,
    before: 0,
    identity: Object.fromEntries(attributes.map((attribute) => [attribute, identity['user.id'] ?? ''])),
  }));
}

function knownOf({ emulated }: ProxyPod): readonly Flow[] {
  return emulated !== null && 'flows' in emulated ? emulated.flows : [];
}

const identitiesOf = (flows: readonly Flow[]): string => JSON.stringify(flows.map(({ identity }) => identity));

/** What was counted under another name stays, and grows no more. */
function ended(flow: Flow, pod: Editable): Flow {
  const seconds = (Date.now() - Date.parse(pod.metadata.creationTimestamp)) / 1000 + 2;
  return { ...flow, before: flow.before + Math.ceil(flow.perSecond * seconds), perSecond: 0 };
}
