import { kinds, listing } from '../../../facts/kinds.ts';
import { softly } from '../../../facts/listed.ts';
import { type Service, serviceOf } from '../../../facts/service-monitors.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Kind, KubeObject, Many, Unread } from '../../../model/source.ts';
import { record, records, strings, text } from '../../../parse/fields.ts';
import { metricsPath } from '../names.ts';
import { type Instance, instances } from './instances.ts';

/** Something that lets requests from outside the cluster reach /metrics of pods. */
export interface WayIn {
  /** "Service NAMESPACE/NAME", "Ingress NAMESPACE/NAME". */
  readonly subject: string;
  /** In words: "of type LoadBalancer". */
  readonly how: string;
  /** Keys of the pods it leads to. */
  readonly pods: readonly string[];
  /** kubectl's name of the resource. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

const ingresses: Kind = { group: 'networking.k8s.io', resource: 'ingresses', kind: 'Ingress', namespaced: true, versions: ['v1'] };

/** The ways to pods that ask for no token: nothing is listed where all of them ask. */
export const waysIn = defineFact({
  id: 'gpt-load-ways-in',
  title: 'Services, Ingresses and HTTPRoutes of gpt-load pods',
  reads: [listing(kinds.services), listing(ingresses), listing(kinds.httproutes)],
  needs: { instances },
  async read({ instances }, { source }): Promise<Many<WayIn>> {
    const open = instances.read.filter(({ token }) => token !== 'set');
    if (open.length === 0) return { read: [], unread: [] };
    const unread: Unread[] = [];
    const [services, ingress, routes] = await Promise.all(
      [kinds.services, ingresses, kinds.httproutes].map((kind) => softly(source, kind, {}, unread)),
    );
    return { read: waysTo(open, { services: services ?? [], ingresses: ingress ?? [], routes: routes ?? [] }), unread };
  },
});

interface Objects {
  readonly services: readonly KubeObject[];
  readonly ingresses: readonly KubeObject[];
  readonly routes: readonly KubeObject[];
}

/** Which objects lead to /metrics of which pods; pure. */
function waysTo(open: readonly Instance[], objects: Objects): readonly WayIn[] {
  const backed = objects.services.map(serviceOf).map((service) => ({ service, pods: open.filter((each) => leadsTo(service, each)) }));
  const of = (namespace: string, name: string): readonly Instance[] =>
    backed.find(({ service }) => service.namespace === namespace && service.name === name)?.pods ?? [];
  const outside = backed.flatMap(({ service, pods }) => (pods.length > 0 ? exposed(service, pods) : []));
  return [
    ...outside,
    ...objects.ingresses.flatMap((object) => ingressWay(object, of)),
    ...objects.routes.flatMap((object) => routeWay(object, of)),
  ];
}

function leadsTo({ namespace, selector, ports }: Service, { pod, port, portNames }: Instance): boolean {
  const chosen =
    selector !== null && Object.entries(selector).length > 0 && Object.entries(selector).every(([key, value]) => pod.labels[key] === value);
  return (
    pod.namespace === namespace &&
    chosen &&
    ports.some(({ targetPort }) => targetPort === port || (portNames ?? []).includes(String(targetPort)))
  );
}

function exposed({ raw, namespace, name }: Service, pods: readonly Instance[]): readonly WayIn[] {
  const type = text(record(raw.spec).type);
  if (type !== 'LoadBalancer' && type !== 'NodePort') return [];
  // Every cloud's annotation for a load balancer of the private network says so in its key or value.
  const inside = Object.entries(raw.metadata.annotations ?? {}).some(
    ([key, value]) => /internal/i.test(`${key}=${value}`) && value !== 'false',
  );
  if (inside) return [];
  return [{ subject: `Service ${namespace}/${name}`, how: `is of type ${type}`, resource: 'service', namespace, name, pods: keysOf(pods) }];
}

type PodsOf = (namespace: string, name: string) => readonly Instance[];

function ingressWay({ metadata, spec }: KubeObject, of: PodsOf): readonly WayIn[] {
  const { namespace = '', name } = metadata;
  const rules = records(record(spec).rules).map((rule) => records(record(rule.http).paths));
  const backends = rules.flatMap((paths) =>
    bestOf(paths.map((path) => ({ path: text(path.path) ?? '/', exact: path.pathType === 'Exact', value: path.backend }))),
  );
  const all = [...backends, ...(rules.length === 0 ? [record(spec).defaultBackend] : [])];
  const pods = all.flatMap((backend) => of(namespace, text(record(record(backend).service).name) ?? ''));
  const subject = `Ingress ${namespace}/${name}`;
  return pods.length === 0
    ? []
    : [{ subject, how: `leads ${metricsPath} to them`, resource: 'ingress', namespace, name, pods: keysOf(pods) }];
}

function routeWay({ metadata, spec }: KubeObject, of: PodsOf): readonly WayIn[] {
  const { namespace = '', name } = metadata;
  const candidates = records(record(spec).rules).flatMap((rule) => {
    const matches = records(rule.matches);
    const paths = matches.length === 0 ? [{ type: 'PathPrefix', value: '/' }] : matches.map(({ path }) => strings(path));
    return paths.map(({ type, value }) => ({ path: value ?? '/', exact: type === 'Exact', value: rule.backendRefs }));
  });
  const pods = bestOf(candidates).flatMap((backends) =>
    records(backends).flatMap((backend) => of(text(backend.namespace) ?? namespace, text(backend.name) ?? '')),
  );
  const subject = `HTTPRoute ${namespace}/${name}`;
  return pods.length === 0
    ? []
    : [{ subject, how: `leads ${metricsPath} to them`, resource: 'httproute', namespace, name, pods: keysOf(pods) }];
}

interface Candidate {
  readonly path: string;
  readonly exact: boolean;
  readonly value: unknown;
}

/** What the longest path that takes /metrics leads to. Patterns of controllers are taken by what stands before the first special character. */
function bestOf(candidates: readonly Candidate[]): readonly unknown[] {
  const fitting = candidates
    .map((candidate) => ({ ...candidate, path: candidate.path.replace(/[([*?.^$|\\].*$/, '') || '/' }))
    .filter(({ path, exact }) =>
      exact ? path === metricsPath : path === '/' || `${metricsPath}/`.startsWith(path.endsWith('/') ? path : `${path}/`),
    );
  const [best] = fitting.sort((a, b) => b.path.length - a.path.length);
  return best === undefined ? [] : [best.value];
}

const keysOf = (pods: readonly Instance[]): readonly string[] => [...new Set(pods.map(({ key }) => key))];
