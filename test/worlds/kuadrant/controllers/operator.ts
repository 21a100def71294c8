import type { Editable, Manifest } from '../../world.ts';
import { carriers, type Provider } from '../gateways.ts';
import { istioMonitor, limitadorMonitor, otherMonitors, ready } from '../objects.ts';
import { configOf } from './filter-config.ts';
import { limitsOf } from './limits.ts';
import { judgePolicies } from './policies.ts';
import { change, differs, nameOf, type Place, present, sameName, type Watched } from './present.ts';
import { attachedTo, controllerOf, isEnforced, type Path, pathsOf } from './topology.ts';

export const operatorName = 'kuadrant-operator-controller-manager';

/** What the running process of the operator goes by. */
interface Process {
  /** Controllers of GatewayClasses, and whose they are. */
  readonly providers: Readonly<Record<Provider, readonly string[]>>;
  /** It reads TelemetryPolicies: state_of_the_world.go, WITH_EXTENSIONS. */
  readonly extensions: boolean;
  /** It knew the kinds of Istio or Envoy Gateway when it started. */
  readonly dataPlane: boolean;
  /** It knew the kinds of monitors when it started. */
  readonly monitors: boolean;
}

/**
 * What the Kuadrant operator does once it is started anew or hears of a change, by what the API server has: statuses of policies, the
 * filter and its configuration, the limits of Limitador, monitors. What it could not see at its start it does not see until it is started
 * again (kuadrant-operator internal/controller/state_of_the_world.go); what was amiss before and told it nothing stays as it is.
 */
export async function operate(place: Place, rolled: ReadonlySet<string>): Promise<void> {
  const pods = await present(place, 'Pod');
  const pod = pods.find(({ metadata }) => metadata.name.startsWith(operatorName));
  const started = rolled.has(`${pod?.metadata.namespace}/${operatorName}`);
  if (pod === undefined || !(started || (await differs(place, told)))) return;
  const [kuadrant] = await present(place, 'Kuadrant');
  const process = await processOf(place, pod, started);
  if (kuadrant === undefined || !process.dataPlane) return;
  const paths = await pathsOf(place, Object.values(process.providers).flat());
  await judgePolicies(place, paths, process.extensions);
  await bringFilters(place, paths, process);
  await setLimits(place, paths);
  await makeMonitors(place, kuadrant, { paths, process });
  await place.bed.patchStatus(kuadrant, ready());
}

/** Of the Gateway API it watches more, of which no remedy changes anything; those objects have defaults that no manifest has. */
const told: readonly Watched[] = ['Kuadrant', 'AuthPolicy', 'TokenRateLimitPolicy', 'TelemetryPolicy', 'Limitador'];

/** Defaults: kuadrant-operator internal/controller/data_plane_policies_workflow.go. */
async function processOf(place: Place, pod: Editable, started: boolean): Promise<Process> {
  const env = (name: string): string | undefined =>
    pod.spec.containers[0].env?.find((each: Editable) => each.name === name)?.value || undefined;
  const names = (await present(place, 'CustomResourceDefinition')).map(({ metadata }) => metadata.name);
  const before = (kind: string): readonly Editable[] => place.hands.cluster.objects.filter((object) => object.kind === kind);
  const [kuadrant] = before('Kuadrant');
  const blind = kuadrant?.status.conditions.some(({ reason }: Editable) => reason === 'MissingDependency');
  const unmade = kuadrant?.spec.observability?.enable === true && !before('PodMonitor').some(isOwnMonitor);
  return {
    providers: {
      istio: (env('ISTIO_GATEWAY_CONTROLLER_NAMES') ?? 'istio.io/gateway-controller').split(','),
      'envoy-gateway': (env('ENVOY_GATEWAY_GATEWAY_CONTROLLER_NAMES') ?? 'gateway.envoyproxy.io/gatewayclass-controller').split(','),
    },
    extensions: env('WITH_EXTENSIONS') !== 'false',
    dataPlane: started ? names.some((name) => /^(wasmplugins|envoyextensionpolicies)\./.test(name)) : !blind,
    monitors: started ? names.includes('podmonitors.monitoring.coreos.com') : !unmade,
  };
}

/** internal/controller/istio_extension_reconciler.go and envoy_gateway_extension_reconciler.go. */
async function bringFilters(place: Place, paths: readonly Path[], { providers }: Process): Promise<void> {
  const classes = await present(place, 'GatewayClass');
  const gateways = [...new Map(paths.map(({ gateway }) => [nameOf(gateway), gateway])).values()];
  for (const gateway of gateways) {
    const own = paths.filter((path) => nameOf(path.gateway) === nameOf(gateway));
    const config = await configOf(place, gateway, own);
    if (config === null) continue;
    const controller = controllerOf(gateway.spec.gatewayClassName, classes);
    const provider = providers.istio.includes(controller) ? 'istio' : 'envoy-gateway';
    const { namespace, name } = gateway.metadata;
    await place.hands.apply(...carriers(provider, config, { namespace, name }));
  }
}

/** internal/controller/limitador_limits_reconciler.go and limitador_reconciler.go, which sets where the labels are. */
async function setLimits(place: Place, paths: readonly Path[]): Promise<void> {
  const policies = (await present(place, 'TokenRateLimitPolicy')).filter(isEnforced);
  const limits = paths.flatMap((path) =>
    policies.filter((policy) => attachedTo(policy, path)).flatMap((policy) => limitsOf(policy, path.route)),
  );
  for (const limitador of await present(place, 'Limitador'))
    await change(place, limitador, { spec: { limits, metricLabelsDefault: 'descriptors[1]' } });
}

/** internal/controller/observability_reconciler.go: made where they are missing, and never corrected. */
async function makeMonitors(
  place: Place,
  kuadrant: Editable,
  { paths, process }: { readonly paths: readonly Path[]; readonly process: Process },
): Promise<void> {
  const made = [...(await present(place, 'PodMonitor')), ...(await present(place, 'ServiceMonitor'))];
  if (kuadrant.spec?.observability?.enable !== true) return place.hands.remove(...made.filter(isOwnMonitor));
  if (!process.monitors) return;
  const homes = [...new Set(paths.map(({ gateway }) => gateway.metadata.namespace as string))];
  const wanted: readonly Manifest[] = [limitadorMonitor(), ...otherMonitors(), ...homes.map(istioMonitor)];
  const missing = wanted.filter(({ kind, metadata }) => !made.some((each) => each.kind === kind && sameName(each.metadata, metadata)));
  await place.hands.apply(...missing);
}

const isOwnMonitor = ({ metadata }: Editable): boolean => metadata.labels?.['kuadrant.io/observability'] === 'true';
