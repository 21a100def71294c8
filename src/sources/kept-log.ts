import type { RecordedGet } from '../model/snapshot.ts';
import type { Endpoint } from '../model/source.ts';
import { keptOfLog } from '../parse/log-lines.ts';

/** What was answered, of a log only what was to be kept of it: whoever the source was, its raw lines are in no recording. */
export function withoutRawLog(
  endpoint: Endpoint,
  keep: readonly string[] | undefined,
  answer: RecordedGet['answer'],
): RecordedGet['answer'] {
  if (endpoint.at !== 'logs' || answer.status === 'refused') return answer;
  return { ...answer, body: { text: 'text' in answer.body ? keptOfLog(answer.body.text, keep ?? []) : '' } };
}
