import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { loadWorld } from '../../src/sandbox/worlds.ts';
import { runCli } from './run-cli.ts';
import { type Answer, type Kept, type Store, startStore } from './usage-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'usage-'));
const kubeconfig = join(folder, 'kubeconfig');
const prices = join(folder, 'prices.yaml');
let cluster: Served;

/** A healthy cluster, whose Prometheus is replaced by --prometheus: recorded answers know no new questions. */
beforeAll(async () => {
  cluster = await serve(await loadWorld('healthy-v1.1'), { context: 'world' });
  writeFileSync(kubeconfig, cluster.kubeconfig);
  writeFileSync(prices, 'currency: EUR\nmodels:\n  gpt-4o: {input: 2, cached: 1, output: 10}\n');
});

afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true, force: true });
});

const of = (model: string, type: string, growth: number, rest: Readonly<Record<string, string>> = {}, first?: number): Kept => ({
  name: 'gen_ai_client_token_usage_sum',
  labels: { job: 'a/b', instance: '10.0.0.1:1064', gen_ai_request_model: model, gen_ai_token_type: type, ...rest },
  growth,
  ...(first === undefined ? {} : { first }),
});

const alice = { user_namespace: 'team-a', user_id: 'alice' };
const series: readonly Kept[] = [
  of('gpt-4o', 'input', 100, alice, 7),
  of('gpt-4o', 'cached_input', 40, alice),
  of('gpt-4o', 'output', 10, alice),
  of('other', 'input', 50, { user_namespace: 'team-b' }),
  of('other', 'output', 5),
];

/** Runs `usage` against a store over a window of two pieces. */
async function asked(
  kept: readonly Kept[],
  args: readonly string[],
  answer?: (path: string) => Answer,
): Promise<Awaited<ReturnType<typeof runCli>> & { store: Store }> {
  const store = await startStore(kept, answer);
  const window = args.some((arg) => arg === '--since' || arg === '--start') ? [] : ['--since', '10m'];
  const ended = await runCli(['usage', '--kubeconfig', kubeconfig, '--prometheus', store.url, ...window, ...args]);
  await store.stop();
  return { ...ended, store };
}

