import { ReadError, type Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { records } from '../parse/fields.ts';
import type { Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';

/** A shard, and the parameters that go with each query. */
export interface AskedShard extends Shard {
  readonly parameters?: readonly (readonly [name: string, value: string])[];
}

/**
 * Thanos makes one series of the replicas' by switching between them, at another moment for each selector of a query: a counter's value at
 * one instant differs from itself (pkg/dedup, the penalty). So it is asked not to, and the labels that it would have left out are merged here.
 */
export async function withReplicas(
  source: Source,
  shard: Shard,
  { start, end }: UsageWindow,
): Promise<{ readonly shard: AskedShard; readonly replicas: readonly string[] }> {
  if (shard.build.product !== 'thanos') return { shard, replicas: [] };
  const labels = async (dedup: string): Promise<ReadonlySet<string>> => {
    const asked = [
      ['match[]', 'up'],
      ['start', String(start)],
      ['end', String(end)],
      ['dedup', dedup],
    ] as const;
    const series = records(await askPrometheus(source, shard, '/api/v1/series', asked));
    return new Set(series.flatMap((each) => Object.keys(each)));
  };
  try {
    const [apart, one] = await Promise.all([labels('false'), labels('true')]);
    const replicas = [...apart].filter((label) => !one.has(label)).sort();
    return replicas.length === 0 ? { shard, replicas } : { shard: { ...shard, parameters: [['dedup', 'false']] }, replicas };
  } catch (error) {
    if (error instanceof ReadError) return { shard, replicas: [] };
    throw error;
  }
}
