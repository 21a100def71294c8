import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/engine/diagnose.ts';
import type { EarlyEnd } from '../../../src/engine/exit-code.ts';
import { gather } from '../../../src/engine/gather.ts';
import { settle } from '../../../src/engine/settle.ts';
import { type Check, verdict } from '../../../src/model/check.ts';
import { defineFact, type Fact } from '../../../src/model/fact.ts';
import type { Report } from '../../../src/model/report.ts';
import { ReadError, type Source } from '../../../src/model/source.ts';
import { memorySource } from '../memory-source.ts';
import { broken, found, options, passing, pipelineOf, told } from './fakes.ts';

interface Waited {
  readonly report: Report;
  readonly looks: number;
  readonly waitedFor: readonly string[];
}

async function waited(
  checks: readonly Check[],
  rest: { source?: Source; waitMs?: number; ended?: () => EarlyEnd | null } = {},
): Promise<Waited> {
  const source = rest.source ?? { ...memorySource({}), origin: { kind: 'cluster', name: 'memory' } };
  const pipelines = [pipelineOf(checks)];
  const gathering = gather(source, options);
  const waitedFor: string[] = [];
  let clock = 0;
  let looks = 0;
  const look = (): Promise<Report> => {
    looks += 1;
    return diagnose(pipelines, source, options, { version: '0', failOn: 'fail', ended: () => null, gathering });
  };
  const report = await settle(look, pipelines, gathering, {
    waitMs: rest.waitMs ?? 10,
    clock: () => clock,
    pause: async () => {
      clock += 1;
    },
    ended: rest.ended ?? (() => null),
    onWaiting: (ids) => waitedFor.push(ids.join(' ')),
  });
  return { report, looks, waitedFor };
}

/** A fact whose value goes up with each reading. */
function counting(id: string): Fact<number> {
  let read = 0;
  return defineFact({ id, title: id, read: () => ++read });
}

const healsAfter = (id: string, reads: number, fact: Fact<number>): Check => ({
  ...passing(id),
  facts: [fact],
  examine: async (reader) => verdict((await reader.ask(fact)) < reads ? [found('not yet')] : []),
});

describe('settle', () => {
  it('ends at once when all is well', async () => expect(await waited([passing('a')])).toMatchObject({ looks: 1, waitedFor: [] }));

  it('looks again until the failure is gone', async () => {
    const { report, looks, waitedFor } = await waited([healsAfter('a', 3, counting('x'))]);
    expect([report.exitCode, looks, waitedFor]).toEqual([0, 3, ['a', 'a']]);
  });

  it('reads again only what failing checks need', async () => {
    const steady = counting('steady');
    const checks = [
      healsAfter('a', 3, counting('x')),
      {
        ...passing('b'),
        facts: [steady],
        examine: async (reader) => verdict((await reader.ask(steady)) > 1 ? [found('read twice')] : []),
      } as Check,
    ];
    expect((await waited(checks)).report.exitCode).toBe(0);
  });

  it('keeps the exit code of what is left when the time is over', async () => {
    expect(await waited([broken('a')], { waitMs: 3 })).toMatchObject({ looks: 4, report: { exitCode: 1 } });
  });

  it('names roots only', async () => {
    expect((await waited([broken('a'), broken('b', { follows: ['a'] })], { waitMs: 1 })).waitedFor).toEqual(['a']);
  });

  it('does not wait for warnings', async () =>
    expect(await waited([passing('a'), broken('b', { severity: 'warning' })])).toMatchObject({ looks: 1 }));

  it.each(['forbidden', 'unrecorded'] as const)('does not wait for what is %s', async (reason) => {
    const refused = told('a', () => ({ status: 'unknown', unread: [{ what: 'it', reason, message: reason, needs: null }] }));
    expect(await waited([refused])).toMatchObject({ looks: 1, report: { exitCode: 2 } });
  });

  it('waits for what did not answer', async () => {
    const late = told('a', () => {
      throw new ReadError('unreachable', 'it', 'no answer');
    });
    expect(await waited([late], { waitMs: 2 })).toMatchObject({ looks: 3, report: { exitCode: 2 } });
  });

  it('waits when there is nothing to judge yet', async () => {
    expect(await waited([told('a', () => ({ status: 'skip', because: 'no proxies' }))], { waitMs: 2 })).toMatchObject({ looks: 3 });
  });

  it('does not wait for a recording to change', async () => {
    for (const kind of ['bundle', 'manifests', 'demo'] as const) {
      const recorded: Source = { ...memorySource({}), origin: { kind, name: 'x' } };
      expect(await waited([broken('a')], { source: recorded })).toMatchObject({ looks: 1 });
    }
  });

  it.each<EarlyEnd>([124, 130, 143])('ends with what it has, as %i, when the run is cut short', async (code) => {
    const { looks, report } = await waited([broken('a')], { ended: () => code });
    expect([looks, report.exitCode, report.complete, report.pipelines[0]?.brokenAt?.check]).toEqual([1, code, false, 'a']);
  });
});