describe('tokmeter usage from a Prometheus', () => {
  it("groups by the cluster's own mapping, adds up every piece, and counts parts once", async () => {
    const { code, stdout } = await asked(series, []);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^USER_NAMESPACE +USER_ID +INPUT +OUTPUT +TOTAL +SHARE/);
    expect(stdout).toMatch(/team-a +alice +200 +20 +220 +66\.7%/);
    expect(stdout).toMatch(/\(none\) +\(none\) +0 +10 +10 +3\.0%/);
    expect(stdout).toMatch(/total +300 +30 +330 +100\.0%/);
    expect(stdout).toContain('3.0% of the tokens have no user_namespace');
    expect(stdout.replace(/\s+/g, ' ')).toContain('up to 7 tokens more');
  });

  it('asks as often for many tenants as for one', async () => {
    const many = Array.from({ length: 300 }, (_, at) => of('gpt-4o', 'input', at + 1, { user_namespace: `team-${at}`, user_id: 'x' }));
    const { store, stdout } = await asked(many, ['--top', '2']);
    const ranges = store.asked.filter((path) => path === '/api/v1/query_range').length;
    expect(ranges).toBe((await asked(series, [])).store.asked.filter((path) => path === '/api/v1/query_range').length);
    expect(stdout).toMatch(/team-299 .*\n.*team-298 .*\n\(298 more\) .*\ntotal /);
  });

  it.each([
    ['tokens', [], 2],
    ['tokens and requests', ['-o', 'csv'], 3],
  ])('asks where nothing happens one query a figure and one that says so: %s', async (_, args, wanted) => {
    const counts = series.map((each) => ({ ...each, name: each.name.replace(/_sum$/, '_count') }));
    const { store, stdout, code } = await asked(
      [...series, ...counts].map((each) => ({ ...each, still: true })),
      ['--by', 'user_namespace', ...args],
    );
    expect(code).toBe(0);
    // At the end of the window twice what was at its beginning.
    expect(stdout).toMatch(/^team-a[ ,]+100[ ,]+10[ ,]/m);
    const evaluated = store.asked.filter((path) => path.startsWith('/api/v1/query'));
    expect(evaluated.filter((path) => path === '/api/v1/query_range').length).toBe(wanted);
  });

  it('prices by model though it groups by team, and names the model without a price', async () => {
    const { stdout } = await asked(series, ['--price', prices, '--by', 'user_namespace', '-o', 'json']);
    const { usages } = JSON.parse(stdout);
    expect(usages[0].by).toEqual(['user_namespace']);
    expect(usages[0].rows[0]).toMatchObject({ labels: { user_namespace: 'team-a' }, tokens: 220, unpricedTokens: 0 });
    // 120 fresh inputs, 80 cached, 20 outputs.
    expect(usages[0].rows[0].cost).toBeCloseTo((120 * 2 + 80 * 1 + 20 * 10) / 1e6, 12);
    expect(usages[0].prices).toEqual({ currency: 'EUR', unknownModels: [{ model: 'other', tokens: 110 }] });
  });

  it('adds up two spellings of one tenant, and says so', async () => {
    const dotted: Kept = {
      name: 'gen_ai.client.token.usage_token_sum',
      labels: { job: 'a/b', instance: '10.0.0.2:1064', 'gen_ai.request.model': 'gpt-4o', 'gen_ai.token.type': 'input', ...alice },
      growth: 1000,
    };
    const { stdout } = await asked([...series, dotted], ['--by', 'user_namespace,gen_ai_request_model', '-o', 'csv']);
    expect(stdout.split('\r\n')[1]).toBe('team-a,gpt-4o,2200,20,80,0,0,2220,0');
  });

  it('reads an identity that a target label pushed aside', async () => {
    const shadowed = [of('gpt-4o', 'input', 5, { user_namespace: 'gateways', exported_user_namespace: 'team-a', user_id: 'x' })];
    const { stdout } = await asked(shadowed, []);
    expect(stdout).toMatch(/team-a +x +10 /);
    expect(stdout.replace(/\s+/g, ' ')).toContain('user_namespace is stored as exported_user_namespace');
  });

  it('writes a page beside the table', async () => {
    const file = join(folder, 'usage.html');
    const { code, stdout } = await asked(series, ['-o', `html=${file}`]);
    expect({ code, table: stdout.startsWith('USER_NAMESPACE') }).toEqual({ code: 0, table: true });
    const page = readFileSync(file, 'utf8');
    expect(page.match(/<svg role="img"/g)).toHaveLength(2);
    const [, hash = '', script = ''] = /script-src 'sha256-([^']+)'[\s\S]*<script>([\s\S]*)<\/script><\/body>/.exec(page) ?? [];
    expect(createHash('sha256').update(script).digest('base64')).toBe(hash);
    expect(script).toContain('Apache Software Foundation');
  });

  it('sends the headers that open the store', async () => {
    const { store } = await asked(series, ['--prometheus-header', 'X-Scope-OrgID: team']);
    expect(store.headers()['x-scope-orgid']).toBe('team');
  });

  it.each([
    ['a header', (url: string) => [url, '--prometheus-header', `Authorization: Basic ${btoa('reader:s3cret')}`]],
    ['the URL', (url: string) => [url.replace('http://', 'http://reader:s3cret@')]],
  ])('lets itself in by a user and a password in %s, and prints neither', async (_, at) => {
    const store = await startStore(series, (path) => (path === '/api/v1/query_range' ? { status: 503, body: '{"status":"error"}' } : null));
    const run = (url: string) =>
      runCli([
        'usage',
        '--kubeconfig',
        kubeconfig,
        '--prometheus',
        ...at(url),
        '--since',
        '10m',
        '-v',
        '-o',
        'json',
        '--request-timeout',
        '2s',
      ]);
    const refused = await run(store.url);
    expect(store.headers().authorization).toBe(`Basic ${btoa('reader:s3cret')}`);
    await store.stop();
    const ended = [refused, await run(store.url)];
    expect(ended.map(({ code }) => code)).toEqual([2, 2]);
    for (const { stdout, stderr } of ended) {
      expect(stderr).toContain('127.0.0.1');
      expect(stdout + stderr).not.toMatch(/s3cret|cmVhZGVyOnMzY3JldA/);
    }
  });

  it('cuts the window into pieces of --step, each with its types and price', async () => {
    const args = ['--step', '5m', '--by', 'user_namespace', '--price', prices, '-o', 'csv'];
    const { code, stdout } = await asked(series, args);
    const [head, ...lines] = stdout.trim().split('\r\n');
    expect({ code, head }).toEqual({
      code: 0,
      head: 'start,end,user_namespace,input,output,cached_input,cache_creation_input,reasoning,total,requests,cost,currency,unpriced_tokens',
    });
    expect(lines.map((line) => line.split(',').slice(2).join(','))).toEqual([
      'team-a,100,10,40,0,0,110,0,0.00026,EUR,0',
      'team-b,50,0,0,0,0,50,0,,EUR,50',
      ',0,5,0,0,0,5,0,,EUR,5',
      'team-a,100,10,40,0,0,110,0,0.00026,EUR,0',
      'team-b,50,0,0,0,0,50,0,,EUR,50',
      ',0,5,0,0,0,5,0,,EUR,5',
    ]);
    expect(new Set(lines.map((line) => line.split(',')[0])).size).toBe(2);
  });

  it('says what the store says is wrong with its answer, and ends with 2', async () => {
    const partial = JSON.stringify({
      status: 'success',
      data: { resultType: 'matrix', result: [] },
      warnings: ['no store matched 10.0.0.7'],
    });
    const { code, stdout } = await asked(series, ['-o', 'json'], (path) =>
      path === '/api/v1/query_range' ? { status: 200, body: partial } : null,
    );
    const { unread, rows } = JSON.parse(stdout).usages[0];
    expect({ code, rows, message: unread[0].message }).toEqual({
      code: 2,
      rows: [],
      message: expect.stringMatching(/^Prometheus http:\S+ warns: no store matched 10\.0\.0\.7$/),
    });
  });

  it('takes no check for passed that could not look, and fails under --strict when one fails', async () => {
    const { stdout, code } = await asked(series, ['--strict', '-o', 'json']);
    const { failing, unknown } = JSON.parse(stdout).usages[0].trust;
    const errors = failing.filter(({ severity }: { severity: string }) => severity === 'error');
    expect(code).toBe(errors.length > 0 ? 1 : unknown.length > 0 ? 2 : 0);
    expect(failing.length + unknown.length).toBeGreaterThan(0);
  });
});

