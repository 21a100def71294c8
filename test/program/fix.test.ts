import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { fixesOf, mends } from '../../src/commands/fix.ts';
import { diagnose } from '../../src/engine/diagnose.ts';
import type { Options } from '../../src/model/fact.ts';
import type { CheckResult, Report } from '../../src/model/report.ts';
import type { Source } from '../../src/model/source.ts';
import { changesOf } from '../../src/parse/changes.ts';
import { pipelines } from '../../src/pipelines/index.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { encodeBundle } from '../../src/sources/archive.ts';
import { overlay } from '../../src/sources/overlay.ts';
import { withReadFields } from '../../src/sources/redaction-fields.ts';
import { replay } from '../../src/sources/replay.ts';
import { worlds } from '../worlds/index.ts';
import { proofs } from '../worlds/proofs.ts';
import { optionsOf } from '../worlds/replayed.ts';
import { runCli } from './run-cli.ts';

const options: Options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };
const judge = (source: Source, told: Options = options): Promise<Report> =>
  diagnose(pipelines, source, told, { failOn: 'fail', version: '0.0.0', ended: () => null });
const failing = (report: Report): readonly CheckResult[] =>
  report.pipelines.flatMap(({ checks }) => checks).filter(({ status }) => status === 'fail');

// What Prometheus holds and what proxies run with follows a change by itself, by a restart or by the next scrape; a recording shows the time before.
const later = ['stale-mapping', 'pool-absent', 'identity-absent'];

describe('a remedy that changes objects mends its finding, and breaks nothing', () => {
  it.each([
    ['flag-of-the-release-before', 'mapping-invalid'],
    ['mapping-in-quotes', 'mapping-ineffective'],
    ['monitor-in-another-namespace', 'unmonitored-proxies'],
    ['monitor-on-old-port-name', 'unmonitored-proxies'],
    ['monitor-selects-another-label', 'unmonitored-proxies'],
    ['monitor-timeout-over-interval', 'rejected-monitors'],
    ['monitor-without-the-release-label', 'unselected-monitors'],
    ['no-header-mapped', 'mapping-missing'],
    ['no-monitor', 'unmonitored-proxies'],
    ['no-request-costs', 'costs-unset'],
    ['no-security-policy', 'identity-unsourced'],
    ['prometheus-without-a-monitor-selector', 'unselected-monitors'],
    ['route-policy-replaces-the-gateways', 'identity-overridden'],
    ['trailing-comma-in-mapping', 'mapping-invalid'],
    ['upper-case-header-in-mapping', 'mapping-ineffective'],
  ])('%s', async (name, id) => {
    const { snapshot } = await loadWorld(name);
    const before = await judge(replay(snapshot));
    const fixes = fixesOf(before, snapshot, [id]);
    expect(fixes.map(({ check }) => check)).toContain(id);
    const after = await judge(
      overlay(
        replay(snapshot),
        fixes.flatMap(({ remedy }) => changesOf(remedy)),
      ),
    );
    const was = failing(before).map((check) => check.id);
    expect(failing(after).map((check) => check.id)).not.toContain(id);
    expect(
      failing(after)
        .map((check) => check.id)
        .filter((each) => !was.includes(each) && !later.includes(each)),
    ).toEqual([]);
  });
});

describe('the remedies of the corpus', () => {
  it('are all proven, by a judgement of the changed objects or on the bed', async () => {
    const unproven = new Set<string>();
    for (const name of await listWorlds()) {
      const { snapshot } = await loadWorld(name);
      const settings = optionsOf(worlds.find((world) => world.name === name));
      const before = await judge(replay(snapshot), settings);
      for (const [pipeline, { mended, elsewhere }] of Object.entries(proofs)) {
        const proven = new Set([...mended.flatMap(rootOf), ...Object.keys(elsewhere)]);
        for (const { id } of rootsOf(before, pipeline)) {
          const remedies = fixesOf(before, snapshot, [id]).map(({ remedy }) => remedy);
          if (proven.has(id) || !remedies.some(mends)) continue;
          const after = await judge(overlay(replay(snapshot), remedies.flatMap(changesOf)), settings);
          if (failing(after).some((check) => check.id === id)) unproven.add(`${pipeline}: ${id} (${name})`);
        }
      }
    }
    expect([...unproven]).toEqual([]);
  });
});

