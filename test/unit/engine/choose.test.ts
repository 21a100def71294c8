import { describe, expect, it } from 'vitest';
import { choose } from '../../../src/engine/choose.ts';
import { gather } from '../../../src/engine/gather.ts';
import { defineFact } from '../../../src/model/fact.ts';
import type { Installed, Pipeline } from '../../../src/model/pipeline.ts';
import { ReadError, type ReadReason } from '../../../src/model/source.ts';
import { memorySource } from '../memory-source.ts';
import { options, pipelineOf } from './fakes.ts';

const there = (covers?: readonly string[]): Installed => ({
  status: 'installed',
  variant: null,
  summary: '',
  ...(covers === undefined ? {} : { covers }),
});
const absent: Installed = { status: 'absent', lookedFor: ['its objects'] };

function pipeline(id: string, read: () => Installed): Pipeline {
  return { ...pipelineOf([], defineFact({ id, title: id, read })), id };
}

const failing = (reason: ReadReason) => (): Installed => {
  throw new ReadError(reason, 'list pods', reason);
};

const chosen = async (...pipelines: readonly Pipeline[]) => {
  const { chosen, unsure, unread } = await choose(pipelines, gather(memorySource({}), options));
  return { chosen: chosen.map(({ id }) => id), unsure: unsure.map(({ id }) => id), unread: unread.map(({ reason }) => reason) };
};

describe('choose', () => {
  it.each<[string, Pipeline[], string[], string[]]>([
    ['those that are there', [pipeline('a', () => there()), pipeline('b', () => absent)], ['a'], []],
    ['both, where neither covers the other', [pipeline('a', () => there()), pipeline('b', () => there([]))], ['a', 'b'], []],
    ['one for both, where it covers the other', [pipeline('a', () => there()), pipeline('b', () => there(['a']))], ['b'], []],
    ['one that alone is asked for, whatever would cover it', [pipeline('a', () => there())], ['a'], []],
    ['none that is covered by one that is absent', [pipeline('a', () => there()), pipeline('b', () => absent)], ['a'], []],
    ['one that could not be looked for as unsure', [pipeline('a', failing('forbidden'))], [], ['a']],
    ['nothing that the recording does not know', [pipeline('a', () => there()), pipeline('b', failing('unrecorded'))], ['a'], []],
  ])('takes %s', async (_, pipelines, taken, unsure) => {
    expect(await chosen(...pipelines)).toMatchObject({ chosen: taken, unsure });
  });

  it('says what could not be read', async () => {
    expect(await chosen(pipeline('a', failing('unrecorded')), pipeline('b', failing('timeout')))).toEqual({
      chosen: [],
      unsure: ['b'],
      unread: ['unrecorded', 'timeout'],
    });
  });
});
