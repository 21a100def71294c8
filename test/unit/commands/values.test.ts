import { describe, expect, it } from 'vitest';
import { nearest } from '../../../src/commands/nearest.ts';
import { outputsOf } from '../../../src/commands/output.ts';
import { UsageError } from '../../../src/commands/usage-error.ts';
import { gatewayOf, headerOf, ignoreOf, milliseconds, prometheusTarget } from '../../../src/commands/values.ts';

describe('milliseconds', () => {
  it.each([
    ['30', 30_000],
    ['0', 0],
    ['500ms', 500],
    ['5m', 300_000],
    ['1m30s', 90_000],
    ['1.5h', 5_400_000],
  ])('%s', (text, expected) => expect(milliseconds('--timeout', text)).toBe(expected));
  it.each(['', 'm', '5x', '-1s', '1 m', '1e3s'])('refuses "%s"', (text) =>
    expect(() => milliseconds('--timeout', text)).toThrow(UsageError),
  );
});

describe('ignoreOf', () => {
  it.each([
    ['targets-down:known', { id: 'targets-down', subject: null, reason: 'known', until: null }],
    ['targets-down:known: see #12', { id: 'targets-down', subject: null, reason: 'known: see #12', until: null }],
    ['targets-down:known:2026-12-31', { id: 'targets-down', subject: null, reason: 'known', until: '2026-12-31' }],
    ['a=Pod n/a:moves:2026-12-31', { id: 'a', subject: 'Pod n/a', reason: 'moves', until: '2026-12-31' }],
  ])('%s', (text, expected) => expect(ignoreOf(text)).toEqual(expected));
  it.each(['a', 'a:', 'a: ', ':why', 'a=:why', 'a:2026-12-31x:2026-13-01'])('refuses "%s"', (text) =>
    expect(() => ignoreOf(text)).toThrow(UsageError),
  );
});

describe('prometheusTarget', () => {
  it.each([
    ['https://prom.example/prometheus', { at: 'url', url: 'https://prom.example/prometheus' }],
    ['monitoring/prometheus', { at: 'service', namespace: 'monitoring', service: 'prometheus', port: null }],
    ['monitoring/prometheus:9090', { at: 'service', namespace: 'monitoring', service: 'prometheus', port: 9090 }],
    ['monitoring/prometheus:web', { at: 'service', namespace: 'monitoring', service: 'prometheus', port: 'web' }],
    ['monitoring/Prometheus/k8s', { at: 'object', namespace: 'monitoring', kind: 'Prometheus', name: 'k8s' }],
  ])('%s', (text, expected) => expect(prometheusTarget(text)).toEqual(expected));
  it.each(['', 'prometheus', 'a//b', 'a/b/c/d', 'https://'])('refuses "%s"', (text) =>
    expect(() => prometheusTarget(text)).toThrow(UsageError),
  );
});

describe('gatewayOf', () => {
  it('is NAMESPACE/NAME', () => expect(gatewayOf('a/b', null)).toEqual({ namespace: 'a', name: 'b' }));
  it('is NAME in --namespace', () => expect(gatewayOf('b', 'a')).toEqual({ namespace: 'a', name: 'b' }));
  it.each(['b', '/b', 'a/', 'a/b/c'])('refuses "%s"', (text) => expect(() => gatewayOf(text, null)).toThrow(UsageError));
});

describe('headerOf', () => {
  it.each([
    ['X-Scope-OrgID: a', ['X-Scope-OrgID', 'a']],
    ['X-Scope-OrgID=a=b', ['X-Scope-OrgID', 'a=b']],
    ['Authorization: Basic eDp5', ['Authorization', 'Basic eDp5']],
  ])('%s', (text, expected) => expect(headerOf(text)).toEqual(expected));
  it.each(['a', 'a b: c', 'a: b\r\nc: d', ': x'])('refuses %j and does not repeat it', (text) =>
    expect(() => headerOf(text)).toThrow(/^--prometheus-header takes "Name: value"$/),
  );
});

describe('outputsOf', () => {
  it.each([
    [[], ['table']],
    [['json'], ['json']],
    [['junit=a.xml'], ['table', 'junit=a.xml']],
    [
      ['short', 'junit=a.xml', 'json=b.json'],
      ['short', 'junit=a.xml', 'json=b.json'],
    ],
  ])('%j', (values, expected) =>
    expect(outputsOf(values).map(({ format, file }) => (file === null ? format : `${format}=${file}`))).toEqual(expected),
  );
});

describe('nearest', () => {
  const ids = ['unmonitored-proxies', 'uninjected-proxies', 'targets-down', 'collect'];
  it.each([
    ['unmonitored-proxy', 'unmonitored-proxies'],
    ['target-down', 'targets-down'],
    ['COLLECT', 'collect'],
    ['monitored', 'unmonitored-proxies'],
    ['colelct', 'collect'],
    ['kubernetes', null],
    ['x', null],
  ])('%s is near %s', (name, expected) => expect(nearest(name, ids)).toBe(expected));
});
