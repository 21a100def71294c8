import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/engine/diagnose.ts';
import { examine } from '../../../src/engine/examine.ts';
import { gather } from '../../../src/engine/gather.ts';
import type { Check } from '../../../src/model/check.ts';
import { defineFact } from '../../../src/model/fact.ts';
import type { Installed } from '../../../src/model/pipeline.ts';
import { ReadError } from '../../../src/model/source.ts';
import { memorySource } from '../memory-source.ts';
import { broken, found, installedFact, monitors, options, passing, pipelineOf, podNames, pods, told } from './fakes.ts';

const source = memorySource({});
const statuses = async (checks: readonly Check[], settings = {}): Promise<Record<string, string>> => {
  const { checks: results } = await examine(pipelineOf(checks), source, options, settings);
  return Object.fromEntries(results.map(({ id, status }) => [id, status]));
};

describe('gather', () => {
  it('reads a fact once, however many ask', async () => {
    const memory = memorySource({});
    const { reader } = gather(memory, options);
    await Promise.all([reader.ask(podNames), reader.ask(podNames)]);
    await reader.ask(podNames);
    expect(memory.log).toEqual(['list pods']);
  });

  it('notes what each fact asks of the API server, refused or not', async () => {
    const refused = defineFact({ id: 'refused', title: 'monitors', read: (_, reader) => reader.source.list(monitors) });
    const gathering = gather(memorySource({ refused: { podmonitors: 'forbidden' } }), options);
    await gathering.reader.ask(podNames);
    await expect(gathering.reader.ask(refused)).rejects.toThrow(ReadError);
    expect(Object.fromEntries(gathering.observed())).toEqual({
      'pod-names': [{ verb: 'list', group: '', resource: 'pods' }],
      refused: [{ verb: 'list', group: 'monitoring.coreos.com', resource: 'podmonitors' }],
    });
  });

  it('survives a fact that rejects before anyone awaits it', async () => {
    const failing = defineFact({ id: 'failing', title: 'failing', read: () => Promise.reject(new ReadError('absent', 'it', 'is absent')) });
    const { reader } = gather(source, options);
    const asked = reader.ask(failing);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await expect(asked).rejects.toThrow('is absent');
  });

  it('forgets a fact with what it is made of and what is made of it, and nothing else', async () => {
    let counted = 0;
    const base = defineFact({ id: 'base', title: 'base', read: () => ++counted });
    const made = defineFact({ id: 'made', title: 'made', needs: { base }, read: (known) => known.base });
    const top = defineFact({ id: 'top', title: 'top', needs: { made }, read: (known) => known.made });
    const apart = defineFact({ id: 'apart', title: 'apart', read: () => ++counted });
    const gathering = gather(source, options);
    expect(await Promise.all([gathering.reader.ask(top), gathering.reader.ask(apart)])).toEqual([1, 2]);
    gathering.forget([made]);
    expect(await Promise.all([gathering.reader.ask(top), gathering.reader.ask(apart)])).toEqual([3, 2]);
  });

  it('moves its clock on when facts are forgotten', async () => {
    let clock = 0;
    const gathering = gather(source, options, { clock: () => clock });
    const before = gathering.reader.source.now.getTime();
    clock = 5000;
    expect(gathering.reader.source.now.getTime()).toBe(before);
    gathering.forget([podNames]);
    expect(gathering.reader.source.now.getTime()).toBe(before + 5000);
  });

  it('answers at once when it is cut short, with the reason of the cut', async () => {
    const controller = new AbortController();
    const hanging = { ...source, list: () => new Promise<never>(() => undefined) };
    const gathering = gather(hanging, options, { signal: controller.signal });
    const asked = gathering.reader.ask(podNames);
    controller.abort(new ReadError('timeout', 'run', '--timeout ended the run'));
    await expect(asked).rejects.toMatchObject({ reason: 'timeout', message: '--timeout ended the run' });
  });

  it('lets a fact make something of what it read before it was cut short', async () => {
    const controller = new AbortController();
    const half = defineFact({
      id: 'half',
      title: 'half',
      read: async (_, reader) => ['read', await reader.source.list(pods).then(String, (error) => `unread: ${error.reason}`)],
    });
    const hanging = { ...source, list: () => new Promise<never>(() => undefined) };
    const asked = gather(hanging, options, { signal: controller.signal }).reader.ask(half);
    controller.abort();
    expect(await asked).toEqual(['read', 'unread: interrupted']);
  });

  it('may ask many things at once without a warning of node', async () => {
    const warned: Error[] = [];
    const note = (warning: Error) => warned.push(warning);
    process.on('warning', note);
    const facts = Array.from({ length: 40 }, (_, at) =>
      defineFact({ id: `f${at}`, title: 'f', read: (_known, { source: of }) => of.list(pods) }),
    );
    const { reader } = gather(source, options, { signal: new AbortController().signal });
    await Promise.all(facts.map((fact) => reader.ask(fact)));
    await new Promise((resolve) => setTimeout(resolve, 10));
    process.off('warning', note);
    expect(warned).toEqual([]);
  });

  it('ends a fact that hangs without asking anything', async () => {
    const controller = new AbortController();
    const stuck = defineFact({ id: 'stuck', title: 'stuck', read: () => new Promise<never>(() => undefined) });
    const asked = gather(source, options, { signal: controller.signal }).reader.ask(stuck);
    controller.abort();
    await expect(asked).rejects.toMatchObject({ reason: 'interrupted', what: 'stuck' });
  });
});

