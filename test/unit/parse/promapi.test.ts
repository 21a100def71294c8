import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ReadError } from '../../../src/model/source.ts';
import { activeTargets, atLeast, buildOf, buildText, dataOf, droppedCounts, poolNames, samplesOf } from '../../../src/parse/promapi.ts';

const read = (name: string): string => readFileSync(new URL(`../../fixtures/prometheus/${name}`, import.meta.url), 'utf8');
const json = (name: string): unknown => dataOf({ status: 200, type: 'application/json', body: read(name) }, name);

/** A recorded HTTP answer: status line, headers, blank line, body. */
function recorded(name: string): { readonly status: number; readonly type: string; readonly body: string } {
  const [head = '', ...rest] = read(name).split(/\r?\n\r?\n/);
  const status = Number(/^HTTP\/\S+ (\d+)/.exec(head)?.[1]);
  return { status, type: /content-type: (.*)/i.exec(head)?.[1]?.trim() ?? '', body: rest.join('\n\n') };
}

function errorOf(answer: { readonly status: number; readonly type: string; readonly body: string }): ReadError {
  try {
    dataOf(answer, 'GET /x');
  } catch (error) {
    if (error instanceof ReadError) return error;
    throw error;
  }
  throw new Error('it was taken for an answer');
}

describe('recorded answers', () => {
  it.each([
    ['prom2-buildinfo.json', 'Prometheus 2.42.0'],
    ['prom3-buildinfo.json', 'Prometheus 3.5.3'],
  ])('%s is %s', (name, text) => expect(buildText(buildOf(json(name)))).toBe(text));

  it.each([
    ['mimir-buildinfo-noorg.http', 'Grafana Mimir 3.0.5'],
    ['victoriametrics-buildinfo.http', 'VictoriaMetrics'],
  ])('%s is %s', (name, text) => expect(buildText(buildOf(dataOf(recorded(name), name)))).toBe(text));

  it('Thanos counts from 0', () => expect(buildOf({ version: '0.35.1' }).product).toBe('thanos'));

  it.each(['prom2-targets-active.json', 'prom3-targets-active.json'])('%s holds the targets of two pools', (name) => {
    const targets = activeTargets(json(name));
    expect(targets).toHaveLength(5);
    expect(new Set(targets.map(({ pool }) => pool))).toEqual(new Set(['podMonitor/a/b/0', 'podMonitor/c/d/0']));
    expect(targets.find(({ health }) => health === 'down')?.lastError).toContain('connection refused');
    expect(targets.every(({ interval }) => interval === '2s')).toBe(true);
  });

  it('VictoriaMetrics tells the interval among the discovered labels', () => {
    const targets = activeTargets(dataOf(recorded('victoriametrics-targets-active.http'), 'x'));
    expect(targets.length).toBeGreaterThan(0);
    expect(targets[0]?.interval).toBe('5s');
  });

  it('pools, dropped counts and samples', () => {
    expect(poolNames(json('prom3-scrape_pools.json'))).toEqual(['podMonitor/a/b/0', 'podMonitor/c/d/0']);
    expect(droppedCounts(json('prom3-targets-dropcounts-trick.json'))).toEqual({ 'podMonitor/a/b/0': 3, 'podMonitor/c/d/0': 2 });
    expect(droppedCounts(json('prom3-targets-active.json'))).toBeNull();
    const samples = samplesOf(json('prom3-query-dup.json'), 'x');
    expect(samples.map(({ value }) => value)).toEqual([41550, 83100, 41850, 83700]);
    expect(samplesOf(dataOf(recorded('mimir-org-query.http'), 'x'), 'x')).toEqual([{ labels: {}, value: 1 }]);
  });
});

describe('answers that are none', () => {
  it.each([
    ['mimir-targets.http', 'absent', 'has no such API'],
    ['mimir-noprefix-query.http', 'absent', 'has no such API'],
    ['mimir-noorg-query.http', 'forbidden', 'no org id (needs --prometheus-header "X-Scope-OrgID: TENANT")'],
    ['mimir-org-bad.http', 'forbidden', 'unsupported character'],
    ['mimir-org-fed.http', 'malformed', 'too many tenant IDs'],
    ['mimir-ready.http', 'unreachable', 'Ingester not ready'],
    ['mimir-root.http', 'malformed', 'an HTML page'],
    ['victoriametrics-scrape_pools.http', 'absent', 'has no such API'],
    ['victoriametrics-q-utf8-quoted.http', 'malformed', 'unexpected token'],
    ['victoriametrics-q-parse-error.http', 'malformed', 'error when executing query'],
  ])('%s', (name, reason, words) => {
    const error = errorOf(recorded(name));
    expect({ reason: error.reason, said: error.message.includes(words) ? words : error.message }).toEqual({ reason, said: words });
  });

  it.each([
    ['credentials are missing', 401, 'text/plain', 'Unauthorized', 'forbidden', 'needs --prometheus-token-file'],
    ['a proxy refuses', 403, 'text/html', '<html>Forbidden</html>', 'forbidden', 'HTTP 403 (needs --prometheus-token-file)'],
    ['a login page with status 200', 200, 'text/html', '<!doctype html>', 'malformed', 'HTML page'],
    ['nothing at all', 200, '', '', 'malformed', 'HTTP 200: nothing'],
    ['a gateway error', 502, 'text/plain', 'bad gateway', 'unreachable', 'HTTP 502: bad gateway'],
    ['cut short', 200, 'application/json', '{"status":"success","data":{"activeTargets":[{"labels"', 'malformed', 'ends early'],
    ['JSON of something else', 200, 'application/json', '{"hello":1}', 'malformed', 'HTTP 200'],
    ['an error without text', 400, 'application/json', '{"status":"error"}', 'malformed', 'HTTP 400'],
    [
      'a query that took too long',
      503,
      'application/json',
      '{"status":"error","errorType":"timeout","error":"too long"}',
      'timeout',
      'too long',
    ],
    [
      'a query that is wrong',
      400,
      'application/json',
      '{"status":"error","errorType":"bad_data","error":"parse error"}',
      'malformed',
      'bad_data: parse error',
    ],
  ])('%s', (_, status, type, body, reason, words) => {
    const error = errorOf({ status, type, body });
    expect(error.reason).toBe(reason);
    expect(error.message).toContain(words);
  });

  it('a matrix is no vector', () => expect(() => samplesOf({ resultType: 'matrix', result: [] }, 'x')).toThrow(ReadError));
  it('fields of other types are left out', () =>
    expect(activeTargets({ activeTargets: [null, 3, { scrapeUrl: 5, labels: { a: 1, b: 'x' } }] })).toMatchObject([
      { url: '' },
      { url: '' },
      { url: '', labels: { b: 'x' } },
    ]));
});

describe('versions', () => {
  it.each([
    ['2.42.0', 2, 42, true],
    ['2.9.1', 2, 42, false],
    ['v3.0.0', 2, 47, true],
    ['2.55.1', 3, 0, false],
    [null, 3, 0, true],
  ])('%s is at least %i.%i: %s', (version, major, minor, expected) => expect(atLeast(version, major, minor)).toBe(expected));
});
