import { type Coverage, coverage } from '../facts/coverage.ts';
import type { Emitter, Nouns } from '../facts/emitters.ts';
import type { Workload } from '../facts/workloads.ts';
import type { Operation } from '../model/change.ts';
import { defineCheck, type Remedy, verdict } from '../model/check.ts';
import { type Attempt, defineFact } from '../model/fact.ts';
import type { Many } from '../model/source.ts';
import { record, records } from '../parse/fields.ts';
import { grouped } from '../parse/grouped.ts';
import { patching } from './patching.ts';
import type { SharedIds } from './shared-ids.ts';
import { keysOf, named } from './wording.ts';

/** Emitters whose metrics port no container declares, so that pod discovery cannot see it. */
export function undeclaredPorts(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.portUndeclared,
    title: `every ${nouns.one} declares its metrics port`,
    hop: 'expose',
    severity: 'error',
    why: 'Prometheus discovers the ports that a pod declares. A port that no container declares is scraped by no PodMonitor, however it is selected.',
    fix: 'Declare the metrics port with a name under `ports` of the container that serves it.',
    follows: ids.earlier.ports,
    needs: { emitters: nouns.emitters },
    wants: { coverage: coverage(nouns), workloads: nouns.workloads ?? noWorkloads },
    judge({ emitters, coverage, workloads }) {
      if (emitters.read.length === 0 && emitters.unread.length === 0)
        return { status: 'skip', because: `there are no ${nouns.many} that count tokens` };
      // A relabeling may make the address from another port.
      const covers =
        coverage.status === 'read' ? coverage.value.monitors.flatMap(({ endpoints }) => endpoints.flatMap((it) => it.covers)) : [];
      const covered = new Set(covers.filter(({ dropped }) => dropped === undefined).map(({ emitter }) => emitter.key));
      const bare = emitters.read.filter(({ key, portNames }) => portNames === null && !covered.has(key));
      const findings = [...grouped(bare, ({ container, port }) => `${container} ${port}`).values()].map((same) => {
        const [{ pod, subject, container, port }] = same as [(typeof same)[number]];
        return {
          subject,
          message: `no container of ${named(same, nouns)} declares port ${port}`,
          evidence: {
            saw: `container ${container} serves port ${port} and declares it nowhere`,
            run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.containers[*].ports} {.spec.initContainers[*].ports}'`,
          },
          remedy: declaring(same, { coverage, workloads }) ?? {
            text: `declare port ${port} with a name under ports of container ${container}, where the pod is made: containers of a running pod cannot be patched`,
          },
          about: keysOf(same),
        };
      });
      return verdict(findings, emitters.unread);
    },
  });
}

/** Where controllers make the containers, no template says what people want. */
const noWorkloads = defineFact({ id: 'no-workloads', title: 'no workloads', read: (): Many<Workload> => ({ read: [], unread: [] }) });

interface Around {
  readonly coverage: Attempt<Coverage>;
  readonly workloads: Attempt<Many<Workload>>;
}

/** The port in the template that pods are made of; null where it is not known, or another controller writes it. */
function declaring(same: readonly Emitter[], { coverage, workloads }: Around): Remedy | null {
  const read = workloads.status === 'read' ? workloads.value.read : [];
  const owners = same.map(({ pod }) => ownerOf(pod, read));
  const [owner] = owners;
  const [emitter] = same;
  if (owner === undefined || owner === null || emitter === undefined || owners.some((other) => other !== owner)) return null;
  const containers = records(record(record(record(owner.raw.spec).template).spec).containers);
  const at = containers.findIndex(({ name }) => name === emitter.container);
  if (at < 0 || owner.metadata.ownerReferences?.some(({ controller }) => controller === true) === true) return null;
  const path = `/spec/template/spec/containers/${at}/ports`;
  const port = { name: wantedName(same, coverage), containerPort: emitter.port };
  const declared = records(containers[at]?.ports).length > 0;
  const operation: Operation = declared ? { op: 'add', path: `${path}/-`, value: port } : { op: 'add', path, value: [port] };
  const { kind, namespace, name, subject } = owner;
  const text = `declare port ${port.containerPort} as "${port.name}" in container ${emitter.container} of ${subject}, which makes its pods anew`;
  return patching(text, [{ resource: kind.toLowerCase(), namespace, name }, [operation]]);
}

/** The workload whose pods it is of; its ReplicaSet has its name and a hash. */
function ownerOf({ namespace, labels, metadata }: Emitter['pod'], workloads: readonly Workload[]): Workload | null {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true) ?? metadata.ownerReferences?.[0];
  const isOwn = ({ kind, name }: Workload): boolean =>
    kind === 'Deployment' ? owner?.kind === 'ReplicaSet' && owner.name.startsWith(`${name}-`) : owner?.kind === kind && owner.name === name;
  const own = workloads.filter((workload) => workload.namespace === namespace && isOwn(workload));
  return own.find(({ selector }) => Object.entries(selector).every(([key, value]) => labels[key] === value)) ?? null;
}

/** The name that a monitor of these pods looks for; a pattern is no name. */
function wantedName(same: readonly Emitter[], coverage: Attempt<Coverage>): string {
  const keys = new Set(keysOf(same));
  const endpoints = coverage.status === 'read' ? coverage.value.monitors.flatMap((monitor) => monitor.endpoints) : [];
  const near = endpoints.filter(({ misses }) => misses.some(({ emitter }) => keys.has(emitter.key)));
  const named = near.flatMap(({ monitor, endpoint }) => (monitor.kind === 'PodMonitor' ? (endpoint.port ?? []) : []));
  // k8s.io/apimachinery pkg/util/validation IsValidPortName
  return named.find((name) => /^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name)) ?? 'metrics';
}
