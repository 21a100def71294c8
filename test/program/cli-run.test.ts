import { mkdtempSync, readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.ts';

const schema = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../docs/report.schema.json'), 'utf8'));
const valid = new Ajv2020({ strict: false }).compile(schema);

/** A server that accepts and never says a word. */
let silent: Server;
let address = '';
const sockets = new Set<Socket>();
beforeAll(async () => {
  silent = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done));
  address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
});
afterAll(() => {
  for (const socket of sockets) socket.destroy();
  silent.close();
});

const nowhere = 'http://127.0.0.1:1';

describe('a run that cannot look', () => {
  it.each([
    ['no kubeconfig', []],
    ['nothing listens', ['--server', nowhere]],
  ])('ends with 2 and a report: %s', async (_, args) => {
    const { stdout, stderr, code } = await runCli(['doctor', '-o', 'json', ...args]);
    const report = JSON.parse(stdout);
    expect([code, stderr, report.exitCode, valid(report)]).toEqual([2, '', 2, true]);
    expect(report.notFound.unread).toHaveLength(1);
  });

  it.each(['table', 'wide', 'short', 'json', 'yaml', 'junit'])('ends with 2 as %s', async (format) => {
    const { stdout, code } = await runCli(['doctor', '-o', format, '--server', nowhere]);
    expect(code).toBe(2);
    expect(stdout).toContain('refused the connection');
  });

  it('ends with 2 for get', async () => {
    const { stdout, code } = await runCli(['get', 'proxies', '--server', nowhere]);
    expect(code).toBe(2);
    expect(stdout).toContain('refused the connection');
  });

  it('writes every file that was asked for, and nothing with -q', async () => {
    const junit = join(mkdtempSync(join(tmpdir(), 'tokmeter-cli-')), 'report.xml');
    const { stdout, code } = await runCli(['doctor', '-q', '-o', 'table', '-o', `junit=${junit}`, '--server', nowhere]);
    expect([code, stdout]).toEqual([2, '']);
    expect(readFileSync(junit, 'utf8')).toContain('errors="1"');
  });
});

describe('a run that is cut short', () => {
  it('ends with 124 and a report at --timeout', async () => {
    const { stdout, code } = await runCli(['doctor', '-o', 'json', '--timeout', '300ms', '--server', address]);
    const report = JSON.parse(stdout);
    expect([code, report.complete, report.exitCode, valid(report)]).toEqual([124, false, 124, true]);
  });

  it('does not wait longer for one answer than --request-timeout', async () => {
    const { stdout, code } = await runCli(['doctor', '--request-timeout', '300ms', '--server', address]);
    expect(code).toBe(2);
    expect(stdout).toContain('did not answer within');
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends with a report at %s', async (signal, expected) => {
    const connected = new Promise((done) => silent.once('connection', done));
    const { stdout, code } = await runCli(['doctor', '-o', 'json', '--server', address], { kill: { signal, after: connected } });
    const report = JSON.parse(stdout);
    expect([code, report.complete, report.exitCode, valid(report)]).toEqual([expected, false, expected, true]);
  });
});

describe('stdout', () => {
  it('may be closed without changing the exit code', async () => {
    expect(await runCli(['doctor', '-o', 'json', '--server', nowhere], { closeAfter: 0 })).toMatchObject({ code: 2, stderr: '' });
  });

  it('has no colour in a pipe, but for --color always or FORCE_COLOR', async () => {
    const coloured = async (args: readonly string[], env = {}): Promise<boolean> =>
      (await runCli(['doctor', '--server', nowhere, ...args], { env })).stdout.includes('\u001b[');
    expect(await coloured([])).toBe(false);
    expect(await coloured(['--color', 'always'])).toBe(true);
    expect(await coloured([], { FORCE_COLOR: '1' })).toBe(true);
    expect(await coloured(['--color', 'never'], { FORCE_COLOR: '1' })).toBe(false);
    expect(await coloured(['--color', 'always'], { NO_COLOR: '1', TERM: 'dumb' })).toBe(true);
  });

  it('holds YAML for rbac that asks for nothing but list, get and the tunnel', async () => {
    const { stdout, code } = await runCli(['rbac']);
    expect(code).toBe(0);
    const verbs = [...stdout.matchAll(/verbs: \[(.*)\]/g)].flatMap(([, list]) => (list ?? '').split(', '));
    expect(verbs.length).toBeGreaterThan(0);
    expect(verbs.filter((verb) => !['"list"', '"get"', '"create"'].includes(verb))).toEqual([]);
    expect([...stdout.matchAll(/resources: \["(.*)"\]\n {4}verbs: .*create/g)].map(([, resource]) => resource)).toEqual([
      'pods/portforward',
    ]);
    expect(stdout).not.toContain('secrets');
  });
});
