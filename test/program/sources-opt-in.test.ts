import { afterEach, describe, expect, it } from 'vitest';
import { kinds } from '../../src/facts/kinds.ts';
import { logMatches } from '../../src/facts/logs.ts';
import type { Source } from '../../src/model/source.ts';
import { ReadError } from '../../src/model/source.ts';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { encodeBundle } from '../../src/sources/archive.ts';
import { type Cluster, openCluster } from '../../src/sources/cluster.ts';
import type { Connection } from '../../src/sources/connection.ts';
import { manifestsSource, readManifests } from '../../src/sources/manifests.ts';
import { overlay } from '../../src/sources/overlay.ts';
import { record } from '../../src/sources/record.ts';
import { withReadFields } from '../../src/sources/redaction-fields.ts';
import { withoutNames } from '../../src/sources/redaction-names.ts';
import { replay } from '../../src/sources/replay.ts';
import { type Answer, type Fake, fakeApi, json, kubeStatus } from './sources-fake.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function served(answer: Answer): Promise<{ readonly fake: Fake; readonly source: Cluster }> {
  const fake = await fakeApi(answer);
  open.push(fake);
  return { fake, source: await cluster(fake.connection()) };
}

async function cluster(connection: Connection): Promise<Cluster> {
  const opened = await openCluster(connection, { requestTimeoutMs: 2000, via: 'auto', version: '1.2.3' });
  open.unshift(opened);
  return opened;
}

async function troubleOf(promise: Promise<unknown>): Promise<ReadError> {
  const error = await promise.then(
    () => new Error('no trouble'),
    (thrown: unknown) => thrown,
  );
  if (error instanceof ReadError) return error;
  throw error;
}

const planted = 'c4n4ryx7Qz9';
const inBase64 = Buffer.from(planted).toString('base64');
const options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null, secretNames: true, logs: true };

/** A Secret with its data in every place that can hold it. */
const whole = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  immutable: true,
  data: { token: inBase64 },
  stringData: { token: planted },
  metadata: {
    name,
    namespace: 'ai',
    uid: 'u1',
    resourceVersion: '7',
    labels: { grafana_dashboard: '1' },
    annotations: {
      'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: { token: inBase64 } }),
      'meta.helm.sh/release-name': 'x',
    },
    managedFields: [{ manager: 'kubectl', fieldsV1: { [planted]: {} } }],
    selfLink: planted,
  },
});
const named = (name: string, annotations: Record<string, string> = { 'meta.helm.sh/release-name': 'x' }) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'ai', uid: 'u1', labels: { grafana_dashboard: '1' }, annotations },
});

