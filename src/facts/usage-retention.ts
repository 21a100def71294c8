import { ReadError, type Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { durationOf } from '../parse/duration.ts';
import { record, text } from '../parse/fields.ts';
import type { Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';

/** Says that a window begins before what the server keeps; nothing where it does not tell. */
export async function retentionNote(source: Source, shard: Shard | undefined, { start }: UsageWindow): Promise<readonly string[]> {
  if (shard === undefined || shard.build.product !== 'prometheus') return [];
  try {
    // "15d", "15d or 10GiB": prometheus cmd/prometheus/main.go, runtimeInfo.
    const { storageRetention } = record(await askPrometheus(source, shard, '/api/v1/status/runtimeinfo'));
    const kept = (text(storageRetention) ?? '').split(' or ')[0] ?? '';
    const seconds = durationOf(kept);
    if (seconds === null || seconds === 0 || start >= source.now.getTime() / 1000 - seconds) return [];
    return [`${shard.name} keeps ${kept}: what is older is not in these numbers`];
  } catch (error) {
    if (error instanceof ReadError) return [];
    throw error;
  }
}
