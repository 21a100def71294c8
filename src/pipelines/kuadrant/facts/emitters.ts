import type { Emitter } from '../../../facts/emitters.ts';
import { kinds, listing } from '../../../facts/kinds.ts';
import { ageOf } from '../../../facts/listed.ts';
import { type Container, podOf } from '../../../facts/pods.ts';
import { type Workload, workloads } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { type KubeObject, type Many, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { record, text } from '../../../parse/fields.ts';
import { imageOf } from '../../../parse/image.ts';
import { versionOf } from '../../../parse/versions.ts';
import { httpPort, isLimitadorImage, limitadorLabels, podKey } from '../names.ts';
import { kuadrants } from './kuadrants.ts';

/** A Limitador pod. */
export interface LimitadorPod extends Emitter {
  readonly node: string | null;
  /** Seconds since it was made; null when that cannot be told. */
  readonly age: number | null;
}

/** Every Limitador pod that is meant to serve, by its label or by the image of its workload; not looked for where Kuadrant is not served. */
export const emitters = defineFact({
  id: 'limitador-pods',
  title: 'Limitador pods',
  reads: [listing(kinds.pods)],
  wants: { kuadrants, workloads },
  read: async ({ kuadrants, workloads }, { source, options }): Promise<Many<LimitadorPod>> => {
    if (kuadrants.status === 'read' && !kuadrants.value.served) return { read: [], unread: [] };
    const labelled = await source.list(kinds.pods, { labelSelector: joined(`app=${limitadorLabels.app}`, options.selector) });
    const others = workloads.status === 'read' ? workloads.value.read.filter(runsLimitador) : [];
    const found = await Promise.all(others.map((workload) => podsOf(workload, source, options.selector)));
    const all = [...labelled, ...found.flatMap(({ read }) => read)];
    const objects = [...new Map(all.map((object) => [keyOf(object), object])).values()];
    // One Limitador counts for all namespaces: it is never left out for being in another one.
    const read = objects.flatMap((object) => emitterOf(object, source.now));
    const missed = workloads.status === 'read' ? workloads.value.unread : [workloads.unread];
    const unread = [...found.flatMap((each) => each.unread), ...(read.length === 0 ? missed : [])];
    return { read: read.sort((left, right) => (left.key < right.key ? -1 : 1)), unread };
  },
});

const joined = (...selectors: readonly (string | null)[]): string => selectors.filter((each) => each !== null && each !== '').join(',');

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

/** Workloads of a Limitador whose pods do not have its usual label. */
function runsLimitador({ containers, selector }: Workload): boolean {
  const named = containers.some(({ image }) => isLimitadorImage(imageOf(image).name));
  return named && selector.app !== limitadorLabels.app && Object.keys(selector).length > 0;
}

async function podsOf({ namespace, selector }: Workload, source: Source, extra: string | null): Promise<Many<KubeObject>> {
  const labels = Object.entries(selector).map(([name, value]) => `${name}=${value}`);
  try {
    return { read: await source.list(kinds.pods, { namespace, labelSelector: joined(...labels, extra) }), unread: [] };
  } catch (error) {
    const unread: Unread = unreadOf(error, `pods of ${namespace}`);
    return { read: [], unread: [unread] };
  }
}

function emitterOf(object: KubeObject, now: Date): readonly LimitadorPod[] {
  const pod = podOf(object);
  const container = pod.containers.find(isLimitador);
  if (container === undefined || pod.deleting || pod.phase === 'Succeeded' || pod.phase === 'Failed') return [];
  const port = portOf(container);
  const declared = pod.containers.flatMap(({ ports }) => ports).filter(({ number }) => number === port);
  return [
    {
      key: podKey(pod),
      subject: `Pod ${pod.namespace}/${pod.name}`,
      pod,
      container: container.name,
      port,
      portNames: declared.length === 0 ? null : declared.flatMap(({ name }) => name ?? []),
      path: '/metrics',
      release: versionOf(imageOf(container.image).tag)?.text ?? null,
      node: text(record(object.spec).nodeName),
      age: ageOf(object.metadata, now),
    },
  ];
}

/** By image, or by the container's name where someone renamed the image; never the operator, which may share the label. */
function isLimitador({ image, name, init }: Container): boolean {
  const called = imageOf(image).name;
  return !init && (isLimitadorImage(called) || (name === 'limitador' && !/operator/.test(called)));
}

/** The port called http; else what --http-port says; else the default. */
function portOf({ ports, args, command }: Container): number {
  const named = ports.find(({ name }) => name === httpPort.name)?.number;
  const words = [...command, ...args];
  const flag = words.findIndex((word) => /^(--http-port|-P)$/.test(word));
  const given = Number(flag === -1 ? words.find((word) => word.startsWith('--http-port='))?.slice('--http-port='.length) : words[flag + 1]);
  return named ?? (Number.isInteger(given) && given > 0 && given < 65_536 ? given : httpPort.number);
}
