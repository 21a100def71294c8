import type { Emission } from '../../../facts/emitters.ts';
import type { Server, Shard } from '../../../facts/prometheus.ts';
import { askInstant, askPrometheus } from '../../../facts/prometheus-api.ts';
import { storedSeries } from '../../../facts/stored-series.ts';
import { copyLabels } from '../../../facts/usage-selector.ts';
import { type Attempt, defineFact } from '../../../model/fact.ts';
import { type Many, ReadError, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { normaliseLabel } from '../../../parse/metric-names.ts';
import { namesOf, type Sample } from '../../../parse/promapi.ts';
import { writeLabel } from '../../../parse/promql.ts';
import { emissions } from '../../envoy-ai-gateway/facts/emissions.ts';
import { nouns } from '../nouns.ts';

/** How often one counter is stored, as one store has it. */
export interface Copies {
  readonly server: Server;
  /** All tokens over the tokens with every counter once; null: it cannot be told. */
  readonly factor: number | null;
  /** The label that tells the copies apart, with its values; null where no single one does. */
  readonly label: string | null;
  readonly values: readonly string[];
  readonly unread: readonly Unread[];
}

/** The counters that are stored under more than one set of labels, by a few instant queries. */
export const copies = defineFact({
  id: 'copies',
  title: 'copies of stored counters',
  needs: { series: storedSeries(nouns) },
  wants: { emissions },
  read: async ({ series, emissions }, { source }): Promise<readonly Copies[]> => {
    const stored = series.filter(({ names }) => names.length > 0);
    const own = countedLabels(emissions);
    return Promise.all(
      stored.flatMap(({ server, names }) => {
        const [name] = names.toSorted((a, b) => b.series - a.series);
        return name === undefined ? [] : server.shards.map((shard) => copiesIn({ source, shard, name: name.name, own }, server));
      }),
    );
  },
});

/** Labels that a sidecar itself puts on its counters; null where no sidecar could be asked. */
function countedLabels(emissions: Attempt<Many<Emission>>): ReadonlySet<string> | null {
  if (emissions.status === 'unread') return null;
  const labels = emissions.value.read.flatMap(({ outcome }) => (outcome.status === 'metered' ? outcome.labelNames : []));
  return labels.length === 0 ? null : new Set(labels.map(normaliseLabel));
}

interface Asked {
  readonly source: Source;
  readonly shard: Shard;
  readonly name: string;
  readonly own: ReadonlySet<string> | null;
}

const clusters = ['cluster', 'k8s_cluster_name'];

/** Labels that say at which address a counter is, whoever scraped it: the address itself, for not every scraper adds the pod and its namespace. */
function placesOf(labels: readonly string[]): readonly string[] {
  return labels.includes('instance') ? ['instance', ...clusters] : ['pod', 'namespace', ...clusters];
}

async function copiesIn(asked: Asked, server: Server): Promise<Copies> {
  const nothing: Copies = { server, factor: null, label: null, values: [], unread: [] };
  try {
    const series = `{__name__=${JSON.stringify(asked.name)}}`;
    const labels = namesOf(await askPrometheus(asked.source, asked.shard, '/api/v1/labels', [['match[]', series]]));
    const places = placesOf(labels);
    const kept = labels.filter((label) => places.includes(label) || isOwn(label, asked.own));
    // Without the address of a counter, those of two sidecars would be one.
    if (asked.own === null || !(kept.includes('instance') || kept.includes('pod'))) return nothing;
    const once = mergedOnce(labels, kept, asked.own, series);
    if (once === null) return nothing;
    const [sample] = await samples(asked, `sum(${series}) / sum(${once})`);
    const factor = sample === undefined || !Number.isFinite(sample.value) ? null : sample.value;
    if (factor === null || factor < noise) return { ...nothing, factor };
    const others = labels.filter((label) => label !== '__name__' && !kept.includes(label));
    return { ...nothing, factor, ...(await telling(asked, series, others)) };
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return { ...nothing, unread: [unreadOf(error)] };
  }
}

/** Every counter once: all that a sidecar tells apart is; where the way renamed a label of it, only what scrapers add is merged. Null: they add nothing. */
function mergedOnce(labels: readonly string[], kept: readonly string[], own: ReadonlySet<string>, series: string): string | null {
  const stored = new Set(labels.map(normaliseLabel));
  if ([...own].every((label) => stored.has(label))) return `avg by (${kept.map(writeLabel).join(', ')}) (${series})`;
  const added = copyLabels(labels, [], []);
  return added.length === 0 ? null : `avg without (${added.map(writeLabel).join(', ')}) (${series})`;
}

/** Copies that were read at different moments differ by less. */
export const noise = 1.02;

const isOwn = (label: string, own: ReadonlySet<string> | null): boolean => own?.has(normaliseLabel(label)) === true;

/** The first label with several values among the copies: the job before any other. */
async function telling({ source, shard }: Asked, series: string, labels: readonly string[]): Promise<Pick<Copies, 'label' | 'values'>> {
  for (const label of [...labels.filter((each) => each === 'job'), ...labels.filter((each) => each !== 'job')]) {
    const counts = await samples({ source, shard }, `count by (${writeLabel(label)}) (${series})`);
    if (counts.length > 1) return { label, values: counts.map((count) => count.labels[label] ?? '').sort() };
  }
  return { label: null, values: [] };
}

function samples({ source, shard }: Pick<Asked, 'source' | 'shard'>, query: string): Promise<readonly Sample[]> {
  return askInstant(source, shard, query);
}
