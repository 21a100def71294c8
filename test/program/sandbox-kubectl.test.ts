import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get as httpsGet } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RecordedGet, RecordedList } from '../../src/model/snapshot.ts';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { handMade, longText } from '../fixtures/hand-made.ts';

const secrets: RecordedList = {
  kind: { group: '', resource: 'secrets', kind: 'Secret', namespaced: true },
  scope: { metadataOnly: true },
  answer: { status: 'objects', objects: [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: 'gateway' } }] },
};

/** What two questions kept of one log. */
const logs = [
  ['no usage', '\nno usage\n\n'],
  ['failed', '\n\nfailed\n'],
].map(
  ([pattern = '', text = '']): RecordedGet => ({
    endpoint: { at: 'logs', namespace: 'gateway', pod: 'a', container: 'extproc', tailLines: 500 },
    question: { path: '/log', query: [], accept: null, keep: [pattern] },
    answer: { status: 'reply', code: 200, headers: {}, body: { text }, cut: null, via: 'proxy' },
  }),
);

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

describe.skipIf(!hasKubectl)('kubectl on the sandbox (skipped where kubectl is not installed)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokmeter-sandbox-'));
  const common = ['--kubeconfig', join(folder, 'kubeconfig'), '--cache-dir', join(folder, 'cache')];
  let served: Served;
  beforeAll(async () => {
    served = await serve({ ...handMade, lists: [...handMade.lists, secrets], gets: [...handMade.gets, ...logs] });
    writeFileSync(join(folder, 'kubeconfig'), served.kubeconfig, { mode: 0o600 });
  });
  afterAll(async () => {
    await served.close();
    rmSync(folder, { recursive: true });
  });

  const kubectl = (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> =>
    new Promise((resolve) => {
      execFile('kubectl', [...common, ...args], (error, out, err) => resolve({ code: error === null ? 0 : 1, out, err }));
    });
  const rows = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/));

  it('gets pods in all namespaces', async () => {
    const { out } = await kubectl('get', 'pods', '-A');
    expect(rows(out).slice(0, 2)).toEqual([
      ['NAMESPACE', 'NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE'],
      ['gateway', 'a', '1/1', 'Running', '2', '120m'],
    ]);
  });

  it('gets custom resources, by short name, as YAML, by label, in pages', async () => {
    expect(rows((await kubectl('get', 'podmonitors', '-A')).out)[1]).toEqual(['gateway', 'metrics', '3d2h']);
    expect((await kubectl('get', 'pmon', '-n', 'gateway', 'metrics', '-o', 'yaml')).out).toContain('port: aigw-admin');
    expect((await kubectl('get', 'po', '-A', '-l', 'app in (other)', '-o', 'name')).out).toBe('pod/idle\n');
    expect((await kubectl('get', 'po', '-A', '--chunk-size=1', '-o', 'name')).out.split('\n').length).toBe(8);
  });

  it.each([
    [
      'what may not be read',
      ['get', 'gateways', '-A'],
      'Error from server (Forbidden): gateways.gateway.networking.k8s.io is forbidden: User "demo" cannot list',
    ],
    ['what is not there', ['get', 'pod', 'nope', '-n', 'gateway'], 'Error from server (NotFound): pods "nope" not found'],
    ['what the cluster does not serve', ['get', 'grafanadashboards'], 'the server doesn\'t have a resource type "grafanadashboards"'],
    ['what would write', ['delete', 'pod', 'a', '-n', 'gateway'], 'the sandbox is read-only'],
  ])('is told %s', async (_, args, sentence) => {
    const { code, err } = await kubectl(...args);
    expect({ code, said: err }).toEqual({ code: 1, said: expect.stringContaining(sentence) });
  });

  it('gets Secrets by name', async () => {
    expect(rows((await kubectl('get', 'secrets', '-A')).out)[1]?.slice(0, 2)).toEqual(['gateway', 'keys']);
    expect((await kubectl('get', 'secret', 'keys', '-n', 'gateway', '-o', 'yaml')).out).toBe(
      'apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\n  namespace: gateway\n',
    );
    const partial = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
    const url = `${served.url}/api/v1/pods?limit=1`;
    const out = await accepting(url, partial, served);
    expect(JSON.parse(out)).toMatchObject({
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata: { remainingItemCount: 6 },
      items: [{ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } }],
    });
    expect(out).not.toContain('spec');
  });

  it('gets what was kept of a log, at its place', async () => {
    expect((await kubectl('logs', '-n', 'gateway', 'a', '-c', 'extproc')).out).toBe('\nno usage\nfailed\n');
    expect((await kubectl('logs', '-n', 'gateway', 'a', '-c', 'extproc', '--tail=1')).out).toBe('failed\n');
    expect((await kubectl('logs', '-n', 'gateway', 'b')).err).toContain('not in the recording: the log of pod gateway/b');
  });

  describe.each([
    ['SPDY in a websocket', 'true'],
    ['SPDY', 'false'],
  ])('port-forward by %s', (_, websockets) => {
    async function forward<T>(pod: string, use: (url: string, said: () => string) => Promise<T>): Promise<T> {
      const env = { ...process.env, KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets };
      const child = spawn('kubectl', [...common, 'port-forward', '-n', 'gateway', `pod/${pod}`, ':1064'], { env });
      let said = '';
      child.stderr.on('data', (text) => {
        said += text;
      });
      try {
        return await use(`http://127.0.0.1:${await portOf(child)}`, () => said);
      } finally {
        child.kill();
      }
    }

    it('carries answer after answer', async () => {
      const texts = await forward('a', async (url) => [
        await text(`${url}/metrics`),
        await text(`${url}/metrics`),
        await text(`${url}/query?query=up`),
      ]);
      expect(texts).toEqual(['up 1\n', 'up 1\n', 'asked\n']);
    });

    it('carries a long answer whole', async () => {
      expect(await forward('b', (url) => text(`${url}/metrics`))).toBe(longText);
    });

    it('says that nothing listens', async () => {
      const said = await forward('dead', async (url, said) => {
        await text(`${url}/metrics`).catch(() => '');
        for (let tries = 0; tries < 50 && said() === ''; tries += 1) await new Promise((resolve) => setTimeout(resolve, 100));
        return said();
      });
      expect(said).toContain('connect: connection refused');
    });
  });
});

function accepting(url: string, accept: string, { ca, token }: Served): Promise<string> {
  return new Promise((resolve, reject) => {
    const answer = httpsGet(url, { ca, headers: { accept, authorization: `Bearer ${token}` }, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => resolve(body));
    });
    answer.on('error', reject);
  });
}

async function text(url: string): Promise<string> {
  const response = await fetch(url, { headers: { connection: 'close' } });
  return response.text();
}

function portOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout?.on('data', (chunk) => {
      out += chunk;
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(out) ?? [];
      if (port !== undefined) resolve(port);
    });
    child.once('exit', () => reject(new Error(`kubectl port-forward ended: ${out}`)));
  });
}
