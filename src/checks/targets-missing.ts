import { type Coverage, coverage, seenBy, takenBy } from '../facts/coverage.ts';
import type { Emitter, Nouns } from '../facts/emitters.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import { type ServerTargets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { record, text } from '../parse/fields.ts';
import { grouped } from '../parse/grouped.ts';
import { fieldOf, patchingMonitor, removing } from './patching.ts';
import { running } from './scraped.ts';
import type { SharedIds } from './shared-ids.ts';
import { distinct, distinctUnread, keysOf, named, prometheusRun, withoutEmitters } from './wording.ts';

/** Running emitters without an active target, over all shards of a Prometheus. */
export function missingTargets(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.targetsMissing,
    title: `every ${nouns.one} is a target of Prometheus`,
    hop: 'collect',
    severity: 'error',
    why: 'Only active targets are scraped. Tokens of a pod that is none are counted nowhere but in the pod.',
    fix: 'See which pods the scrape pool drops, and that the ServiceAccount of Prometheus may list and watch pods in their namespace.',
    follows: [...ids.earlier.ports, ids.portUndeclared, ids.operatorMissing, ids.unmonitored, ids.unselected, ids.rejected, ids.poolAbsent],
    needs: { targets: targets(nouns), emitters: nouns.emitters },
    wants: { coverage: coverage(nouns) },
    judge({ targets, emitters, coverage }) {
      const expected = running(emitters.read);
      const none = withoutEmitters(expected, emitters.unread, nouns);
      if (none !== null) return none;
      const missing = missingOf(expected, targets.servers, coverage);
      const unread = distinctUnread([...emitters.unread, ...targets.servers.flatMap((server) => server.unread)]);
      if (targets.servers.length === 0)
        return {
          status: 'unknown',
          unread: [
            {
              what: 'GET /api/v1/targets',
              reason: 'absent',
              message: 'no Prometheus was found that could be asked for its targets',
              needs: '--prometheus',
            },
          ],
        };
      const findings = missing.flatMap((it) => findingsOf(it, coverage, nouns));
      // Shards that said nothing matter only when an emitter may have its target there.
      return verdict(findings, missing.length > findings.length ? unread : emitters.unread);
    },
  });
}

interface Missing {
  readonly server: ServerTargets;
  readonly emitters: readonly Emitter[];
  /** Scrape pools that ought to have them; empty: none is known. */
  readonly pools: readonly string[];
}

/** Emitters that a server ought to scrape by the monitors it takes and does not; and on the first server, those that none scrapes. */
function missingOf(expected: readonly Emitter[], servers: readonly ServerTargets[], coverage: Attempt<Coverage>): readonly Missing[] {
  const anywhere = new Set(servers.flatMap((server) => [...scrapedBy(server)]));
  const assigned = servers.map((server) => [server, assignments(server, coverage)] as const);
  const known = new Set(assigned.flatMap(([, pools]) => [...pools.keys()]));
  const lost = expected.filter(({ key }) => !known.has(key) && !anywhere.has(key));
  const [first] = servers;
  const everywhere = first === undefined || lost.length === 0 ? [] : classes(first, lost, () => [], coverage);
  return [
    ...assigned.flatMap(([server, pools]) => {
      const own = scrapedBy(server);
      return classes(
        server,
        expected.filter(({ key }) => pools.has(key) && !own.has(key)),
        ({ key }) => pools.get(key) ?? [],
        coverage,
      );
    }),
    ...everywhere,
  ];
}

function scrapedBy({ targets }: ServerTargets): ReadonlySet<string> {
  return new Set(targets.filter(({ ownPath }) => ownPath).map(({ emitter }) => emitter.key));
}

/** Pools by emitter that the monitors which the server's object takes promise. */
function assignments({ server: { object } }: ServerTargets, coverage: Attempt<Coverage>): ReadonlyMap<string, readonly string[]> {
  if (object === null || coverage.status === 'unread') return new Map();
  const pairs = takenBy(object, coverage.value).flatMap((endpoint) =>
    seenBy(object, endpoint).map(({ emitter }) => [emitter.key, endpoint.pool] as const),
  );
  return new Map([...grouped(pairs, ([key]) => key)].map(([key, all]) => [key, all.map(([, pool]) => pool)]));
}

/** Emitters whose absence may have one cause stand together, so that each cause explains its own. */
function classes(
  server: ServerTargets,
  emitters: readonly Emitter[],
  poolsOf: (emitter: Emitter) => readonly string[],
  coverage: Attempt<Coverage>,
): readonly Missing[] {
  const monitorsOf = matching(coverage);
  const groups = grouped(emitters, (emitter) => `${poolsOf(emitter).join(' ')}|${(monitorsOf.get(emitter.key) ?? []).join(' ')}`);
  return [...groups.values()].map((same) => ({ server, emitters: distinct(same), pools: same[0] === undefined ? [] : poolsOf(same[0]) }));
}

