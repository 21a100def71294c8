import { isMeant } from '../../../facts/collector-coverage.ts';
import { podSpecOf } from '../../../facts/collector-files.ts';
import type { Collector } from '../../../facts/collectors.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import { type Account, type Asked, type Rbac, rbacOf, readingRbac } from '../../../facts/rbac.ts';
import { isGranted } from '../../../facts/rbac-grants.ts';
import { type Workload, workloads } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { hasVariable } from '../../../parse/collector-escaping.ts';
import { text } from '../../../parse/fields.ts';
import type { JobDiscovery, ScrapeJob } from '../../../parse/scrape-job.ts';
import { type Scraping, scraping } from './scraping.ts';

/** A job that looks for a sidecar in the API server, and what it may not do there. */
export interface Look {
  readonly collector: Collector;
  readonly job: ScrapeJob;
  readonly emitter: Emitter;
  /** Who looks: the ServiceAccount of the collector's pods, or of its target allocator's. */
  readonly account: Account;
  /** What it has to do there and is not let; empty: it is let do all of it. */
  readonly denied: readonly Asked[];
  /** Of that, what it does less well without. */
  readonly unwatched: readonly Asked[];
}

/** What collectors may look up, where they look for sidecars. */
export interface DiscoveryAccess {
  readonly looks: readonly Look[];
  /** Null: nothing looks for a sidecar, so RBAC was not read. */
  readonly rbac: Rbac | null;
}

/** Whether collectors may list what they look for. RBAC is read only where one discovers sidecars in the API server. */
export const discoveryAccess = defineFact({
  id: 'discovery-access',
  title: 'what collectors may list',
  reads: readingRbac,
  needs: { scraping },
  wants: { workloads },
  async read({ scraping, workloads }, { source }): Promise<DiscoveryAccess> {
    const all = workloads.status === 'read' ? workloads.value.read : [];
    const seeking = seekersOf(scraping, all);
    if (seeking.length === 0) return { looks: [], rbac: null };
    const rbac = await rbacOf(source);
    const isLet = remembered(rbac);
    return { looks: seeking.map((seeker) => lookOf(seeker, isLet)), rbac };
  },
});

/** Sidecars are many, and what is asked about them is the same. */
function remembered(rbac: Rbac): IsLet {
  const known = new Map<string, boolean>();
  return (account, asked) => {
    const key = JSON.stringify([account, asked]);
    const isLet = known.get(key) ?? isGranted(rbac, account, asked);
    known.set(key, isLet);
    return isLet;
  };
}

type IsLet = (account: Account, asked: Asked) => boolean;

interface Seeker extends Pick<Look, 'collector' | 'job' | 'emitter' | 'account'> {
  /** One of these is enough. */
  readonly ways: readonly (readonly Wanted[])[];
}

type Wanted = Omit<Asked, 'verb'>;

function seekersOf(scraping: Scraping, all: readonly Workload[]): readonly Seeker[] {
  const jobs = scraping.collectors.flatMap((collector) => collector.jobs.map((job) => ({ collector, job })));
  return scraping.emitters.flatMap(({ emitter, scrapes }) => {
    const byServices = scrapes.length > 0 ? [] : jobs.filter(({ job }) => job.discovery.some(isByServices) && isMeant(job));
    return [...scrapes, ...byServices].flatMap(({ collector, job }): readonly Seeker[] => {
      const account = accountOf(collector, job, all);
      const ways = job.discovery.map((discovery) => wantedBy(discovery, emitter, collector));
      const told = ways.filter((way) => way !== null);
      return account === null || told.length === 0 || told.length < ways.length ? [] : [{ collector, job, emitter, account, ways: told }];
    });
  });
}

function isByServices(discovery: JobDiscovery): boolean {
  return discovery.by === 'kubernetes' && ['endpoints', 'endpointslice', 'service'].includes(discovery.role);
}

/** The operator's target allocator looks in the place of its collectors: opentelemetry-operator internal/naming TargetAllocator. */
function accountOf(collector: Collector, { shared }: ScrapeJob, all: readonly Workload[]): Account | null {
  const { workload, kind, namespace, name } = collector;
  const looking =
    shared && kind === 'otel' ? all.find((each) => each.namespace === namespace && each.name === `${name}-targetallocator`) : workload;
  if (looking === null || looking === undefined) return null;
  const spec = podSpecOf(looking);
  return { namespace: looking.namespace, name: text(spec.serviceAccountName) || text(spec.serviceAccount) || 'default' };
}

const endpointslices = { group: 'discovery.k8s.io', resource: 'endpointslices' };
const core = (resource: string) => ({ group: '', resource });

/** What each role lists and watches: prometheus discovery/kubernetes/kubernetes.go Run. */
const listedBy: Readonly<Record<string, readonly Omit<Wanted, 'namespace'>[]>> = {
  pod: [core('pods')],
  service: [core('services')],
  endpoints: [core('endpoints'), core('services'), core('pods')],
  endpointslice: [endpointslices, core('services'), core('pods')],
};

/** What a discovery lists to find a sidecar; empty: it does not look there. Null: not in the API server, as somebody else, or it cannot be told. */
function wantedBy(discovery: JobDiscovery, { pod }: Emitter, collector: Collector): readonly Wanted[] | null {
  // Whoever takes PodMonitors lists the pods of their namespaces, by name or all at once.
  if (discovery.by === 'podmonitors') return [{ ...core('pods'), namespace: pod.namespace }];
  if (discovery.by !== 'kubernetes' || discovery.otherIdentity === true) return null;
  const kinds = listedBy[discovery.role];
  const names = [...(discovery.namespaces ?? []), ...(discovery.own ? [collector.namespace] : [])];
  if (kinds === undefined || names.some(hasVariable)) return null;
  const namespace = names.length === 0 ? null : names.includes(pod.namespace) ? pod.namespace : undefined;
  if (namespace === undefined) return [];
  // Targets wait for these: prometheus discovery/kubernetes/pod.go Run, WaitForCacheSync.
  const attached = (discovery.attaches ?? []).map((what) => ({ ...core(`${what}s`), namespace: null }));
  return [...kinds.map((kind) => ({ ...kind, namespace })), ...attached];
}

/** The way that lacks least. */
function lookOf({ ways, ...seeker }: Seeker, isLet: IsLet): Look {
  const looking = ways.filter((way) => way.length > 0);
  const lacks = (way: readonly Wanted[], verb: Asked['verb']): readonly Asked[] =>
    way.map((wanted) => ({ ...wanted, verb })).filter((asked) => !isLet(seeker.account, asked));
  const [best] = looking.toSorted((a, b) => lacks(a, 'list').length - lacks(b, 'list').length);
  const denied = best === undefined ? [] : lacks(best, 'list');
  return { ...seeker, denied, unwatched: best === undefined || denied.length > 0 ? [] : lacks(best, 'watch') };
}