describe('examine', () => {
  it('keeps the order of the path, whichever check is done first', async () => {
    const slow = {
      ...passing('slow'),
      examine: () => new Promise<never>((resolve) => setTimeout(() => resolve({ status: 'pass' } as never), 5)),
    };
    expect(Object.keys(await statuses([slow, passing('quick')]))).toEqual(['slow', 'quick']);
  });

  it.each<[string, { include?: readonly string[]; exclude?: readonly string[] }, Record<string, string>]>([
    ['all', {}, { a: 'pass', b: 'pass' }],
    ['an included id', { include: ['a'] }, { a: 'pass', b: 'skip' }],
    ['an included hop', { include: ['query'] }, { a: 'skip', b: 'pass' }],
    ['all but an excluded id', { exclude: ['a'] }, { a: 'skip', b: 'pass' }],
    ['all but an excluded hop', { exclude: ['query'] }, { a: 'pass', b: 'skip' }],
    ['what is included and not excluded', { include: ['emit', 'query'], exclude: ['b'] }, { a: 'pass', b: 'skip' }],
  ])('judges %s', async (_, settings, expected) =>
    expect(await statuses([passing('a'), passing('b', { hop: 'query' })], settings)).toEqual(expected),
  );

  it('does not read for a check that is left out', async () => {
    const memory = memorySource({});
    await examine(pipelineOf([told('a', () => ({ status: 'pass' }), {}, { podNames })]), memory, options, { exclude: ['a'] });
    expect(memory.log).toEqual([]);
  });

  it('tells a refusal with the missing permission', async () => {
    const refused = memorySource({ refused: { pods: 'forbidden' } });
    const report = await examine(pipelineOf([told('a', () => ({ status: 'pass' }), {}, { podNames })]), refused, options);
    expect(report.checks[0]).toMatchObject({ status: 'unknown', unread: [{ reason: 'forbidden', what: 'list pods' }] });
    expect(report.checks[0]?.unread[0]?.needs).toContain('list pods');
  });

  it('makes a judge that throws unknown, as a bug of ours', async () => {
    const report = await examine(
      pipelineOf([told('a', () => Object.assign({}, null as never as { x: { y: never } }).x.y)]),
      source,
      options,
    );
    expect(report.checks[0]).toMatchObject({ status: 'unknown', unread: [{ reason: 'bug', what: 'a' }] });
  });

  it('lets no check pass over a fact that broke for a reason of ours', async () => {
    const buggy = defineFact({ id: 'buggy', title: 'buggy', read: () => Promise.reject(new TypeError('x is undefined')) });
    const wanting = defineFact({ id: 'wanting', title: 'wanting', wants: { buggy }, read: () => 'fine' });
    const report = await examine(pipelineOf([told('a', () => ({ status: 'pass' }), {}, { wanting })]), source, options);
    expect(report.checks[0]).toMatchObject({ status: 'unknown', unread: [{ reason: 'bug', what: 'buggy', message: 'x is undefined' }] });
  });

  it('counts a failure of warnings only as a warning', async () => {
    const graded = told('a', () => ({ status: 'fail', findings: [{ ...found('near the limit'), severity: 'warning' }] }));
    const report = await examine(pipelineOf([graded]), source, options);
    expect(report.summary).toMatchObject({ fail: 0, warn: 1 });
    expect(report.checks[0]?.severity).toBe('warning');
  });

  it.each<[string, readonly Check[], string | null]>([
    ['nothing', [passing('a')], null],
    ['the first failure', [passing('a'), broken('b'), broken('c')], 'b'],
    ['an error before an earlier warning', [broken('a', { severity: 'warning' }), broken('b')], 'b'],
    ['a warning when there is no error', [passing('a'), broken('b', { severity: 'warning' })], 'b'],
    ['the root of a consequence that comes first', [broken('a', { follows: ['b'] }), broken('b')], 'b'],
    ['the warning that an error follows from', [broken('a', { severity: 'warning' }), broken('b', { follows: ['a'] })], 'a'],
  ])('names as the break %s', async (_, checks, id) => {
    expect((await examine(pipelineOf(checks), source, options)).brokenAt?.check ?? null).toBe(id);
  });

  it('says which checks of earlier hops could not look', async () => {
    const unknown = (id: string, hop: Check['hop']): Check =>
      told(id, () => ({ status: 'unknown', unread: [{ what: 'it', reason: 'timeout', message: 'no answer', needs: null }] }), { hop });
    const checks = [unknown('early', 'configure'), unknown('same', 'emit'), broken('b'), unknown('late', 'query')];
    expect((await examine(pipelineOf(checks), source, options)).unreadBefore).toEqual(['early']);
  });
});

