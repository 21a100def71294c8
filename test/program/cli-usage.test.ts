import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokmeter-cli-'));
const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const wrong: readonly (readonly [name: string, args: readonly string[], said: RegExp])[] = [
  ['unknown-command', ['doctr'], /did you mean doctor\?/],
  ['unknown-flag', ['doctor', '--kubconfig', 'x'], /did you mean --kubeconfig\?/],
  ['flag-without-value', ['doctor', '--context'], /argument missing/],
  ['extra-argument', ['doctor', 'now'], /too many arguments for "doctor"/],
  ['unknown-format', ['doctor', '-o', 'jsn'], /did you mean "json"\?/],
  ['format-of-nobody', ['doctor', '-o', 'pdf'], /there are table, wide, short, json, yaml, /],
  ['two-formats-to-stdout', ['doctor', '-o', 'json', '-o', 'yaml'], /-o yaml=FILE/],
  ['format-without-file', ['doctor', '-o', 'junit='], /needs a file name/],
  ['file-in-no-folder', ['doctor', '-o', 'junit=/nonexistent/report.xml'], /there is no \/nonexistent/],
  ['unknown-included-check', ['doctor', '--include', 'unmonitored-proxy'], /did you mean "unmonitored-proxies"\?/],
  ['unknown-excluded-hop', ['doctor', '--exclude', 'colect'], /did you mean "collect"\?/],
  ['unknown-pipeline', ['doctor', '--pipeline', 'envoy-gateway'], /did you mean "envoy-ai-gateway"\?/],
  ['unknown-fail-on', ['doctor', '--fail-on', 'wrn'], /did you mean "warn"\?/],
  ['unknown-via', ['doctor', '--via', 'portforward'], /did you mean "port-forward"\?/],
  ['unknown-color', ['doctor', '--color', 'yes'], /auto, always, never/],
  ['no-duration', ['doctor', '--timeout', '5x'], /takes a duration such as/],
  ['no-request-duration', ['doctor', '--request-timeout', 'soon'], /takes a duration such as/],
  ['no-gateway', ['doctor', '--gateway', 'a/b/c'], /takes NAMESPACE\/NAME/],
  ['no-prometheus', ['doctor', '--prometheus', 'prometheus'], /NAMESPACE\/SERVICE\[:PORT\]/],
  ['header-for-nothing', ['doctor', '--prometheus-header', 'X-Scope-OrgID: a'], /--prometheus must say where/],
  ['no-header', ['doctor', '--prometheus', 'http://p', '--prometheus-header', 'secret value'], /takes "Name: value"/],
  ['token-file-missing', ['doctor', '--prometheus', 'http://p', '--prometheus-token-file', '/nonexistent'], /cannot be read/],
  ['ignore-without-reason', ['doctor', '--ignore', 'targets-down'], /with a reason/],
  ['ignore-unknown-check', ['doctor', '--ignore', 'targets-dwn:known'], /did you mean "targets-down"\?/],
  ['ignore-until-no-day', ['doctor', '--ignore', 'targets-down:known:2026-02-31'], /is no day/],
  ['namespace-and-all', ['doctor', '-n', 'a', '-A'], /exclude each other/],
  ['no-verbosity', ['doctor', '-v=loud'], /from 0 to 9/],
  ['config-missing', ['doctor', '--config', '/nonexistent'], /cannot be read/],
  ['kubeconfig-missing', ['doctor', '--kubeconfig', '/nonexistent'], /cannot be read/],
  ['get-unknown-table', ['get', 'proxis'], /did you mean "proxies"\?/],
  ['get-nothing', ['get'], /missing required argument/],
  ['get-unknown-format', ['get', 'proxies', '-o', 'junit'], /table, wide, json, yaml/],
  ['explain-unknown', ['explain', 'target-down'], /did you mean "targets-down"\?/],
  ['completion-unknown', ['completion', 'zhs'], /did you mean "zsh"\?/],
  ['version-unknown-format', ['version', '-o', 'xml'], /there are text, json/],
  ['rbac-no-name', ['rbac', '--name', 'Not A Name'], /is no name of a ClusterRole/],
  ['rbac-no-account', ['rbac', '--service-account', 'sa'], /takes NAMESPACE\/NAME/],
];

describe('wrong usage', () => {
  it.each(wrong)('%s', async (name, args, said) => {
    const { stdout, stderr, code } = await runCli(args);
    expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 64, stdout: '', lines: 1 });
    expect(stderr).toMatch(said);
    await expect(transcript(args, { stdout, stderr, code })).toMatchFileSnapshot(`../transcripts/cli/${name}.txt`);
  });

  it('is a command that is missing, with the help', async () => {
    const { stdout, stderr, code } = await runCli([]);
    expect([code, stdout, stderr.split('\n')[0]]).toEqual([64, '', 'Usage: tokmeter [options] [command]']);
  });

  it.each([
    ['a key that is no flag', 'pipline: auto\n', /unknown setting "pipline"; did you mean "pipeline"\?/],
    ['broken YAML', 'pipeline: [\n', /line \d/],
    ['a list', '- pipeline\n', /must be a map/],
    ['a map for a flag', 'pipeline: {a: b}\n', /takes text/],
    ['text for a switch', 'quiet: yes please\n', /takes true or false/],
    ['two values for one', 'pipeline: [a, b]\n', /takes one value/],
    ['a value that the flag refuses', 'fail-on: never\n', /unknown value of --fail-on/],
  ])('is a --config with %s', async (_, text, said) => {
    const { stderr, code } = await runCli(['doctor', '--config', file('config.yaml', text)]);
    expect([code, stderr.split('\n').length]).toEqual([64, 2]);
    expect(stderr).toMatch(said);
  });

  it('names the token of no header', async () => {
    const { stderr } = await runCli(['doctor', '--prometheus', 'http://p', '--prometheus-header', 'very secret']);
    expect(stderr).not.toContain('secret');
  });
});

describe('help and version', () => {
  it.each([['doctor'], ['get'], ['explain'], ['demo'], ['rbac'], ['completion'], ['version']])(
    '%s --help fits 80 columns',
    async (command) => {
      const { stdout, code } = await runCli([command, '--help']);
      expect(code).toBe(0);
      expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it('says kubectl tokmeter when kubectl calls it', async () => {
    const { stdout } = await runCli(['doctor', '--help'], { bin: 'kubectl-tokmeter.js' });
    expect(stdout).toContain('Usage: kubectl tokmeter doctor [options]');
  });

  it('tells its version as JSON', async () => {
    const { stdout, code } = await runCli(['version', '-o', 'json']);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { name: 'tokmeter', version: expect.stringMatching(/^\d+\.\d+\.\d+/) }]);
  });
});

/** Arguments, both streams and the exit code, as one text to compare. */
function transcript(args: readonly string[], { stdout, stderr, code }: { stdout: string; stderr: string; code: number | null }): string {
  return `$ tokmeter ${args.map((arg) => (/[\s;]/.test(arg) ? `'${arg}'` : arg)).join(' ')}\n-- exit ${code}\n-- stdout\n${stdout}-- stderr\n${stderr}`;
}
