import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { loadWorld } from '../../src/sandbox/worlds.ts';
import { tarOf } from '../../src/sources/tar.ts';
import { runCli } from './run-cli.ts';
import { type Kept, startStore } from './usage-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokmeter-bundle-'));
const path = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** A report apart from what only one run took. */
const timeless = (text: string): string =>
  text.replace(/"durationMs": \d+/g, '"durationMs": 0').replace(/"origin": \{[^}]*\}/, '"origin": {}');

describe.skipIf(!existsSync('dist/cli.js'))('a bundle', () => {
  let served: Served;
  let env: { readonly KUBECONFIG: string };
  beforeAll(async () => {
    served = await serve(await loadWorld('two-monitors-one-port'));
    env = { KUBECONFIG: path('kubeconfig') };
    writeFileSync(env.KUBECONFIG, served.kubeconfig);
    const { code, stderr } = await runCli(['collect', '-f', path('good.tgz')], { env });
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^\d+ lists and \d+ answers in \S+good\.tgz, \d+ kB\n$/);
  });
  afterAll(() => served.close());

  it('is judged as the cluster was, byte for byte but for origin and time taken, with the same exit code', async () => {
    const live = await runCli(['doctor', '-o', 'json'], { env });
    const again = await runCli(['doctor', '--from', path('good.tgz'), '-o', 'json']);
    expect(again.code).toBe(live.code);
    expect(timeless(again.stdout)).toBe(timeless(live.stdout));
    expect(JSON.parse(again.stdout).origin).toEqual({ kind: 'bundle', name: 'tokmeter-demo' });
    expect((await runCli(['doctor', '--from', path('good.tgz'), '-o', 'json'])).stdout).toBe(again.stdout);
  });

  it('is the same file each time', async () => {
    await runCli(['collect', '-f', path('again.tgz')], { env });
    expect(readFileSync(path('again.tgz')).equals(readFileSync(path('good.tgz')))).toBe(true);
  });

  it.each(['proxies', 'monitors', 'targets', 'series'])('shows the same %s', async (table) => {
    const live = await runCli(['get', table, '-o', 'json'], { env });
    const again = await runCli(['get', table, '-o', 'json', '--from', path('good.tgz')]);
    expect(again).toEqual(live);
  });

  it('names what is inside, with the sizes', () => {
    const files = entriesOf(gunzipSync(readFileSync(path('good.tgz'))));
    const manifest = JSON.parse(files.get('tokmeter-bundle/manifest.json') ?? '');
    const rest = [...files].slice(1).map(([name, text]) => ({ name, bytes: Buffer.byteLength(text) }));
    expect(manifest.files.map(({ name, bytes }: { name: string; bytes: number }) => ({ name, bytes }))).toEqual(rest);
  });

  it('asked for nothing but lists and port-forwards, and for no Secret', () => {
    const api = served.asked.filter(({ at }) => at === 'api');
    expect(api.filter(({ method, url }) => method !== 'GET' || /\/secrets/.test(url))).toEqual([]);
  });

  it('refuses --from together with a cluster', async () => {
    const { code, stderr } = await runCli(['doctor', '--from', path('good.tgz'), '--context', 'other']);
    expect({ code, stderr }).toEqual({
      code: 64,
      stderr: 'tokmeter: --from reads a bundle and --context names a cluster; give one of them\n',
    });
  });

  it('keeps refusals as refusals', async () => {
    const blind = await serve(await loadWorld('two-monitors-one-port'), { faults: [{ on: /podmonitors/, does: { forbid: true } }] });
    writeFileSync(path('blind'), blind.kubeconfig);
    const { code, stderr } = await runCli(['collect', '-f', path('blind.tgz')], { env: { KUBECONFIG: path('blind') } });
    const live = await runCli(['doctor', '-o', 'json'], { env: { KUBECONFIG: path('blind') } });
    await blind.close();
    expect({ code, told: /not read: .*podmonitors\.monitoring\.coreos\.com/.test(stderr) }).toEqual({ code: 0, told: true });
    const again = await runCli(['doctor', '--from', path('blind.tgz'), '-o', 'json']);
    expect({ code: again.code, text: timeless(again.stdout) }).toEqual({ code: live.code, text: timeless(live.stdout) });
  });
});

