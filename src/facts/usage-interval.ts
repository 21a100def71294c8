import { ReadError, type Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { samplesOf } from '../parse/promapi.ts';
import type { Shard } from './prometheus.ts';
import { askPrometheus } from './prometheus-api.ts';

/** What is assumed where nothing was scraped lately: Prometheus's own default, config/config.go. */
const usual = 60;

/** Seconds between the samples of a name at the end of a window, for the slowest job that scrapes it. */
export async function intervalOf(source: Source, shard: Shard, name: string, { end }: UsageWindow): Promise<number> {
  const counted = async (seconds: number): Promise<number> => {
    const query = `min(max by (job) (count_over_time({__name__=${JSON.stringify(name)}}[${seconds}s])))`;
    const asked = [
      ['query', query],
      ['time', String(end)],
    ] as const;
    const [sample] = samplesOf(await askPrometheus(source, shard, '/api/v1/query', asked), `GET /api/v1/query of ${shard.name}`);
    return sample?.value ?? 0;
  };
  try {
    const [minute, tenMinutes] = await Promise.all([counted(60), counted(600)]);
    // Three in a minute tell fast scrapes apart, of a job that may have begun within ten.
    if (minute >= 3) return 60 / minute;
    return tenMinutes >= 1 ? Math.min(300, 600 / tenMinutes) : usual;
  } catch (error) {
    if (error instanceof ReadError) return usual;
    throw error;
  }
}
