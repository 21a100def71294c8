import { podSpecOf } from '../../../facts/collector-files.ts';
import type { Mimir } from '../../../facts/mimir.ts';
import { prometheusServers, type Shard } from '../../../facts/prometheus.ts';
import { askInstant } from '../../../facts/prometheus-api.ts';
import type { Workload } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { type Many, ReadError, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { number, record, records, text } from '../../../parse/fields.ts';
import { grouped } from '../../../parse/grouped.ts';
import { literalPattern } from '../../../parse/re2/literal.ts';
import { nouns as gateway } from '../../envoy-ai-gateway/nouns.ts';
import { destinations, mimirsToAsk } from './destinations.ts';
import { stores } from './stores.ts';

/** A persistent volume of a part of a Mimir. */
export interface Volume {
  readonly mimir: Mimir;
  readonly workload: Workload;
  /** What the workload runs: "all", "ingester". */
  readonly target: string;
  readonly namespace: string;
  readonly claim: string;
  /** Bytes that can still be written, and bytes in all; null: no store that was asked holds the kubelet's metrics of it. */
  readonly room: { readonly available: number; readonly capacity: number; readonly toldBy: string } | null;
}

/** The volumes of stores, and the places that could not be asked about them. */
export interface Volumes extends Many<Volume> {
  /** Something answered. */
  readonly asked: boolean;
}

// kubelet pkg/kubelet/metrics/collectors/volume_stats.go. What is available leaves out the blocks that a file system keeps for root, so that it is 0 when used is not yet all.
const metrics = { available: 'kubelet_volume_stats_available_bytes', capacity: 'kubelet_volume_stats_capacity_bytes' } as const;
/** What the kubelet's metrics are called, for people. */
export const volumeMetrics = 'kubelet_volume_stats_*';
const clusters = ['cluster', 'k8s_cluster_name'];

/** The persistent volumes of every Mimir that is asked and how full the kubelet says they are, by a query each to its own series and to those of a Prometheus beside it. */
export const volumes = defineFact({
  id: 'store-volumes',
  title: 'volumes of Mimir',
  needs: { destinations },
  wants: { stores, servers: prometheusServers(gateway) },
  async read({ destinations, stores, servers }, { source }): Promise<Volumes> {
    const claims = mimirsToAsk(destinations).flatMap(claimsOf);
    if (claims.length === 0) return { read: [], unread: [], asked: false };
    const known = [stores, servers].flatMap((attempt) => (attempt.status === 'read' ? attempt.value.servers : []));
    const shards = [...new Map(known.flatMap((server) => server.shards).map((shard) => [shard.name, shard])).values()];
    const answers = await Promise.all(shards.map((shard) => roomsIn(source, shard, claims)));
    const rooms = answers.flatMap((answer) => ('reason' in answer ? [] : answer));
    const read = claims.flatMap((claim) => placesOf(claim, rooms));
    const refused = answers.flatMap((answer) => ('reason' in answer ? [answer] : []));
    return { read, unread: [...known.flatMap((server) => server.unread), ...refused], asked: answers.length > refused.length };
  },
});

/** A claim, or those of the replicas of a StatefulSet by the beginning of their names. */
interface Claim extends Pick<Volume, 'mimir' | 'workload' | 'target' | 'namespace'> {
  readonly name: string;
  readonly numbered: boolean;
}

function claimsOf(mimir: Mimir): readonly Claim[] {
  return mimir.parts.flatMap(({ workload, target }) => {
    const common = { mimir, workload, target, namespace: workload.namespace };
    const templates = records(record(workload.raw.spec).volumeClaimTemplates).flatMap(({ metadata }) => text(record(metadata).name) ?? []);
    const named = records(podSpecOf(workload).volumes).flatMap(
      ({ persistentVolumeClaim }) => text(record(persistentVolumeClaim).claimName) ?? [],
    );
    return [
      // kubernetes pkg/controller/statefulset getPersistentVolumeClaimName.
      ...templates.map((name) => ({ ...common, name: `${name}-${workload.name}-`, numbered: true })),
      ...named.map((name) => ({ ...common, name, numbered: false })),
    ];
  });
}

interface Room {
  readonly namespace: string;
  readonly claim: string;
  readonly cluster: string;
  readonly available: number;
  readonly capacity: number;
  readonly toldBy: string;
}

async function roomsIn(source: Source, shard: Shard, claims: readonly Claim[]): Promise<readonly Room[] | Unread> {
  const namespaces = [...new Set(claims.map(({ namespace }) => namespace))].map(literalPattern).join('|');
  const names = [...new Set(claims.map(({ name, numbered }) => `${literalPattern(name)}${numbered ? '[0-9]+' : ''}`))].join('|');
  const metric = `{__name__=~"${Object.values(metrics).join('|')}",namespace=~${JSON.stringify(namespaces)},persistentvolumeclaim=~${JSON.stringify(names)}}`;
  // Every node's agent or replica that scrapes a kubelet stores a copy.
  const query = `max by (__name__, namespace, persistentvolumeclaim, ${clusters.join(', ')}) (${metric})`;
  try {
    const samples = await askInstant(source, shard, query);
    const places = grouped(samples, ({ labels: { __name__, ...place } }) => JSON.stringify(Object.entries(place).toSorted()));
    return [...places.values()].flatMap((group) => roomOf(group, shard.name));
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return unreadOf(error);
  }
}

function roomOf(
  group: readonly { readonly labels: Readonly<Record<string, string>>; readonly value: number }[],
  toldBy: string,
): readonly Room[] {
  const of = (name: string): number | null => number(group.find(({ labels }) => labels.__name__ === name)?.value);
  const [available, capacity] = [of(metrics.available), of(metrics.capacity)];
  const { namespace = '', persistentvolumeclaim: claim = '', ...labels } = group[0]?.labels ?? {};
  if (available === null || capacity === null || capacity <= 0) return [];
  return [{ namespace, claim, cluster: clusters.map((name) => labels[name] ?? '').join(), available, capacity, toldBy }];
}

/** The volumes of a claim. A store for several clusters may hold several of one name: the emptiest is told, for which is this one's is not known. */
function placesOf({ name, numbered, ...claim }: Claim, rooms: readonly Room[]): readonly Volume[] {
  const own = rooms.filter((room) => room.namespace === claim.namespace && (numbered ? isNumbered(room.claim, name) : room.claim === name));
  const volumes = [...grouped(own, ({ claim }) => claim)].map(([each, same]) => ({ ...claim, claim: each, room: emptiest(same) }));
  return volumes.length > 0 ? volumes : [{ ...claim, claim: numbered ? `${name}0` : name, room: null }];
}

const isNumbered = (claim: string, start: string): boolean => claim.startsWith(start) && /^\d+$/.test(claim.slice(start.length));

function emptiest(rooms: readonly Room[]): Volume['room'] {
  const [first, ...others] = rooms;
  if (first === undefined) return null;
  return others.reduce((best, each) => (each.available / each.capacity > best.available / best.capacity ? each : best), first);
}