function matching(coverage: Attempt<Coverage>): ReadonlyMap<string, readonly string[]> {
  if (coverage.status === 'unread') return new Map();
  const endpoints = coverage.value.monitors.flatMap((monitor) => monitor.endpoints);
  const pairs = endpoints.flatMap(({ pool, covers }) => covers.map(({ emitter }) => [emitter.key, pool] as const));
  return new Map([...grouped(pairs, ([key]) => key)].map(([key, all]) => [key, all.map(([, pool]) => pool)]));
}

/** None while a shard is unseen: the target may be there. */
function findingsOf({ server, emitters, pools }: Missing, coverage: Attempt<Coverage>, nouns: Nouns): readonly Finding[] {
  if (server.unread.length > 0) return [];
  const [first] = emitters;
  if (first === undefined) return [];
  const { subject } = server.server;
  const culprit = relabelings(coverage, emitters);
  const where = server.server.shards.length > 1 ? `${subject}, over ${server.server.shards.length} shards` : subject;
  const which = pools.length > 0 ? `scrape pool ${pools.join(', ')}` : 'any scrape pool';
  return [
    {
      subject: first.subject,
      message: `${named(emitters, nouns)} ${emitters.length === 1 ? 'has' : 'have'} no active target in ${which} of ${where}${culprit?.text ?? drops(server, pools)}`,
      evidence: {
        saw: `no active target at ${first.pod.ip}:${first.port}${first.path}`,
        run: prometheusRun(`/api/v1/targets?state=active${pools.length === 1 ? `&scrapePool=${pools[0]}` : ''}`),
      },
      ...remedyFor(culprit, server, pools, first),
      about: keysOf(emitters),
    },
  ];
}

interface Culprit {
  readonly text: string;
  readonly remedy: Remedy;
}

/** The relabeling of a PodMonitor that takes the pods out; null when none does. */
function relabelings(coverage: Attempt<Coverage>, [first]: readonly Emitter[]): Culprit | null {
  if (coverage.status === 'unread') return null;
  for (const found of coverage.value.monitors.flatMap(({ endpoints }) => endpoints)) {
    const { monitor, endpoint, covers } = found;
    const dropped = covers.find(({ emitter }) => emitter.key === first?.key)?.dropped;
    if (dropped === undefined) continue;
    const where = `of ${monitor.subject} endpoint ${endpoint.index}`;
    if (dropped.rule === null)
      return {
        text: `: the relabelings ${where} send the scrape to another address`,
        remedy: { text: `let the relabelings ${where} keep the address` },
      };
    const rule = `relabelings[${dropped.rule}] ${where}`;
    const path = `${fieldOf(found, 'relabelings')}/${dropped.rule}`;
    const text = `: ${rule} drops them (${JSON.stringify(endpoint.relabelings[dropped.rule])})`;
    return { text, remedy: patchingMonitor(`remove ${rule}`, monitor, ...removing(path, endpoint.relabelings[dropped.rule])) };
  }
  return null;
}

/** Without a culprit, a pool that discovers nothing: what lets Prometheus list the pods there. */
function remedyFor(
  culprit: Culprit | null,
  server: ServerTargets,
  pools: readonly string[],
  { pod }: Emitter,
): { readonly remedy: Remedy } | Record<never, never> {
  if (culprit !== null) return { remedy: culprit.remedy };
  const { object } = server.server;
  if (object === null || !drops(server, pools).includes('ServiceAccount')) return {};
  return {
    remedy: {
      text: `let the ServiceAccount of ${object.subject} list the pods of namespace ${pod.namespace}`,
      patch: letIn(object, pod.namespace),
    },
  };
}

/** ClusterRole view comes with every cluster and may list and watch pods, Services and endpoints: kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy. */
function letIn(object: PrometheusObject, namespace: string): unknown {
  const name = text(record(object.raw.spec).serviceAccountName) ?? 'default';
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata: { name: `prometheus-${object.name}-view`, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    subjects: [{ kind: 'ServiceAccount', name, namespace: object.namespace }],
  };
}

function drops({ dropped, pools: all }: ServerTargets, pools: readonly string[]): string {
  const [pool] = pools;
  if (pool === undefined || dropped === null || all?.includes(pool) === false) return '';
  const count = dropped[pool] ?? 0;
  if (count > 0) return `: the pool drops ${count} discovered ${count === 1 ? 'target' : 'targets'}`;
  return ': the pool discovers no pods that it could drop, as when the ServiceAccount of Prometheus may not list and watch pods there';
}
