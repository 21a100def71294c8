import { type Limitador, startLimitador } from '../../../e2e/emulator/limitador.ts';
import type { Backend, Editable } from '../../world.ts';
import { wordsOf } from '../objects.ts';
import { counted } from './counters.ts';
import { change, differs, nameOf, type Place, present } from './present.ts';
import { traffic } from './traffic.ts';

/** What limitador-operator v0.17 brings: its RELATED_IMAGE_LIMITADOR. */
const usualImage = 'quay.io/kuadrant/limitador:v2.3.0';

/** What limitador-operator does of a Limitador object: image and arguments of its Deployment (pkg/limitador/k8s_objects.go, pkg/limitador/image.go). */
export async function shape(place: Place): Promise<void> {
  const deployments = await present(place, 'Deployment');
  for (const { metadata, spec } of await present(place, 'Limitador')) {
    const own = deployments.find((each) => nameOf(each) === `${metadata.namespace}/limitador-${metadata.name}`);
    if (own === undefined) continue;
    const image = spec.image ?? (spec.version === undefined ? usualImage : usualImage.replace(/:.*/, `:${spec.version}`));
    const [container] = own.spec.template.spec.containers;
    const containers = [{ ...container, image, args: wordsOf(spec.metricLabelsDefault ?? null) }];
    await change(place, own, { spec: { template: { spec: { containers } } } });
  }
}

/**
 * What the callers' next requests make of the counters: each proxy goes by the filter that it has, asks Limitador about what is in its list
 * of limits alone, and reports. A process that was not started anew keeps the series that it has (recorded: series are never evicted).
 */
export async function count(place: Place): Promise<void> {
  if (!(await isAnother(place))) return;
  const pods = (await present(place, 'Pod')).filter(({ metadata }) => metadata.labels?.app === 'limitador');
  const [kuadrant] = await present(place, 'Kuadrant');
  const walled = kuadrant?.spec.mtls?.enable === true && kuadrant.spec.mtls.limitador !== false;
  for (const pod of pods) {
    const own = place.hands.cluster.backends.filter(
      ({ name, namespace }) => namespace === pod.metadata.namespace && /^limitador/.test(name),
    );
    const known = place.hands.cluster.objects.some(({ kind, metadata }) => kind === 'Pod' && metadata.name === pod.metadata.name);
    const before = known ? await counted(own.map(({ address }) => address)) : [];
    const program = { ...processOf(pod), flows: [...before, ...(await traffic(place, countsTokens(pod)))] };
    const [first] = own;
    const address = first?.address ?? pod.status.podIP;
    await place.bed.forward(pod.metadata, 8080, { address, port: 8080 });
    for (const backend of own) await serve(place, backend, walled && backend !== first ? { ...program, trouble: 'reset' } : program);
  }
}

/** Whether anything has changed by which requests are counted. */
async function isAnother(place: Place): Promise<boolean> {
  const managed = ({ metadata }: Editable): boolean => metadata.labels?.['authorino.kuadrant.io/managed-by'] !== undefined;
  return (
    (await differs(place, ['WasmPlugin', 'EnvoyExtensionPolicy', 'Limitador', 'AuthPolicy', 'Kuadrant'])) ||
    (await differs(place, ['Pod'], { of: ({ metadata }) => metadata.labels?.app === 'limitador', view: () => null })) ||
    (await differs(place, ['Secret'], { of: managed, view: ({ metadata }) => [metadata.labels, metadata.annotations] }))
  );
}

async function serve(place: Place, backend: Backend, program: Limitador): Promise<void> {
  backend.start = () => startLimitador(backend.address, program);
  await place.hands.restart(backend);
}

function processOf({ spec }: Editable): Omit<Limitador, 'flows'> {
  const { args = [] } = spec.containers[0];
  return { unlabelled: !args.join(' ').includes('--metric-labels-default descriptors[1]') };
}

/** Before 2.2 there is no metric of what is reported: limitador-server at the tags. */
function countsTokens({ spec }: Editable): boolean {
  const [, major, minor] = /:v(\d+)\.(\d+)/.exec(spec.containers[0].image) ?? [];
  return Number(major) > 2 || (Number(major) === 2 && Number(minor) >= 2);
}
