import { describe, expect, it } from 'vitest';
import { type KubeObject, ReadError, type Reply, type Source, unreadOf } from '../../../src/model/source.ts';
import { decodeSnapshot, encodeSnapshot } from '../../../src/parse/snapshot.ts';
import { record } from '../../../src/sources/record.ts';
import { replay } from '../../../src/sources/replay.ts';

const pods = { group: '', resource: 'pods', kind: 'Pod', namespaced: true } as const;
const monitors = { group: 'monitoring.coreos.com', resource: 'podmonitors', kind: 'PodMonitor', namespaced: true } as const;
const metrics = { at: 'pod', namespace: 'a', pod: 'p', port: 1064 } as const;
const prometheus = { at: 'service', namespace: 'm', service: 'prom', port: 'web' } as const;

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'p',
    namespace: 'a',
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', kept: 'yes' },
    ...{ managedFields: [{}], resourceVersion: '7' },
  },
  spec: {
    containers: [
      { name: 'c', args: ['-mcpSessionEncryptionSeed', 'hush', '-seed=hush', '-x=1'], env: [{ name: 'API_KEY', value: 'hush' }] },
    ],
  },
};

async function* bytes(...parts: (string | ReadError)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) {
    if (typeof part !== 'string') throw part;
    yield Buffer.from(part, 'latin1');
  }
}

/** A world of three answers that counts how often it is asked. */
function world(): Source & { readonly asked: string[] } {
  const asked: string[] = [];
  const reply = (status: number, ...parts: (string | ReadError)[]): Reply => ({
    status,
    headers: { 'content-type': 'text/plain', date: 'now' },
    body: bytes(...parts),
    via: 'port-forward',
  });
  return {
    asked,
    origin: { kind: 'cluster', name: 'dev' },
    now: new Date('2026-11-23T20:00:00Z'),
    requests: { kubernetes: 2, tunnels: 1, prometheus: 1 },
    list: async (kind) => {
      asked.push(kind.resource);
      if (kind.resource === 'pods') return [pod];
      throw new ReadError('forbidden', 'list podmonitors', 'podmonitors is forbidden', { needs: 'list podmonitors' });
    },
    get: async (endpoint, request) => {
      asked.push(request.path);
      if (request.path === '/broken')
        return reply(200, 'half\xff', new ReadError('malformed', 'read', 'cut short', { fault: 'truncated' }));
      if (endpoint.at === 'pod') return reply(200, 'a 1\n');
      throw new ReadError('unreachable', 'GET', 'refused', { fault: 'refused' });
    },
  };
}

async function text(reply: Reply): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of reply.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
}

const trouble = async (promise: Promise<unknown>): Promise<unknown> => promise.then(() => 'no error', unreadOf);

async function interview(source: Source): Promise<unknown> {
  const broken = await source.get(metrics, { path: '/broken' });
  return {
    now: source.now,
    origin: source.origin,
    requests: source.requests,
    pods: await source.list(pods),
    monitors: await trouble(source.list(monitors, { namespace: 'a' })),
    metrics: await text(await source.get(metrics, { path: '/metrics', headers: { Accept: 'text/plain' } })),
    refused: await trouble(source.get(prometheus, { path: '/api/v1/query', query: [['query', 'up']] })),
    headers: broken.headers,
    cut: await trouble(text(broken)),
  };
}

describe('a recording', () => {
  it('answers what was asked, and refuses what was refused, as the run heard it', async () => {
    const recorder = record(world());
    const heard = await interview(recorder.source);
    const file = encodeSnapshot(recorder.snapshot());
    expect(await interview(replay(decodeSnapshot(file, 'x.json.gz')))).toEqual(heard);
  });

  it('is the same file for the same answers, in whatever order they came', async () => {
    const [one, other] = [record(world()), record(world())];
    await interview(one.source);
    await trouble(other.source.get(prometheus, { path: '/api/v1/query', query: [['query', 'up']] }));
    await interview(other.source);
    expect(encodeSnapshot(one.snapshot()).equals(encodeSnapshot(other.snapshot()))).toBe(true);
  });

  it('asks each question once', async () => {
    const source = world();
    const recorder = record(source);
    await Promise.all([interview(recorder.source), interview(recorder.source)]);
    expect(source.asked.length).toBe(new Set(source.asked).size);
  });

  it('holds neither bookkeeping nor secrets', async () => {
    const recorder = record(world());
    await recorder.source.list(pods);
    const kept = JSON.stringify(recorder.snapshot());
    expect(['hush', 'managedFields', 'last-applied', 'resourceVersion'].filter((word) => kept.includes(word))).toEqual([]);
    expect(kept).toContain('"kept":"yes"');
  });

  it.each([
    ['another kind', (source: Source) => source.list({ ...pods, resource: 'services' })],
    ['a namespace of what was listed everywhere', (source: Source) => source.list(pods, { namespace: 'a' })],
    ['labels of what was listed without', (source: Source) => source.list(pods, { labelSelector: 'a=b' })],
    ['another path', (source: Source) => source.get(metrics, { path: '/stats' })],
    ['another Accept header', (source: Source) => source.get(metrics, { path: '/metrics' })],
  ])('does not compute an answer to %s', async (_, ask) => {
    const recorder = record(world());
    await interview(recorder.source);
    expect(await trouble(ask(replay(recorder.snapshot())))).toMatchObject({ reason: 'unrecorded' });
  });

  it.each([
    [
      'the order of parameters',
      [
        ['b', '1'],
        ['a', '2'],
      ],
      true,
    ],
    [
      'another time',
      [
        ['a', '2'],
        ['b', '1'],
        ['time', '9'],
        ['start', '1'],
        ['end', '2'],
      ],
      true,
    ],
    [
      'another value',
      [
        ['a', '2'],
        ['b', '2'],
      ],
      false,
    ],
  ] as const)('knows whether %s makes another question', async (_, query, same) => {
    const recorder = record(world());
    await recorder.source.get(metrics, {
      path: '/q',
      query: [
        ['a', '2'],
        ['b', '1'],
        ['time', '5'],
      ],
    });
    const answer = await trouble(replay(recorder.snapshot()).get(metrics, { path: '/q', query }));
    expect(answer === 'no error').toBe(same);
  });
});

describe('a file that is no recording', () => {
  it.each([
    ['not gzip', Buffer.from('hello')],
    ['empty', Buffer.alloc(0)],
    ['of another format', encodeSnapshot({ ...record(world()).snapshot(), format: 2 as unknown as 1 })],
    ['cut short', encodeSnapshot(record(world()).snapshot()).subarray(0, 60)],
  ])('%s: is named in one sentence', (_, file) => {
    expect(() => decodeSnapshot(file, 'x.tgz')).toThrow(/^x\.tgz is no recording of tokmeter: /);
  });
});