describe('what usage cannot answer', () => {
  const failing = (path: string, status: number, body: string) => (asked: string) => (asked === path ? { status, body } : null);
  const error = (errorType: string, text: string): string => JSON.stringify({ status: 'error', errorType, error: text });

  it.each([
    [
      'a limit',
      failing('/api/v1/query_range', 422, error('execution', 'query processing would load too many samples into memory')),
      /too many samples.*a shorter --since/,
    ],
    [
      'a timeout',
      failing('/api/v1/query_range', 503, error('timeout', 'query timed out in expression evaluation')),
      /timed out.*a shorter --since/,
    ],
    ['a refusal', failing('/api/v1/query_range', 401, 'no org id'), /X-Scope-OrgID/],
    ['a login page', failing('/api/v1/query_range', 200, '<html>'), /HTML page/],
    ['half an answer', failing('/api/v1/query_range', 200, '{"status":"success","data":{'), /ends early/],
    [
      'another kind of answer',
      failing('/api/v1/query_range', 200, '{"status":"success","data":{"resultType":"vector","result":[]}}'),
      /no matrix/,
    ],
    ['silence', (path: string) => (path === '/api/v1/query_range' ? 'silence' : null), /answer|time/],
  ] as const)('is one sentence and exit code 2: %s', async (name, answer, sentence) => {
    const { code, stdout, stderr } = await asked(series, name === 'silence' ? ['--request-timeout', '1s'] : [], answer);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(sentence);
  });

  it('says why there are no tokens, and what is older than the store keeps', async () => {
    const { code, stdout } = await asked([], ['--since', '30d']);
    expect(code).toBe(0);
    expect(stdout.replace(/\s+/g, ' ')).toMatch(
      /stores no gen_ai_client_token_usage in any spelling between .* keeps 15d: what is older is not in these numbers/,
    );
  });

  it('says on stderr why a CSV is empty', async () => {
    const { code, stdout, stderr } = await asked([], ['-o', 'csv']);
    expect({ code, stdout, lines: stderr.trim().split('\n').length }).toEqual({ code: 0, stdout: '', lines: 1 });
    expect(stderr).toMatch(/stores no gen_ai_client_token_usage in any spelling between/);
  });

  it.each([
    ['an unknown label', ['--by', 'user_namspace'], /unknown label "user_namspace"; did you mean "user_namespace"\?/],
    ['an unknown label of --where', ['--where', 'modle=x'], /unknown label "modle"/],
    ['a part and its whole', ['--type', 'input,cached_input'], /twice/],
    ['an unknown format', ['-o', 'jsn'], /did you mean "json"/],
    ['a window with --direct', ['--direct'], /--direct reads counters since they began/],
    ['pieces with --direct', ['--direct', '--step', '1h'], /--direct reads counters since they began; .*--step/],
    [
      'a step that leaves a remainder',
      ['--step', '3m'],
      /--step: 3m does not cut the window of 10m into equal pieces; 2m30s or 3m20s would/,
    ],
    ['a step longer than the window', ['--step', '1h'], /--step: 1h is longer than the window of 10m/],
    ['more pieces than Prometheus answers', ['--since', '7d', '--step', '10s'], /into 60480 pieces, and Prometheus answers at most 11000/],
    ['a price list that is not there', ['--price', '/nonexistent'], /cannot be read: ENOENT/],
  ])('is wrong usage: %s', async (_, args, sentence) => {
    const { code, stdout, stderr } = await asked(series, args);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(sentence);
  });
});

