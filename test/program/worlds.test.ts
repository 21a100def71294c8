import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/engine/diagnose.ts';
import { closure, type Gathering, gather } from '../../src/engine/gather.ts';
import { hops } from '../../src/model/check.ts';
import type { Fact } from '../../src/model/fact.ts';
import type { CheckResult, Report } from '../../src/model/report.ts';
import type { Access } from '../../src/model/source.ts';
import { pipelines } from '../../src/pipelines/index.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { replay } from '../../src/sources/replay.ts';
import { worlds } from '../worlds/index.ts';
import { breakOf, optionsOf, rootsOf } from '../worlds/replayed.ts';
import { unseen } from '../worlds/unseen.ts';
import { runCli } from './run-cli.ts';

interface Replayed {
  readonly report: Report;
  readonly checks: readonly CheckResult[];
  readonly gathering: Gathering;
}

const replays = new Map<string, Promise<Replayed>>();

/** A recorded world, judged once for all tests of this file. */
function judged(name: string): Promise<Replayed> {
  const known = replays.get(name) ?? judge(name);
  replays.set(name, known);
  return known;
}

async function judge(name: string): Promise<Replayed> {
  const options = optionsOf(worlds.find((world) => world.name === name));
  const source = replay((await loadWorld(name)).snapshot);
  const gathering = gather(source, options);
  const settings = { gathering, failOn: 'fail', version: '0.0.0', ended: () => null } as const;
  const report = await diagnose(pipelines, source, options, settings);
  return { report, gathering, checks: report.pipelines.flatMap(({ checks }) => checks) };
}

const texts = (checks: readonly CheckResult[]): readonly string[] =>
  checks.map(({ id, findings, unread }) => `${id}: ${[...findings, ...unread].map(({ message }) => message).join('; ')}`);
const failing = (checks: readonly CheckResult[]): readonly CheckResult[] => checks.filter(({ status }) => status === 'fail');
const named = worlds.map((world) => [world.name, world] as const);

describe('the recorded worlds', () => {
  it('are exactly the defined ones, each name once', async () => {
    expect(await listWorlds()).toEqual(worlds.map(({ name }) => name).toSorted());
    expect(new Set(worlds.map(({ name }) => name)).size).toBe(worlds.length);
  });

  it.each(named)(
    '%s breaks where it is broken, and nowhere else',
    async (name, { expect: { exitCode, brokenAt, also = [], pipeline } }) => {
      const { report, checks } = await judged(name);
      const expected = [brokenAt, ...also].filter((id) => id !== null);
      expect(rootsOf(checks).toSorted(), texts(failing(checks)).join('\n')).toEqual(expected.toSorted());
      expect(breakOf(report, pipeline)).toBe(brokenAt);
      expect(report.exitCode).toBe(exitCode);
    },
  );

  it.each(named)('%s folds every further failure under a root', async (name) => {
    const { report } = await judged(name);
    const stray = report.pipelines.flatMap(({ checks }) => {
      const roots = rootsOf(checks);
      return failing(checks).filter(({ consequenceOf }) => consequenceOf !== null && !roots.includes(consequenceOf));
    });
    expect(stray.map(({ id }) => id)).toEqual([]);
  });

  it.each(named.filter(([, world]) => world.expect.brokenAt === null && world.expect.exitCode === 0))(
    '%s is sound and silent',
    async (name) => {
      const { checks } = await judged(name);
      expect(texts(checks.filter(({ status }) => status !== 'pass' && status !== 'skip'))).toEqual([]);
    },
  );

  it.each(named)('%s answers every question that doctor asks', async (name) => {
    const { checks } = await judged(name);
    const unrecorded = checks.flatMap(({ id, unread }) =>
      unread.filter(({ reason }) => reason === 'unrecorded' || reason === 'bug').map(({ what }) => `${id}: ${what}`),
    );
    expect(unrecorded).toEqual([]);
  });

  it.each(named.filter(([, world]) => world.expect.unknown !== undefined))(
    '%s is not judged where it could not be read',
    async (name, world) => {
      const { checks } = await judged(name);
      const unknown = checks.filter(({ status }) => status === 'unknown').map(({ id }) => id);
      expect(unknown).toEqual(expect.arrayContaining([...(world.expect.unknown ?? [])]));
    },
  );

  it.each(named)('%s has the title and the options of its definition', async (name, { title, options = {} }) => {
    const recorded = await loadWorld(name);
    expect(recorded.title).toBe(title);
    expect(recorded.options ?? {}).toEqual(options);
  });

  it('are judged the same each time', async () => {
    const first = await judged('two-monitors-one-port');
    expect((await judge('two-monitors-one-port')).report).toEqual(first.report);
  });
});

