import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { translated } from '../../../src/checks/scrape-errors.ts';
import { activeTargets, dataOf } from '../../../src/parse/promapi.ts';

const read = (name: string): string => readFileSync(new URL(`../../fixtures/prometheus/${name}`, import.meta.url), 'utf8');

describe('scrape errors that Prometheus gave', () => {
  const targets = activeTargets(dataOf({ status: 200, type: '', body: read('prom3-experiments-targets.json') }, 'x'));

  it.each([
    ['bodysize', 'larger than the body size limit'],
    ['labellimit', 'a series has 18 labels and the label limit is 10'],
    ['lvlen', 'a label value is 38 characters long and the limit is 5'],
    ['nopath', 'nothing at the path'],
    ['samplelimit', 'more series than the sample limit'],
  ])('%s', (job, words) => {
    const target = targets.find(({ pool, health }) => pool === `podMonitor/exp/${job}/0` && health === 'down');
    expect(translated(target?.lastError ?? '').text).toContain(words);
  });

  it('two labels that became one', () => {
    const body = read('limitador-collision-targets.http').split(/\r?\n\r?\n/)[1] ?? '';
    const error = activeTargets(dataOf({ status: 200, type: '', body }, 'x')).find(({ health }) => health === 'down')?.lastError ?? '';
    expect(translated(error).text).toContain('label "a_b" twice');
  });
});

describe('other scrape errors', () => {
  it.each([
    ['Get "http://10.0.0.1:1064/metrics": dial tcp 10.0.0.1:1064: connect: connection refused', 'nothing listens'],
    ['Get "https://10.0.0.1:1064/metrics": http: server gave HTTP response to HTTPS client', 'speaks TLS to a plain HTTP endpoint'],
    ['Get "https://10.0.0.1/metrics": tls: failed to verify certificate: x509: certificate signed by unknown authority', 'TLS between'],
    ['Get "http://10.0.0.1/metrics": context deadline exceeded', 'longer than its timeout'],
    [
      'received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for target',
      'does not answer with metrics',
    ],
    ['server returned HTTP status 401 Unauthorized', 'wants credentials'],
    ['server returned HTTP status 500 Internal Server Error', 'answers HTTP 500'],
    ['expected label name, got "INVALID" ("!") while parsing: "x{!"', 'no valid exposition'],
    ['something new', 'something new'],
    ['', 'fails without a reason'],
  ])('%s', (error, words) => expect(translated(error).text).toContain(words));
});
