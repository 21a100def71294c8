import type { Gathering } from '../engine/gather.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { ReadError } from '../model/source.ts';
import type { Recorder } from '../sources/record.ts';
import { type Meter, metersOf } from './usage-meters.ts';
import { recordedQuestion } from './usage-recorded.ts';

/** What usage may take of a run, and of a bundle. A day of 10,000 tenants is 30 MB, and a hundredth of that when packed. */
const limits = { milliseconds: 20_000, largest: 64 * 1024 * 1024 };

/** Asks what usage asks by default, to be recorded. A store that is slow, or does not answer, costs the usage and nothing else. */
export async function askUsage(chosen: readonly Pipeline[], recorder: Recorder, gathering: Gathering): Promise<void> {
  const late = new AbortController();
  const why = `usage took more than ${limits.milliseconds / 1000}s and is not in the bundle`;
  const timer = setTimeout(() => late.abort(new ReadError('timeout', 'usage', why)), limits.milliseconds);
  recorder.limit({ signal: late.signal, largest: limits.largest });
  const { reader } = gathering;
  const question = recordedQuestion(reader.source.now);
  const meters = await metersIn(chosen, gathering);
  await Promise.allSettled(meters.map(({ source }) => source.stored(reader, question)));
  clearTimeout(timer);
}

async function metersIn(chosen: readonly Pipeline[], gathering: Gathering): Promise<readonly Meter[]> {
  try {
    return (await metersOf(chosen, gathering)).asked;
  } catch (error) {
    // Nobody to ask: doctor says why.
    if (error instanceof ReadError) return [];
    throw error;
  }
}