describe('ignore', () => {
  const accept = { id: 'a', subject: null, reason: 'known', until: null };

  it('sets an accepted failure and what follows from it aside', async () => {
    const report = await examine(pipelineOf([broken('a'), broken('b', { follows: ['a'] }), passing('c')]), source, options, {
      ignore: [accept],
    });
    expect(report.checks.map(({ status, because }) => [status, because])).toEqual([
      ['ignored', 'known'],
      ['ignored', 'follows from a, which is ignored'],
      ['pass', null],
    ]);
    expect(report.brokenAt).toBeNull();
  });

  it('keeps a failure that also has another cause', async () => {
    const checks = [
      told('a', () => ({ status: 'fail', findings: [found('x', ['pod n/a'])] })),
      told('b', () => ({ status: 'fail', findings: [found('x', ['pod n/a']), found('y', ['pod n/b'])] }), { follows: ['a'] }),
    ];
    const report = await examine(pipelineOf(checks), source, options, { ignore: [accept] });
    expect(report.checks.map(({ status }) => status)).toEqual(['ignored', 'fail']);
    expect(report.brokenAt?.check).toBe('b');
  });

  it('takes only findings about its subject', async () => {
    const two = told('a', () => ({ status: 'fail', findings: [found('x'), { ...found('y'), subject: 'Pod n/b' }] }));
    const report = await examine(pipelineOf([two]), source, options, { ignore: [{ ...accept, subject: 'Pod n/a' }] });
    expect(report.checks[0]).toMatchObject({ status: 'fail', because: '1 ignored: known', findings: [{ subject: 'Pod n/b' }] });
  });

  it.each([
    ['2026-11-24', 'ignored'],
    ['2026-11-23', 'fail'],
  ])('holds to the end of its last day: %s', async (until, status) => {
    const report = await examine(pipelineOf([broken('a')]), source, options, { ignore: [{ ...accept, until }] });
    expect(report.checks[0]?.status).toBe(status);
  });

  it('never hides what could not be read', async () => {
    const unknown = told('a', () => ({
      status: 'unknown',
      unread: [{ what: 'it', reason: 'timeout', message: 'no answer', needs: null }],
    }));
    expect(await statuses([unknown], { ignore: [accept] })).toEqual({ a: 'unknown' });
  });
});

describe('diagnose', () => {
  const settings = { version: '0.1.0', failOn: 'fail', ended: () => null } as const;
  const absent = defineFact({
    id: 'absent',
    title: 'x',
    read: (): Installed => ({ status: 'absent', lookedFor: ['AIGatewayRoute objects'] }),
  });
  const refused = defineFact<Installed>({
    id: 'gone',
    title: 'x',
    read: () => Promise.reject(new ReadError('forbidden', 'list x', 'x is forbidden', { needs: 'list x' })),
  });

  it('says what it looked for when no pipeline is there', async () => {
    const report = await diagnose([pipelineOf([passing('a')], absent)], source, options, settings);
    expect(report).toMatchObject({ exitCode: 2, pipelines: [], notFound: { lookedFor: ['AIGatewayRoute objects'] } });
  });

  it('is never green when it could not tell whether a pipeline is there', async () => {
    const report = await diagnose(
      [pipelineOf([told('a', () => ({ status: 'skip', because: 'no proxies' }))], refused)],
      source,
      options,
      settings,
    );
    expect(report).toMatchObject({ exitCode: 2, notFound: { unread: [{ needs: 'list x' }] } });
  });

  it('judges one that it could not look for beside one that is there', async () => {
    const blind = {
      ...pipelineOf(
        [told('b', () => ({ status: 'unknown', unread: [{ what: 'it', reason: 'forbidden', message: 'x', needs: 'list x' }] }))],
        refused,
      ),
      id: 'other',
    };
    const report = await diagnose([pipelineOf([passing('a')]), blind], source, options, settings);
    expect([report.exitCode, report.pipelines.map(({ id }) => id), report.notFound]).toEqual([2, ['fake', 'other'], null]);
  });

  it('leaves out one that is not there', async () => {
    const report = await diagnose(
      [pipelineOf([passing('a')]), { ...pipelineOf([broken('b')], absent), id: 'other' }],
      source,
      options,
      settings,
    );
    expect([report.exitCode, report.pipelines.map(({ id }) => id)]).toEqual([0, ['fake']]);
  });

  it('writes whole seconds, and says nothing of the run that is not the same every time', async () => {
    const look = () => diagnose([pipelineOf([passing('a'), broken('b')])], memorySource({}), options, settings);
    const [one, two] = [await look(), await look()];
    expect(one).toEqual(two);
    expect(one).toMatchObject({ startedAt: '2026-11-24T12:00:00Z', exitCode: 1, complete: true, durationMs: 0 });
  });

  it('is incomplete when it was cut short', async () => {
    const report = await diagnose([pipelineOf([passing('a')])], source, options, { ...settings, ended: () => 124 });
    expect(report).toMatchObject({ exitCode: 124, complete: false });
  });

  it('judges with a pipeline that is there', async () => {
    expect((await diagnose([pipelineOf([passing('a')], installedFact)], source, options, settings)).exitCode).toBe(0);
  });
});
