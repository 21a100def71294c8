import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const bin = resolve(import.meta.dirname, '../../bin/tokmeter.js');
const served: ChildProcess[] = [];
afterAll(() => {
  for (const child of served) child.kill('SIGINT');
});

/** The kubeconfig of a recorded world that is served until the tests are done. */
function serve(world: string): Promise<string> {
  const child = spawn(process.execPath, [bin, 'demo', world, '--serve'], { stdio: ['ignore', 'pipe', 'inherit'] });
  served.push(child);
  return new Promise((done, fail) => {
    let text = '';
    child.on('exit', (code) => fail(new Error(`demo ended with ${code}`)));
    child.stdout.setEncoding('utf8').on('data', (more: string) => {
      text += more;
      const file = /KUBECONFIG=(\S+)/.exec(text)?.[1];
      if (file !== undefined && text.includes('tokmeter doctor')) done(file);
    });
  });
}

const broken = serve('no-monitor');
const healthy = serve('healthy-v0.5');

describe('doctor --wait', () => {
  it('ends at once when nothing is wrong', async () => {
    const { stdout, stderr, code } = await runCli(['doctor', '--wait', '-o', 'json', '--kubeconfig', await healthy]);
    expect([code, stderr, JSON.parse(stdout).exitCode]).toEqual([0, '', 0]);
  });

  it('says once what it waits for, and keeps the exit code', async () => {
    const { stdout, stderr, code } = await runCli(['doctor', '--wait=3s', '-o', 'json', '--kubeconfig', await broken]);
    const report = JSON.parse(stdout);
    expect([code, report.complete, report.pipelines[0].brokenAt.check]).toEqual([1, true, 'unmonitored-proxies']);
    expect(stderr).toBe('waiting for unmonitored-proxies\n');
    expect(report.durationMs).toBeGreaterThanOrEqual(3000);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is cut short by %s with the report of its last look', async (signal, expected) => {
    const { stdout, code } = await runCli(['doctor', '--wait', '-o', 'json', '--kubeconfig', await broken], {
      kill: { signal, when: /waiting for/ },
    });
    const report = JSON.parse(stdout);
    expect([code, report.exitCode, report.complete, report.pipelines[0].brokenAt.check]).toEqual([
      expected,
      expected,
      false,
      'unmonitored-proxies',
    ]);
  });

  it('is cut short by --timeout', async () => {
    const { stdout, code } = await runCli(['doctor', '--wait', '--timeout', '4s', '-o', 'json', '--kubeconfig', await broken]);
    expect([code, JSON.parse(stdout).complete]).toEqual([124, false]);
  });
});

describe('doctor on a served cluster', () => {
  it.each([
    [['--include', 'discover'], 1],
    [['--exclude', 'discover,collect,query,present'], 0],
    [['--include', 'targets-down'], 2],
    [['--ignore', 'unmonitored-proxies:moves on friday'], 0],
    [['--ignore', 'unmonitored-proxies:moved:2020-01-01'], 1],
    [['--pipeline', 'envoy-ai-gateway'], 1],
    [['--gateway', 'nowhere/none'], 1],
  ])('%j ends with %i', async (args, expected) => {
    expect((await runCli(['doctor', '--kubeconfig', await broken, ...args])).code).toBe(expected);
  });

  it('has the same exit code in every format', async () => {
    const formats = [
      'table',
      'wide',
      'short',
      'json',
      'yaml',
      'ndjson',
      'junit',
      'sarif',
      'tap',
      'github',
      'markdown',
      'html',
      'prometheus',
    ];
    const kubeconfig = await broken;
    for (const format of formats) {
      const { stdout, code } = await runCli(['doctor', '-o', format, '--kubeconfig', kubeconfig]);
      expect([format, code, stdout.includes('unmonitored-proxies')]).toEqual([format, 1, true]);
    }
  });

  it.each(['proxies', 'monitors', 'targets', 'series'])('get %s has columns, and items as JSON', async (name) => {
    const kubeconfig = await healthy;
    const [table, json] = await Promise.all([
      runCli(['get', name, '--kubeconfig', kubeconfig]),
      runCli(['get', name, '-o', 'json', '--kubeconfig', kubeconfig]),
    ]);
    expect([table.code, json.code]).toEqual([0, 0]);
    expect(table.stdout.split('\n').length).toBeGreaterThan(2);
    expect(JSON.parse(json.stdout)).toMatchObject({ schemaVersion: '1', view: name, unread: [] });
    expect(JSON.parse(json.stdout).items.length).toBeGreaterThan(0);
  });

  it('may lose its reader without losing its exit code', async () => {
    expect(await runCli(['doctor', '-o', 'json', '--kubeconfig', await broken], { closeAfter: 1 })).toMatchObject({ code: 1, stderr: '' });
  });
});