function entriesOf(tar: Buffer): Map<string, string> {
  const files = new Map<string, string>();
  for (let at = 0; at < tar.length && tar[at] !== 0; ) {
    const name = tar
      .subarray(at, at + 100)
      .toString('utf8')
      .replace(/\0.*$/, '');
    const size = Number.parseInt(tar.subarray(at + 124, at + 135).toString('utf8'), 8);
    files.set(name, tar.subarray(at + 512, at + 512 + size).toString('utf8'));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

const manifest = (fields: object): { name: string; bytes: Buffer } => ({
  name: 'tokmeter-bundle/manifest.json',
  bytes: Buffer.from(JSON.stringify({ format: 1, now: '2026-01-01T00:00:00Z', files: [], ...fields })),
});

/** The archive of one file whose header is changed, its sum set right. */
function forged(change: (header: Buffer) => void, name = 'tokmeter-bundle/manifest.json'): Buffer {
  const tar = Buffer.from(tarOf([{ name, bytes: Buffer.from('{}') }]));
  change(tar);
  tar.write('        ', 148);
  tar.write(
    `${tar
      .subarray(0, 512)
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return tar;
}

// 1 GB of zeros in 1 MB: gzip members may follow one another, as many times as one likes.
const zeros = (): Buffer => Buffer.concat(Array.from({ length: 64 }, () => gzipSync(Buffer.alloc(16 * 1024 * 1024))));

/** RFC 1952: the checksum is the fifth to eighth byte from the end. */
const withoutChecksum = (bytes: Buffer): Buffer => bytes.fill(7, bytes.length - 8, bytes.length - 4);

const hostile: readonly (readonly [string, () => Buffer, RegExp])[] = [
  ['an empty file', () => Buffer.alloc(0), /it ends in the middle/],
  ['text', () => Buffer.from('apiVersion: v1\nkind: List\n'), /it is not gzipped/],
  ['gzipped text', () => gzipSync('hello '.repeat(200)), /what it holds is no archive/],
  ['a truncated bundle', () => readFileSync(path('good.tgz')).subarray(0, 9000), /it ends in the middle/],
  // The checksum at the end of a gzip, so that it does not depend on what the bytes before it happen to decode to.
  ['a damaged bundle', () => withoutChecksum(readFileSync(path('good.tgz'))), /it is damaged/],
  ['a bundle with damage inside', () => readFileSync(path('good.tgz')).fill(7, 5000, 5200), /it is damaged|what it holds is no archive/],
  [
    'a path that climbs out',
    () => gzipSync(forged((header) => header.write('../../etc/cron.d/x\0', 0))),
    /"\.\.\/\.\.\/etc\/cron\.d\/x\S*", which no bundle has/,
  ],
  ['an absolute path', () => gzipSync(forged((header) => header.write('/etc/passwd\0', 0))), /"\/etc\/passwd", which no bundle has/],
  ['a symbolic link', () => gzipSync(forged((header) => header.write('2', 156))), /is a symbolic link/],
  ['a hard link', () => gzipSync(forged((header) => header.write('1', 156))), /is a hard link/],
  ['a file that says it has 8 GB', () => gzipSync(forged((header) => header.write('77777777777', 124))), /it holds more than 256 MB/],
  ['a wrong checksum', () => gzipSync(tarOf([manifest({})]).fill('x', 150, 153)), /a header in it is damaged/],
  ['zeros without end', zeros, /it does not end where it should/],
  ['something after its end', () => gzipSync(Buffer.concat([tarOf([manifest({})]), Buffer.from('more')])), /something follows its end/],
  [
    'another version',
    () => gzipSync(tarOf([manifest({ format: 2, tool: { version: '9.0.0' } })])),
    /its format is 2, made by tokmeter 9\.0\.0, and this program reads 1/,
  ],
  ['a file twice', () => gzipSync(tarOf([manifest({}), manifest({})])), /holds "tokmeter-bundle\/manifest\.json" twice/],
  [
    'a file that the manifest does not name',
    () => gzipSync(tarOf([manifest({}), { name: 'tokmeter-bundle/lists/pods.json', bytes: Buffer.from('[]') }])),
    /is not as its manifest says/,
  ],
  ['an answer that is none', () => bundleWith('answers/0001-x.json', [{ endpoint: 5 }]), /an answer in it is none/],
  [
    'objects without names',
    () =>
      bundleWith('lists/pods.json', [
        { kind: { group: '', resource: 'pods' }, scope: {}, answer: { status: 'objects', objects: [{ kind: 'Pod' }] } },
      ]),
    /a list in it is none/,
  ],
];

function bundleWith(name: string, value: unknown): Buffer {
  const file = { name: `tokmeter-bundle/${name}`, bytes: Buffer.from(JSON.stringify(value)) };
  return gzipSync(tarOf([manifest({ files: [{ name: file.name, bytes: file.bytes.length }] }), file]));
}

describe.skipIf(!existsSync('dist/cli.js'))('what is no bundle', () => {
  it.each(hostile)('%s is refused in one sentence, in little memory', async (_, made, sentence) => {
    writeFileSync(path('bad.tgz'), made());
    const { code, stdout, stderr } = await runCli(['doctor', '--from', path('bad.tgz')], {
      env: { NODE_OPTIONS: '--max-old-space-size=64' },
    });
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 64, stdout: '', lines: 2 });
    expect(stderr).toMatch(/^tokmeter: \S+bad\.tgz is no bundle of tokmeter collect: /);
    expect(stderr).toMatch(sentence);
  });

  it.each([
    ['a file that is not there', 'none.tgz', 'there is no such file'],
    ['a folder', '.', 'it is no file'],
  ])('%s is refused', async (_, name, why) => {
    const { code, stderr } = await runCli(['get', 'proxies', '--from', path(name)]);
    expect({ code, stderr }).toEqual({ code: 64, stderr: `tokmeter: ${path(name)} is no bundle of tokmeter collect: ${why}\n` });
  });
});

describe.skipIf(!existsSync('dist/cli.js'))('collect --redact names', () => {
  it('writes no name of a tenant, and says nothing of another verdict', async () => {
    const served = await serve(await loadWorld('two-monitors-one-port'), { context: 'acme-prod' });
    writeFileSync(path('kubeconfig-acme'), served.kubeconfig);
    const { code, stderr } = await runCli([
      'collect',
      '-f',
      path('names.tgz'),
      '--redact',
      'names',
      '-n',
      'maas-system',
      '--kubeconfig',
      path('kubeconfig-acme'),
    ]);
    await served.close();
    expect({ code, otherwise: stderr.includes('otherwise') }).toEqual({ code: 0, otherwise: false });
    const text = gunzipSync(readFileSync(path('names.tgz'))).toString('utf8');
    expect(['alice', 'bob', 'team-a', 'maas', 'acme'].filter((word) => text.includes(word))).toEqual([]);
    const { stdout } = await runCli(['doctor', '--from', path('names.tgz'), '-o', 'json']);
    expect(JSON.parse(stdout).pipelines[0].brokenAt).toEqual({ hop: 'discover', check: 'duplicate-monitors' });
  });
});

describe.skipIf(!existsSync('dist/cli.js'))('the usage in a bundle', () => {
  const of = (user: string, model: string, type: string, growth: number): Kept => ({
    name: 'gen_ai_client_token_usage_sum',
    labels: {
      job: 'a/b',
      instance: '10.0.0.1:1064',
      gen_ai_request_model: model,
      gen_ai_token_type: type,
      user_namespace: 'team-a',
      user_id: user,
    },
    growth,
  });
  const kept = [
    // each minute of a piece has its whole share
    of('alice', 'gpt-4o', 'input', 3000),
    of('alice', 'gpt-4o', 'output', 300),
    of('alice', 'llama', 'input', 210),
    of('bob', 'llama', 'input', 90),
  ];
  const prices = path('prices.yaml');
  let served: Served;
  let live: Readonly<Record<string, string>>;
  const questions: readonly (readonly string[])[] = [
    ['-o', 'json'],
    ['-o', 'csv'],
    ['--by', 'user.id', '--type', 'output', '-o', 'json'],
    ['--by', 'gen_ai_request_model', '--top', '1'],
    ['--price', prices, '-o', 'json'],
    ['--step', '30m', '-o', 'json'],
    ['--direct', '--by', 'user_id', '-o', 'json'],
  ];

  beforeAll(async () => {
    writeFileSync(prices, 'currency: EUR\nmodels:\n  gpt-4o: {input: 2, output: 10}\n');
    served = await serve(await loadWorld('healthy-v1.1'));
    writeFileSync(path('kubeconfig-usage'), served.kubeconfig);
    const store = await startStore(kept, () => null, 1800);
    const at = ['--kubeconfig', path('kubeconfig-usage'), '--prometheus', store.url];
    for (const [file, more] of [
      ['usage.tgz', []],
      ['usage-names.tgz', ['--redact', 'names']],
    ] as const)
      expect(await runCli(['collect', '-f', path(file), ...at, ...more])).toMatchObject({ code: 0 });
    const answers = questions.map(async (question) => [question.join(' '), (await runCli(['usage', ...at, ...question])).stdout] as const);
    live = Object.fromEntries(await Promise.all(answers));
    await store.stop();
  });
  afterAll(() => served.close());

  const apart = (text: string): string => text.replace(/"origin": \{[^}]*\}/, '"origin": {}');

  it.each(questions)('answers %s %s %s %s as the cluster did', async (...question) => {
    const { code, stdout, stderr } = await runCli(['usage', '--from', path('usage.tgz'), ...question]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(apart(stdout)).toBe(apart(live[question.join(' ')] ?? ''));
  });

  it('keeps its numbers under pseudonyms', async () => {
    const { stdout } = await runCli(['usage', '--from', path('usage-names.tgz'), '-o', 'json']);
    const numbers = (text: string): unknown =>
      JSON.parse(text).usages[0].rows.map(({ tokens, requests, types }: Record<string, unknown>) => ({ tokens, requests, types }));
    expect(numbers(stdout)).toEqual(numbers(live['-o json'] ?? ''));
    expect(stdout).not.toMatch(/alice|bob|team-a/);
    expect(stdout).toMatch(/tenant-000\d/);
  });

  it('is cut into longer steps', async () => {
    const { stdout } = await runCli(['usage', '--from', path('usage.tgz'), '--step', '8h', '--by', 'user_id', '-o', 'csv']);
    const alice = stdout.split('\r\n').filter((line) => line.includes('alice'));
    expect(alice.map((line) => /,(\d+),/.exec(line)?.[1])).toHaveLength(3);
    expect(alice.every((line) => line.includes(String(16 * 3210)))).toBe(true);
    const { code, stderr } = await runCli(['usage', '--from', path('usage.tgz'), '--step', '45m']);
    expect({ code, stderr }).toEqual({ code: 2, stderr: 'tokmeter: not in the bundle: collected with --since 24h in pieces of 30m\n' });
  });

  it('is narrowed by --where', async () => {
    const { stdout } = await runCli(['usage', '--from', path('usage.tgz'), '--where', 'user_id=~a.*', '-o', 'json']);
    expect(JSON.parse(stdout).usages[0].rows).toMatchObject([{ labels: { user_id: 'alice' }, tokens: 48 * 3510 }]);
  });

  it.each([
    [['--since', '1h'], 'collected with --since 24h, until it was made'],
    [['--end', '2026-01-01T00:00:00Z', '--start', '2025-12-31T00:00:00Z'], 'collected with --since 24h, until it was made'],
    [['--by', 'region'], 'collected with --since 24h by user_namespace, user_id, gen_ai_request_model'],
    [['--where', 'region=eu'], 'collected with --since 24h by user_namespace, user_id, gen_ai_request_model'],
  ])('says of %s what it holds', async (flags, why) => {
    const { code, stdout, stderr } = await runCli(['usage', '--from', path('usage.tgz'), ...flags]);
    expect({ code, stdout, stderr }).toEqual({ code: 2, stdout: '', stderr: `tokmeter: not in the bundle: ${why}\n` });
  });

  it('is not spoilt by a store that is silent, and says what is missing', async () => {
    const store = await startStore(kept, (asked) => (asked.endsWith('query_range') ? 'silence' : null));
    const at = ['--kubeconfig', path('kubeconfig-usage'), '--prometheus', store.url];
    const { code, stderr } = await runCli(['collect', '-f', path('slow.tgz'), ...at, '--request-timeout', '1s']);
    await store.stop();
    expect(code).toBe(0);
    expect(stderr).toMatch(/not read: http:\S+ did not answer in full within 1 s/);
    const { code: looked, stderr: told } = await runCli(['usage', '--from', path('slow.tgz')]);
    expect({ looked, told: /did not answer in full within 1 s/.test(told) }).toEqual({ looked: 2, told: true });
    expect(await runCli(['doctor', '--from', path('slow.tgz'), '-o', 'short'])).toMatchObject({ stderr: '' });
  });
});
