import { addressOf } from '../../../facts/coverage.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import type { Shard } from '../../../facts/prometheus.ts';
import { askInstant } from '../../../facts/prometheus-api.ts';
import { storedSeries } from '../../../facts/stored-series.ts';
import { defineFact } from '../../../model/fact.ts';
import { ReadError, type Source } from '../../../model/source.ts';
import { literalPattern } from '../../../parse/re2/literal.ts';
import { nouns } from '../nouns.ts';
import { collectorMetrics, type SelfMetrics } from './collector-metrics.ts';
import { discoveryAccess, type Look } from './discovery-access.ts';
import { stores } from './stores.ts';

/** Samples of these are of a scrape that was made moments ago. */
const fresh = 300;

/** Keys of the sidecars whose scrapes are in a store now, of those whose discovery RBAC does not explain; that they are found is seen then. */
export const discovered = defineFact({
  id: 'discovered-sidecars',
  title: 'sidecars that were found all the same',
  needs: { access: discoveryAccess },
  wants: { stores, series: storedSeries(nouns), metrics: collectorMetrics },
  async read({ access, stores, series, metrics }, { source }): Promise<ReadonlySet<string>> {
    const denied = access.looks.filter((look) => look.denied.length > 0);
    const own =
      metrics.status === 'read' ? denied.filter((look) => hasReceived(look, metrics.value.read)).map(({ emitter }) => emitter.key) : [];
    const emitters = denied.map(({ emitter }) => emitter);
    if (emitters.length === 0 || stores.status === 'unread') return new Set(own);
    const shards = stores.value.servers.flatMap((server) => server.shards);
    const instances = new Set((await Promise.all(shards.map((shard) => instancesIn(source, shard, emitters)))).flat());
    const found = emitters.filter((emitter) => instances.has(addressOf(emitter)));
    // Where addresses are relabelled away, series that are fresh at all are these.
    const addressed = [...instances].some((instance) => emitters.some(({ port }) => instance.endsWith(`:${port}`)));
    const relabelled = !addressed && series.status === 'read' && series.value.some(({ age }) => age !== null && age <= fresh);
    return new Set([...own, ...(relabelled ? emitters : found).map(({ key }) => key)]);
  },
});

/** A receiver that finds all of its targets in the API server and has accepted something has found some. */
function hasReceived({ collector, job: { receiver } }: Look, metrics: readonly SelfMetrics[]): boolean {
  const jobs = collector.jobs.filter((job) => job.receiver === receiver);
  const looks = jobs.every(({ discovery }) => discovery.every(({ by }) => by === 'kubernetes' || by === 'podmonitors'));
  return looks && metrics.some((self) => self.collector.key === collector.key && self.receivers.includes(receiver));
}

/** The instances of all token series, and of `up` those of these sidecars: a scrape that failed leaves it as well, and its target was found. */
async function instancesIn(source: Source, shard: Shard, emitters: readonly Emitter[]): Promise<readonly string[]> {
  const addresses = [...new Set(emitters.map(addressOf))].map(literalPattern).join('|');
  const tokens = `{__name__=~${JSON.stringify(nouns.family.sumPattern)}}`;
  const query = `count by (instance) (up{instance=~${JSON.stringify(addresses)}} or ${tokens})`;
  try {
    return (await askInstant(source, shard, query)).map(({ labels }) => labels.instance ?? '');
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    // What cannot be asked shows nothing, and is told elsewhere.
    return [];
  }
}