/** The id whose remedy is proven: "WORLD" by its first root, "WORLD ID". */
function rootOf(entry: string): readonly string[] {
  const [name, id] = entry.split(' ');
  const first = worlds.find((world) => world.name === name)?.expect.brokenAt ?? [];
  return [id ?? first].flat();
}

/** Of one pipeline. */
function rootsOf({ pipelines }: Report, pipeline: string): readonly CheckResult[] {
  const own = pipelines.filter(({ id }) => id === pipeline).flatMap(({ checks }) => checks);
  return own.filter(({ status, consequenceOf }) => status === 'fail' && consequenceOf === null);
}

const folder = mkdtempSync(join(tmpdir(), 'tokmeter-fix-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function bundleOf(name: string, change: (text: string) => string = (text) => text): Promise<string> {
  const file = join(folder, `${name}.tgz`);
  const snapshot = withReadFields(JSON.parse(change(JSON.stringify((await loadWorld(name)).snapshot))));
  writeFileSync(file, encodeBundle({ snapshot, options, redacted: [], version: '0.0.0' }));
  return file;
}

describe.skipIf(!existsSync('dist/cli.js'))('tokmeter fix', () => {
  it('prints a manifest for a monitor that is missing, and ends as doctor does', async () => {
    const { code, stdout } = await runCli(['fix', '--from', await bundleOf('no-monitor'), '-o', 'yaml']);
    expect(code).toBe(1);
    expect(parse(stdout)).toMatchObject({ kind: 'PodMonitor', metadata: { namespace: 'envoy-gateway-system' } });
  });

  it('prints patches as a Kustomization', async () => {
    const { stdout } = await runCli(['fix', '--from', await bundleOf('monitor-on-old-port-name'), '-o', 'yaml']);
    const [document] = parseAllDocuments(stdout).map((each) => each.toJS());
    expect(document).toMatchObject({
      kind: 'Kustomization',
      patches: [{ target: { group: 'monitoring.coreos.com', kind: 'PodMonitor', name: 'ai-gateway-proxies' } }],
    });
    expect(JSON.parse(document.patches[0].patch)).toEqual([
      { op: 'replace', path: '/spec/podMetricsEndpoints/0/port', value: 'aigw-admin' },
    ]);
  });

  it('names the Helm release that would undo a patch', async () => {
    const { stdout } = await runCli(['fix', 'mapping-invalid', '--from', await bundleOf('trailing-comma-in-mapping')]);
    expect(stdout).toContain('  owner  Helm release aieg (namespace envoy-ai-gateway-system)');
  });

  it('prints commands whose words from the cluster are never commands', async () => {
    const evil = "x';touch /tmp/owned;'$(id)";
    const file = await bundleOf('monitor-without-the-release-label', (text) => text.replaceAll('kube-prometheus-stack', evil));
    const { stdout } = await runCli(['fix', '--from', file, '-o', 'commands']);
    const commands = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(commands.filter((line) => !/^kubectl( '(?:[^']|'\\'')*'| [\w@%+=:,./-]+)+$/.test(line))).toEqual([]);
  });

  it('says so when there is nothing to mend, or no such check', async () => {
    const file = await bundleOf('healthy-v0.5');
    expect(await runCli(['fix', '--from', file])).toMatchObject({ code: 0, stdout: 'nothing to mend\n', stderr: '' });
    expect(await runCli(['fix', 'mapping-invalit', '--from', file])).toMatchObject({
      code: 64,
      stderr: 'tokmeter: unknown check "mapping-invalit"; did you mean "mapping-invalid"?\n',
    });
  });
});
