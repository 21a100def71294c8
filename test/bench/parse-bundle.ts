/**
 * `node parse-bundle FILE`: the least that any program could do to judge a bundle. It unpacks the archive, parses its JSON, and parses each
 * metrics page with this project's parser, keeping nothing.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { RecordedGet } from '../../src/model/snapshot.ts';
import { expositionParser, formatOf } from '../../src/parse/exposition.ts';
import { meter } from '../../src/pipelines/envoy-ai-gateway/meter.ts';

const block = 512;
const tar = gunzipSync(readFileSync(process.argv[2] ?? ''));
let samples = 0;
for (let at = 0; at < tar.length && tar[at] !== 0; ) {
  const size = Number.parseInt(tar.toString('utf8', at + 124, at + 135), 8);
  const name = tar.toString('utf8', at, at + 100);
  const entries = JSON.parse(tar.toString('utf8', at + block, at + block + size)) as readonly RecordedGet[];
  if (name.includes('/answers/')) for (const entry of entries) samples += samplesIn(entry);
  at += block + Math.ceil(size / block) * block;
}
if (samples === 0) throw new Error('the bundle holds no metrics page');

function samplesIn({ question, answer }: RecordedGet): number {
  if (question.path !== '/metrics' || answer.status !== 'reply' || answer.code !== 200 || !('text' in answer.body)) return 0;
  let count = 0;
  const parser = expositionParser({
    format: formatOf(answer.headers['content-type']),
    wanted: (sample) => meter.role(sample) !== null,
    sample: () => {
      count += 1;
    },
  });
  parser.push(Buffer.from(answer.body.text));
  parser.end();
  return count;
}
