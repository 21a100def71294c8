import { ReadError } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import { samplesOf } from '../parse/promapi.ts';
import { askPrometheus } from './prometheus-api.ts';
import type { Asked } from './usage-asked.ts';
import { piecesOf } from './usage-events.ts';
import type { ShardFamily } from './usage-family.ts';

/**
 * Series times pieces that a Prometheus matches in a few seconds where counters begin or are reset: 24 µs each on two busy cores. Longer pieces are as
 * exact, but for more doubt about counters that began after a restart.
 */
const affordable = 250_000;

/** The window in longer pieces, where nothing shows them and there are many series. */
export async function coarser({ reader, question }: Asked, families: readonly ShardFamily[]): Promise<UsageWindow> {
  const { window, coarse } = question;
  const pieces = piecesOf(window);
  if (coarse !== true || pieces === 1) return window;
  const counts = await Promise.all(families.map((family) => seriesOf(reader.source, family, window)));
  const series = counts.reduce((sum, count) => sum + count, 0);
  const factors = Array.from({ length: pieces }, (_, at) => at + 1).filter((factor) => pieces % factor === 0);
  const factor = factors.find((each) => (pieces / each) * series <= affordable) ?? pieces;
  return { ...window, step: window.step * factor };
}

/** How many series a name has at the end of the window; 0 where it cannot be told. */
async function seriesOf(source: Asked['reader']['source'], { shard, name }: ShardFamily, { end }: UsageWindow): Promise<number> {
  const asked = [
    ['query', `count({__name__=${JSON.stringify(name)}})`],
    ['time', String(end)],
  ] as const;
  try {
    const [sample] = samplesOf(await askPrometheus(source, shard, '/api/v1/query', asked), `GET /api/v1/query of ${shard.name}`);
    return sample?.value ?? 0;
  } catch (error) {
    if (error instanceof ReadError) return 0;
    throw error;
  }
}
