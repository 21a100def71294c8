import { ReadError, type Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { samplesOf } from '../parse/promapi.ts';
import { literalPattern } from '../parse/re2/literal.ts';
import type { Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';

/** What is assumed where nothing was scraped lately: Prometheus's own default, config/config.go. */
export const usualInterval = 60;

/**
 * Seconds between scrapes of the slowest of some jobs, at the end of a window: of each target the time between its first and last scrape of the last
 * minutes by their number, so that one that has just begun does not look slow.
 */
export async function intervalOf(source: Source, shard: Shard, jobs: readonly string[], { end }: UsageWindow): Promise<number> {
  if (jobs.length === 0) return usualInterval;
  const up = `up{job=~${JSON.stringify(jobs.map(literalPattern).join('|'))}}`;
  const times = `timestamp(${up})[600s:5s]`;
  const asked = [
    ['query', `max((max_over_time(${times}) - min_over_time(${times})) / ((count_over_time(${up}[600s]) - 1) > 0))`],
    ['time', String(end)],
  ] as const;
  try {
    const [sample] = samplesOf(await askPrometheus(source, shard, '/api/v1/query', asked), `GET /api/v1/query of ${shard.name}`);
    const seconds = sample?.value ?? 0;
    return seconds > 0 && Number.isFinite(seconds) ? Math.min(300, Math.max(1, seconds)) : usualInterval;
  } catch (error) {
    if (error instanceof ReadError) return usualInterval;
    throw error;
  }
}