/** As a real API server: nothing but metadata when that is asked for. */
const partial: Answer = (request, response) => {
  const more = !request.url?.includes('continue=');
  const items = [whole(more ? 'a' : 'b')].map(({ metadata }) => ({
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
  }));
  json(response, 200, { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1', metadata: { continue: more ? 'n' : '' }, items });
};
/** As a server that knows no other form than the whole. */
const deaf: Answer = (_, response) => json(response, 200, { kind: 'SecretList', apiVersion: 'v1', metadata: {}, items: [whole('a')] });

describe('a list of names', () => {
  it('is asked for in the one form that has no data, page by page', async () => {
    const { fake, source } = await served(partial);
    expect(await source.list(kinds.secrets, { metadataOnly: true })).toEqual([named('a'), named('b')]);
    const asked = fake.seen.filter(({ url }) => url.includes('secrets'));
    expect(asked.map(({ url }) => url)).toEqual(['/api/v1/secrets?limit=500', '/api/v1/secrets?limit=500&continue=n']);
    for (const { headers } of asked) expect(headers.accept).toBe('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });

  it('is asked for so of Secrets even by who forgets to say it', async () => {
    const { fake, source } = await served(partial);
    expect(await source.list(kinds.secrets, { namespace: 'ai' })).toEqual([named('a'), named('b')]);
    expect(fake.seen.at(-1)?.headers.accept).toContain('as=PartialObjectMetadataList');
  });

  it('is left of what a server sends that ignores the form', async () => {
    const { source } = await served(deaf);
    expect(await source.list(kinds.secrets, { metadataOnly: true })).toEqual([named('a')]);
  });

  it('leaves other lists as they are', async () => {
    const { fake, source } = await served((_, response) =>
      json(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [{ metadata: { name: 'p' }, spec: { x: 1 } }] }),
    );
    expect(await source.list(kinds.pods)).toEqual([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { x: 1 } }]);
    expect(fake.seen.at(-1)?.headers.accept).toBe('application/json');
  });

  it.each<[string, Answer, object]>([
    [
      'a refusal, with verb and resource',
      (_, response) =>
        json(
          response,
          403,
          kubeStatus(403, 'Forbidden', 'secrets is forbidden: User "dev" cannot list resource "secrets" in API group ""'),
        ),
      {
        reason: 'forbidden',
        needs: 'list secrets in all namespaces',
        message: 'secrets is forbidden for "dev" (needs list in all namespaces)',
      },
    ],
    [
      'a server that cannot answer in that form',
      (_, response) =>
        json(response, 406, kubeStatus(406, 'NotAcceptable', 'only the following media types are accepted: application/json')),
      { reason: 'unreachable', message: expect.stringContaining('406') },
    ],
  ])('meets %s', async (_, answer, trouble) => {
    const { source } = await served(answer);
    expect(await troubleOf(source.list(kinds.secrets, { metadataOnly: true }))).toMatchObject(trouble);
  });

  it('quotes nothing of an answer that is cut short', async () => {
    const cut = JSON.stringify({ kind: 'SecretList', items: [{ data: { token: inBase64 } }] });
    const { source } = await served((_, response) => response.end(cut.slice(0, cut.indexOf(inBase64) + inBase64.length)));
    const trouble = await troubleOf(source.list(kinds.secrets, { metadataOnly: true }));
    expect(trouble).toMatchObject({ reason: 'malformed', message: expect.stringContaining('broken JSON') });
    expect(`${trouble.stack} ${trouble.message} ${trouble.cause}`).not.toContain(inBase64);
  });

  it('is all that a recording, a bundle and the sandbox know', async () => {
    const { source } = await served(deaf);
    const recorder = record(source);
    await recorder.source.list(kinds.secrets, { metadataOnly: true });
    const snapshot = recorder.snapshot();
    expect(await replay(snapshot).list(kinds.secrets, { metadataOnly: true })).toEqual([named('a')]);
    const kept = withReadFields(snapshot);
    const renamed = withoutNames(kept, options);
    for (const each of [snapshot, kept, renamed]) expect(JSON.stringify(each)).not.toMatch(new RegExp(`${planted}|${inBase64}`));
    expect(encodeBundle({ snapshot: kept, options, redacted: [], version: '1' }).length).toBeGreaterThan(100);
    expect(await replay(kept).list(kinds.secrets)).toEqual([named('a')]);
    const again = await cluster(connectionTo(await sandbox(kept)));
    expect(await again.list(kinds.secrets, { metadataOnly: true })).toEqual([named('a')]);
  });

  it('is left of a recording that holds more', async () => {
    const { source } = await served(partial);
    const snapshot = record(source).snapshot();
    const lists = [{ kind: kinds.secrets, scope: {}, answer: { status: 'objects' as const, objects: [whole('a')] } }];
    expect(await replay({ ...snapshot, lists }).list(kinds.secrets)).toEqual([named('a')]);
    expect(JSON.stringify(withReadFields({ ...snapshot, lists }))).not.toMatch(new RegExp(`${planted}|${inBase64}`));
  });

  it('is left of manifests, alone and over a cluster', async () => {
    const { source } = await served(partial);
    const file = `${import.meta.dirname}/../fixtures/secret.yaml`;
    const objects = await readManifests([file], 'ai');
    expect(objects).toEqual(
      [named('a', {})].map(({ metadata: { uid: _, ...metadata }, ...rest }) => ({
        ...rest,
        metadata: { ...metadata, ownerReferences: [] },
      })),
    );
    const alone = manifestsSource(objects, 'x', new Date(0));
    expect(await alone.list(kinds.secrets, { metadataOnly: true })).toEqual(objects);
    const over = overlay(source, [{ does: 'put', object: whole('c') }]);
    expect((await over.list(kinds.secrets, { metadataOnly: true })).map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c']);
    expect(JSON.stringify(await over.list(kinds.secrets, { metadataOnly: true }))).not.toMatch(new RegExp(`${planted}|${inBase64}`));
  });
});

async function sandbox(snapshot: ReturnType<typeof withReadFields>): Promise<Served> {
  const one = await serve(snapshot);
  open.push(one);
  return one;
}

function connectionTo({ url, ca, token }: Served): Connection {
  return {
    context: 'demo',
    server: new URL(url),
    namespace: 'default',
    proxy: null,
    inCluster: false,
    credentials: async () => ({
      headers: [['authorization', `Bearer ${token}`]],
      tls: { ca: Buffer.from(ca), rejectUnauthorized: true },
    }),
  };
}

const place = { namespace: 'ai', pod: 'proxy-1', container: 'extproc' };
const patterns = [/failed to parse usage/, /no usage/];
const raw = `failed to parse usage of "${planted}"\nbody ${planted}\nno usage\nfailed to parse usage\n`;
const text: Answer = (_, response) => response.writeHead(200, { 'content-type': 'text/plain' }).end(raw);
const found = {
  ...place,
  lines: 4,
  finds: [
    { pattern: 'failed to parse usage', count: 2, example: 'failed to parse usage' },
    { pattern: 'no usage', count: 1, example: 'no usage' },
  ],
};

describe('a log', () => {
  it('is asked for by its last lines, within bounds, of the running container', async () => {
    const { fake, source } = await served(text);
    expect(await logMatches(source, place, patterns)).toEqual(found);
    expect(fake.seen.at(-1)?.url).toBe('/api/v1/namespaces/ai/pods/proxy-1/log?container=extproc&tailLines=500&limitBytes=262144');
    expect(source.requests).toMatchObject({ kubernetes: 2, tunnels: 0 });
  });

  it('leaves the source as counts of messages, whoever asks', async () => {
    const { source } = await served(text);
    const endpoint = { at: 'logs', ...place, tailLines: 9_999 } as const;
    expect(await bodyOf(source, endpoint, ['no usage'])).toBe('\n\nno usage\n\n');
    expect(await bodyOf(source, endpoint, [])).toBe('\n\n\n\n');
  });

  it.each<[string, Answer, object]>([
    [
      'a refusal, with verb and namespace',
      (_, response) =>
        json(
          response,
          403,
          kubeStatus(
            403,
            'Forbidden',
            'pods "proxy-1" is forbidden: User "dev" cannot get resource "pods/log" in API group "" in the namespace "ai"',
          ),
        ),
      {
        reason: 'forbidden',
        needs: 'get pods/log in namespace ai',
        message: 'pods/log is forbidden for "dev" (needs get in namespace ai)',
      },
    ],
    [
      'a pod that is gone',
      (_, response) => json(response, 404, kubeStatus(404, 'NotFound', 'pods "proxy-1" not found')),
      { reason: 'unreachable', message: 'the log of container extproc of pod ai/proxy-1 cannot be read: pods "proxy-1" not found' },
    ],
    [
      'a container that has not started',
      (_, response) =>
        json(response, 400, kubeStatus(400, 'BadRequest', 'container "extproc" in pod "proxy-1" is waiting to start: PodInitializing')),
      { reason: 'unreachable', message: expect.stringContaining('is waiting to start: PodInitializing') },
    ],
    [
      'an error that is no Status, without a word of it',
      (_, response) => response.writeHead(500, { 'content-type': 'text/plain' }).end(raw),
      { reason: 'unreachable', message: expect.not.stringContaining(planted) },
    ],
  ])('meets %s', async (_, answer, trouble) => {
    const { source } = await served(answer);
    expect(await troubleOf(logMatches(source, place, patterns))).toMatchObject(trouble);
  });

  it('is in no recording and no bundle, which count the same, served and renamed too', async () => {
    const { source } = await served(text);
    const recorder = record(source);
    await logMatches(recorder.source, place, patterns);
    await logMatches(recorder.source, place, [/body/]);
    const kept = withReadFields(recorder.snapshot());
    expect(JSON.stringify(kept)).not.toContain(planted);
    expect(await logMatches(replay(kept), place, patterns)).toEqual(found);
    const again = await cluster(connectionTo(await sandbox(kept)));
    expect(await logMatches(again, place, patterns)).toEqual(found);
    expect((await logMatches(again, place, [/body/])).finds).toEqual([{ pattern: 'body', count: 1, example: 'body' }]);
    expect(await logMatches(replay(withoutNames(kept, options).snapshot), place, patterns)).toEqual(found);
  });

  it('is counted the same when a namespace is called as its messages are, and names no other', async () => {
    const { source } = await served((_, response) => response.end('no usage in acme-prod or acme-usage\n'));
    const recorder = record(source);
    const asked = [/no usage in [\w -]{0,60}/];
    await logMatches(recorder.source, place, asked);
    const objects = ['usage', 'acme-prod', 'acme-usage'].map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    const lists = [{ kind: kinds.namespaces, scope: {}, answer: { status: 'objects' as const, objects } }];
    const { snapshot } = withoutNames(withReadFields({ ...recorder.snapshot(), lists }), options);
    const { finds } = await logMatches(replay(snapshot), place, asked);
    expect(finds).toMatchObject([{ count: 1, example: 'no usage in ns-0001 or ns-0002' }]);
  });

  it('that is raw in a source or a recording is reduced before it is kept', async () => {
    const { source } = await served(text);
    const reply = { status: 200, headers: {}, via: 'direct' as const };
    const careless: Source = { ...source, requests: source.requests, get: async () => ({ ...reply, body: piece() }) };
    const recorder = record(careless);
    await logMatches(recorder.source, place, patterns);
    const snapshot = recorder.snapshot();
    expect(JSON.stringify(snapshot)).not.toContain(planted);
    const [get] = snapshot.gets;
    const leaky = [{ ...get, answer: { ...get?.answer, body: { text: raw } } }] as typeof snapshot.gets;
    expect(JSON.stringify(withReadFields({ ...snapshot, gets: leaky }))).not.toContain(planted);
  });
});

async function* piece(): AsyncIterable<Uint8Array> {
  yield Buffer.from(raw);
}

async function bodyOf(source: Source, endpoint: Parameters<Source['get']>[0], keep: readonly string[]): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await source.get(endpoint, { path: '/log', keep })).body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