describe.skipIf(!existsSync('dist/cli.js'))('the compiled program', () => {
  it.each([
    'healthy-v0.5',
    'two-monitors-one-port',
    'monitor-on-old-port-name',
    'prometheus-unreachable',
    'no-request-costs',
    'gpt-load-token-renewed',
    'kuadrant-usage-missing-in-some-responses',
    'lgtm-api-keys-missing',
  ])('says the same of a cluster that serves %s', async (name) => {
    const { report } = await judged(name);
    const { stdout, stderr, code } = await runCli(['demo', name, '-o', 'json']);
    expect(code, stderr).toBe(report.exitCode);
    const said = JSON.parse(stdout) as Report;
    expect(said.pipelines[0]?.brokenAt).toEqual(report.pipelines[0]?.brokenAt);
    const verdicts = ({ pipelines }: Report): readonly string[] =>
      pipelines.flatMap(({ checks }) => checks.map(({ id, status, consequenceOf }) => `${id} ${status} ${consequenceOf}`));
    expect(verdicts(said)).toEqual(verdicts(report));
  });
});

describe.each(pipelines.map((pipeline) => [pipeline.id, pipeline] as const))('the catalogue of %s', (_, pipeline) => {
  it('has each id once, in the order of the data path', () => {
    const ids = pipeline.checks.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
    const places = pipeline.checks.map(({ hop }) => hops.indexOf(hop));
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });

  it('follows only checks that exist and stand before', () => {
    const ids = pipeline.checks.map(({ id }) => id);
    const wrong = pipeline.checks.flatMap(({ id, hop, follows }) =>
      follows
        .filter((earlier) => {
          const place = pipeline.checks.find((check) => check.id === earlier)?.hop;
          return earlier === id || (place !== undefined && hops.indexOf(place) > hops.indexOf(hop));
        })
        .map((earlier) => `${id} follows ${earlier}`),
    );
    expect(wrong).toEqual([]);
    expect(ids.length).toBeGreaterThan(0);
  });

  // it tells that something could not be read, which is no verdict about the cluster
  const neverFails = ['prometheus-unreachable'];
  const seen = pipeline.checks.filter(({ id }) => unseen[pipeline.id]?.includes(id) !== true);

  it.each(seen.map((check) => [check.id, check] as const))('has seen %s pass and fail', async (id, { examine }) => {
    // A check that another system has as it is may be seen in the worlds of either.
    const those = pipelines.filter(({ checks }) => checks.some((check) => check.examine === examine)).map((each) => each.id);
    const all = await Promise.all(worlds.map(({ name }) => judged(name)));
    const own = all.flatMap(({ report }) => report.pipelines.filter((each) => those.includes(each.id)).flatMap(({ checks }) => checks));
    const statuses = new Set(own.filter((check) => check.id === id).map(({ status }) => status));
    expect(statuses).toContain('pass');
    expect(statuses).toContain(neverFails.includes(id) ? 'unknown' : 'fail');
  });

  it('reads what its facts declare, and nothing else', async () => {
    const all = await Promise.all(worlds.map(({ name }) => judged(name)));
    const text = ({ verb, group, resource }: Access): string => `${verb} ${resource}${group === '' ? '' : `.${group}`}`;
    // What only a flag makes them read was not asked for.
    const always = (facts: readonly Fact<unknown>[]): readonly Access[] =>
      facts.flatMap(({ reads }) => reads.filter(({ optIn }) => optIn === undefined));
    const asked = (facts: readonly Fact<unknown>[]): ReadonlySet<string> =>
      new Set(facts.flatMap(({ reads }) => reads.filter(({ optIn }) => optIn !== undefined)).map(text));
    const declared = (facts: readonly Fact<unknown>[]): ReadonlySet<string> => new Set(always(facts).map(text));
    const observed = (facts: readonly Fact<unknown>[]): ReadonlySet<string> => {
      const every = all.flatMap(({ gathering }) => facts.flatMap(({ id }) => (gathering.observed().get(id) ?? []).map(text)));
      const seen = new Set(every.filter((access) => !asked(facts).has(access)));
      // Kubernetes 1.35 and later asks for create besides; the recordings are of 1.34
      return seen.has('get pods/portforward') ? new Set([...seen, 'create pods/portforward']) : seen;
    };
    for (const check of pipeline.checks) {
      const facts = closure(check.facts);
      expect([...observed(facts)].toSorted(), check.id).toEqual([...declared(facts)].toSorted());
    }
  });
});
