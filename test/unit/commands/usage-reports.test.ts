import { describe, expect, it } from 'vitest';
import { metersOf } from '../../../src/commands/usage-meters.ts';
import type { Plan } from '../../../src/commands/usage-plan.ts';
import { reportsOf } from '../../../src/commands/usage-reports.ts';
import { gather } from '../../../src/engine/gather.ts';
import { defineFact, type Options } from '../../../src/model/fact.ts';
import type { Installed, Pipeline } from '../../../src/model/pipeline.ts';
import { ReadError } from '../../../src/model/source.ts';
import type { UsageAnswer, UsageReport, UsageSource } from '../../../src/model/usage.ts';
import { memorySource } from '../memory-source.ts';

const forbidden = new ReadError('forbidden', 'list limitadors', 'limitadors is forbidden for "dev"', { needs: 'list' });
const absent: Installed = { status: 'absent', lookedFor: ['something'] };
const installed: Installed = { status: 'installed', variant: null, summary: '' };

function pipeline(id: string, found: Installed | ReadError): Pipeline {
  const fact = defineFact({
    id: `installed-${id}`,
    title: id,
    reads: [],
    async read(): Promise<Installed> {
      if (found instanceof ReadError) throw found;
      return found;
    },
  });
  // No view is shown here.
  return { id, title: id, installed: fact, checks: [], views: {} as Pipeline['views'] };
}

const answering = (answer: UsageAnswer | ReadError): UsageSource => {
  const read = async (): Promise<UsageAnswer> => {
    if (answer instanceof ReadError) throw answer;
    return answer;
  };
  return { model: 'model', facts: [], stored: read, direct: read };
};

const tokens: UsageAnswer = {
  status: 'read',
  usage: {
    from: 'Prometheus a/b',
    window: { start: 0, end: 60, step: 60 },
    apart: false,
    since: null,
    by: ['user'],
    extra: null,
    counted: ['input'],
    rows: [{ values: ['alice'], tokens: { input: 1 }, requests: null, points: [1], pieces: [] }],
    unsure: 0,
    notes: [],
    unread: [],
  },
};
const nothing: UsageAnswer = { status: 'nothing', why: 'no tokens are stored' };
const strange: UsageAnswer = { status: 'unknown-label', label: 'usr', known: ['user', 'team'] };
const broken = new ReadError('timeout', 'GET', 'the query timed out');

const options: Options = { gateway: null, namespace: null, selector: null, expectLabels: [], prometheus: null };
const plan: Plan = {
  chosen: [],
  options,
  flags: { pipeline: 'auto', via: 'auto', requestTimeout: '1s', color: 'never' },
  direct: false,
  top: null,
  prices: null,
  watch: null,
  question: { by: null, where: [], types: null, apart: false, requests: false, priced: false },
};

interface Told {
  readonly found: Installed | ReadError;
  readonly answer: UsageAnswer | ReadError;
}

/** Asks the usage of pipelines named a, b, …; with a Prometheus that the user named. */
async function reports(told: readonly Told[], named = false): Promise<readonly UsageReport[]> {
  const choice = { target: { at: 'url', url: 'http://prometheus' }, headers: {} } as const;
  const gathering = gather(memorySource({}), { ...options, prometheus: named ? choice : null });
  const pipelines = told.map(({ found }, at) => pipeline(String.fromCharCode(97 + at), found));
  const sources = Object.fromEntries(told.map(({ answer }, at) => [String.fromCharCode(97 + at), answering(answer)]));
  return reportsOf(plan, gathering, await metersOf(pipelines, gathering, sources), false);
}

const here = (answer: Told['answer']): Told => ({ found: installed, answer });
const elsewhere = (answer: Told['answer']): Told => ({ found: absent, answer });

describe('the usage of several pipelines', () => {
  it.each<[string, readonly Told[], readonly (string | null)[]]>([
    ['is one report each', [here(tokens), here(tokens)], [null, null]],
    ['leaves out what is not there', [here(tokens), elsewhere(broken)], [null]],
    ['stands beside a label that one does not know', [here(tokens), here(strange)], [null, 'unknown label "usr"; did you mean "user"?']],
    ['stands beside one that has no tokens', [here(nothing), here(tokens)], ['no tokens are stored', null]],
    ['stands beside one that cannot be read', [here(broken), here(tokens)], ['the query timed out', null]],
    [
      'stands beside one that could not be looked for',
      [here(tokens), { found: forbidden, answer: tokens }],
      [null, 'limitadors is forbidden for "dev" (needs list)'],
    ],
  ])('%s', async (_, told, whys) => expect((await reports(told)).map(({ why }) => why)).toEqual(whys));

  it('says which could not be read, for the exit code', async () => {
    expect((await reports([here(broken), here(tokens), here(nothing)])).map(({ unread }) => unread?.reason ?? null)).toEqual([
      'timeout',
      null,
      null,
    ]);
  });

  it.each<[string, readonly Told[], boolean, RegExp]>([
    ['a label that none knows', [here(strange), here(strange)], false, /unknown label "usr"/],
    ['a label that is unknown where anything is stored', [here(strange), here(nothing)], false, /unknown label "usr"/],
    ['none that can be read', [here(broken), here(broken)], false, /timed out/],
    ['none that is there', [elsewhere(tokens)], false, /no gateway that meters tokens was found; looked for something/],
    ['none that could be looked for', [{ found: forbidden, answer: tokens }], false, /limitadors is forbidden/],
  ])('is an error with %s', async (_, told, named, message) => expect(reports(told, named)).rejects.toThrowError(message));

  it('asks a Prometheus that the user named about all when none is installed, and misses none of them', async () => {
    const found = await reports([elsewhere(nothing), elsewhere(tokens)], true);
    expect(found.map(({ pipeline, usage }) => [pipeline, usage !== null])).toEqual([['b', true]]);
    expect(await reports([elsewhere(nothing), elsewhere(nothing)], true)).toHaveLength(2);
  });
});
