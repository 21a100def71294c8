import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { relabelRule } from '../../src/parse/relabel.ts';
import { simulateScrape } from '../../src/parse/scrape.ts';
import { ruleSets } from './relabel-rules.ts';

const bin = process.env.KUBEBUILDER_ASSETS ?? join(homedir(), '.cache/tokmeter-testbed/bin');

type Row = Readonly<Record<string, string>>;

/** Three tenants, two models, hostile names, an absent and an empty identity, a label that the target has too. */
function exposed(prefix: string): Row[] {
  const identities: Row[] = [
    { user_id: 'alice', user_namespace: 'team-a' },
    { user_id: 'Alice', user_namespace: 'team-b' },
    { user_id: 'bob@example', user_namespace: 'team-b' },
    { user_id: 'new\nline', user_namespace: 'team-c', namespace: 'header' },
    { user_id: 'same', user_namespace: 'same' },
    { user_namespace: '' },
    {},
  ];
  return identities.flatMap((identity, index) =>
    ['sum', 'count'].map((suffix) => ({
      __name__: `${prefix}_client_token_usage_${suffix}`,
      gen_ai_request_model: index % 2 === 0 ? 'gpt-4o' : 'small',
      gen_ai_token_type: index % 3 === 0 ? 'output' : 'input',
      otel_scope_version: '',
      ...identity,
    })),
  );
}

function exposition(rows: readonly Row[]): string {
  const quote = (value: string): string => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  const line = ({ __name__, ...labels }: Row, index: number): string =>
    `${__name__}{${Object.entries(labels)
      .map(([name, value]) => `${name}="${quote(value)}"`)
      .join(',')}} ${index + 1}\n`;
  return rows.map(line).join('');
}

describe.each(['prometheus', 'prometheus2'])('%s', (program) => {
  describe.skipIf(!existsSync(join(bin, program)))('stores exactly the series that are predicted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'relabel-'));
    let emulator: Server;
    let prometheus: ChildProcess;
    let base = '';
    let port = 0;

    beforeAll(async () => {
      emulator = createServer((request, response) => {
        response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
        response.end(exposition(exposed(prefixOf(Number(request.url?.slice(1))))));
      });
      await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
      port = (emulator.address() as AddressInfo).port;
      writeFileSync(
        join(folder, 'prometheus.yml'),
        stringify({
          global: { scrape_interval: '1s', scrape_timeout: '1s' },
          scrape_configs: ruleSets.map((_, index) => job(index, port)),
        }),
      );
      const listen = await freePort();
      base = `http://127.0.0.1:${listen}`;
      prometheus = spawn(
        join(bin, program),
        [
          `--config.file=${folder}/prometheus.yml`,
          `--storage.tsdb.path=${folder}/data`,
          `--web.listen-address=127.0.0.1:${listen}`,
          '--log.level=error',
        ],
        { stdio: 'inherit' },
      );
      await until(async () => {
        const targets = await active(base);
        return targets.length === ruleSets.length && targets.every((target) => target.health !== 'unknown');
      });
    });

    afterAll(async () => {
      const ended = new Promise((resolve) => prometheus.once('exit', resolve));
      prometheus.kill();
      await ended;
      emulator?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it.each(ruleSets.map((set, index) => [set.name, set, index] as const))('%s', async (_, set, index) => {
      const rules = set.rules.map((rule) => relabelRule(named(rule, index), program === 'prometheus' ? 3 : 2));
      const limit = (name: string): number => Number(set.job?.[name] ?? 0);
      const predicted = simulateScrape(
        exposed(prefixOf(index)).map((row) => new Map(Object.entries(row))),
        new Map(Object.entries(targetLabels(index, port))),
        {
          honorLabels: set.job?.honor_labels === true,
          metricRules: rules,
          sampleLimit: limit('sample_limit'),
          labelLimit: limit('label_limit'),
          labelNameLengthLimit: limit('label_name_length_limit'),
          labelValueLengthLimit: limit('label_value_length_limit'),
          validation: program === 'prometheus' ? 'utf8' : 'legacy',
        },
      );
      const target = (await active(base)).find((candidate) => candidate.scrapePool === `set-${index}`);
      const values = exposed(prefixOf(index)).map((__, at) => at + 1);
      expect(target?.lastError ?? '').toBe(predicted.failure ?? '');
      expect(await stored(base, prefixOf(index))).toEqual(
        predicted.stored.map((series) => ({ labels: Object.fromEntries(series.labels), value: values[series.from[0] ?? -1] })).sort(byText),
      );
    });
  });
});

const prefixOf = (index: number): string => `s${index}x_gen_ai`;
const targetLabels = (index: number, port: number): Row => ({
  job: `set-${index}`,
  instance: `127.0.0.1:${port}`,
  namespace: 'gateways',
  pod: 'envoy-1',
});

function named(rule: Readonly<Record<string, unknown>>, index: number): Record<string, unknown> {
  return JSON.parse(JSON.stringify(rule).replaceAll('NAME', prefixOf(index))) as Record<string, unknown>;
}

function job(index: number, port: number): Record<string, unknown> {
  const set = ruleSets[index];
  return {
    job_name: `set-${index}`,
    metrics_path: `/${index}`,
    static_configs: [{ targets: [`127.0.0.1:${port}`], labels: { namespace: 'gateways', pod: 'envoy-1' } }],
    metric_relabel_configs: set?.rules.map((rule) => named(rule, index)),
    ...set?.job,
  };
}

async function active(base: string): Promise<{ scrapePool: string; health: string; lastError: string }[]> {
  const body = await fetch(`${base}/api/v1/targets?state=active`)
    .then((answer) => answer.json() as Promise<{ data?: { activeTargets?: { scrapePool: string; health: string; lastError: string }[] } }>)
    .catch(() => null);
  return body?.data?.activeTargets ?? [];
}

async function stored(base: string, prefix: string): Promise<{ labels: Row; value: number }[]> {
  const query = encodeURIComponent(`{__name__=~".*${prefix}_.*"}`);
  const body = (await fetch(`${base}/api/v1/query?query=${query}`).then((answer) => answer.json())) as {
    data: { result: { metric: Row; value: [number, string] }[] };
  };
  return body.data.result.map((row) => ({ labels: row.metric, value: Number(row.value[1]) })).sort(byText);
}

function byText(a: { labels: Row }, b: { labels: Row }): number {
  const text = (row: { labels: Row }): string => JSON.stringify(Object.entries(row.labels).sort());
  return text(a) < text(b) ? -1 : 1;
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('Prometheus did not scrape every job within a minute');
}

async function freePort(): Promise<number> {
  const server = createTcp();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
