import { ReadError, type Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { samplesOf } from '../parse/promapi.ts';
import type { Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';

/** What is assumed where nothing was scraped lately: Prometheus's own default, config/config.go. */
const usual = 60;

/**
 * Seconds between scrapes of the slowest job that stores a name, at the end of a window: of each target the time between its first and last
 * scrape of the last minutes by their number, so that one that has just begun does not look slow.
 */
export async function intervalOf(source: Source, shard: Shard, name: string, { end }: UsageWindow): Promise<number> {
  const times = 'timestamp(up)[600s:5s]';
  const spacing = `(max_over_time(${times}) - min_over_time(${times})) / ((count_over_time(up[600s]) - 1) > 0)`;
  const storing = `max by (job) (last_over_time({__name__=${JSON.stringify(name)}}[600s]))`;
  const asked = [
    ['query', `max((${spacing}) and on (job) (${storing}))`],
    ['time', String(end)],
  ] as const;
  try {
    const [sample] = samplesOf(await askPrometheus(source, shard, '/api/v1/query', asked), `GET /api/v1/query of ${shard.name}`);
    const seconds = sample?.value ?? 0;
    return seconds > 0 && Number.isFinite(seconds) ? Math.min(300, Math.max(1, seconds)) : usual;
  } catch (error) {
    if (error instanceof ReadError) return usual;
    throw error;
  }
}