describe("the proxies' own counters", () => {
  const direct = (args: readonly string[]) => runCli(['usage', '--kubeconfig', kubeconfig, '--direct', ...args]);

  it('are exact, and say since when', async () => {
    const { code, stdout } = await direct([]);
    expect(code).toBe(0);
    const sum = [...stdout.matchAll(/^team-\S+ .*?([\d,]+) +[\d.]+%/gm)].reduce(
      (all, [, tokens = '']) => all + Number(tokens.replaceAll(',', '')),
      0,
    );
    expect(stdout).toMatch(new RegExp(`^total .* ${sum.toLocaleString('en-US')} +100\\.0%`, 'm'));
    expect(stdout).toMatch(/the counters of \d+ proxies, since \d{4}-/);
    expect(stdout).toMatch(/trust: \d+ of \d+ checks that bear on these numbers pass/);
  });

  it('are narrowed by --where as Prometheus would', async () => {
    const { usages } = JSON.parse((await direct(['--where', 'user_id=~ali.*', '-o', 'json'])).stdout);
    expect(usages[0].rows.map(({ labels }: { labels: { user_id: string } }) => labels.user_id)).toEqual(['alice']);
  });

  it('are nothing where nobody is selected', async () => {
    const { code, stdout } = await direct(['--where', 'user_id=nobody']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'no proxy has counted tokens that --where selects\n' });
  });
});

describe('--watch', () => {
  it('shows tokens a minute again and again, without escapes where there is no terminal', async () => {
    const { code, stdout, store } = await asked(series, ['--watch=1s', '--timeout', '4s', '--top', '1']);
    expect(code).toBe(124);
    expect(stdout).not.toContain('\u001b');
    const pictures = stdout.split('tokens a minute over the last 10m, every 1s\n').slice(1);
    expect(pictures.length).toBeGreaterThan(1);
    // 200 inputs and 20 outputs in ten minutes.
    for (const picture of pictures) expect(picture).toMatch(/team-a +alice +20 +2 +22 /);
    expect(store.asked.filter((path) => path === '/api/v1/query_range').length).toBeGreaterThanOrEqual(2 * pictures.length);
  });

  it.each([
    ['a moment of the past', ['--start', '2026-11-01']],
    ['money', ['--price', prices]],
    ['pieces', ['--step', '1m']],
    ['a page', ['-o', 'html']],
  ])('shows not %s', async (_, args) => {
    const { code, stderr } = await asked(series, ['--watch', ...args]);
    expect({ code, told: stderr.includes('--watch') }).toEqual({ code: 64, told: true });
  });
});
