import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PricedRow, UsageReport } from '../../src/model/usage.ts';
import { plain } from '../../src/report/style.ts';
import { usageText } from '../../src/report/usage.ts';

const schema: Record<string, unknown> = JSON.parse(readFileSync(new URL('../../docs/usage.schema.json', import.meta.url), 'utf8'));

/** The schema without its leave to add fields: a field that it does not know must be written into it. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed);
  if (typeof part !== 'object' || part === null) return part;
  const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]));
  return 'properties' in part && 'required' in part ? { ...inner, additionalProperties: false } : inner;
}

const validator = (of: unknown) => new Ajv2020({ allErrors: true, strict: false }).compile(of as Record<string, unknown>);

const row = (values: readonly string[], cost: PricedRow['cost']): PricedRow => ({
  values,
  tokens: { input: 10.5, output: 2, cached_input: 1 },
  requests: 3,
  points: [12.5, 0],
  pieces: [{ at: 0, tokens: { input: 10.5, output: 2 }, requests: 3, cost }],
  cost,
});

const stored = (change: Partial<NonNullable<UsageReport['usage']>> = {}, cost: PricedRow['cost'] = null): UsageReport => ({
  pipeline: 'envoy-ai-gateway',
  origin: { kind: 'cluster', name: 'dev' },
  usage: {
    from: 'Prometheus monitoring/k8s',
    window: { start: 1764000000, end: 1764003600, step: 1800 },
    apart: false,
    since: null,
    by: ['user_namespace', 'user_id'],
    counted: ['input', 'output'],
    rows: [row(['team-a', 'alice'], cost), row(['team-b', ''], cost)],
    unsure: 7,
    notes: ['2 spellings are added up'],
    unread: [],
    ...change,
  },
  why: null,
  unread: null,
  prices: null,
  top: null,
  trust: { judged: 14, failing: [], unknown: ['targets-down'] },
});

const unread = { what: 'GET', reason: 'timeout', message: 'shard 1 timed out', needs: null } as const;
const failing = [{ id: 'duplicate-targets', severity: 'error', message: 'scraped twice', effect: 'counted once' }] as const;
const since = { oldest: '2026-11-20T08:14:05Z', newest: '2026-11-21T08:14:05Z' };

const documents: Readonly<Record<string, readonly UsageReport[]>> = {
  'of a store': [stored()],
  'of counters': [stored({ window: null, since })],
  'in pieces': [stored({ apart: true })],
  'in pieces, the largest alone': [{ ...stored({ apart: true }), top: 1 }],
  'with prices': [
    { ...stored({ apart: true }, { amount: 0.01, unpriced: 5 }), prices: { currency: 'EUR', unknownModels: [{ model: 'x', tokens: 5 }] } },
  ],
  'of a part of the shards': [stored({ unread: [unread] })],
  'without types of token': [stored({ counted: ['total'], rows: [{ ...row(['a', 'b'], null), tokens: { total: 1 }, requests: null }] })],
  'that is not trusted': [{ ...stored(), trust: { judged: 3, failing, unknown: [] } }],
  'that is not judged': [{ ...stored(), trust: null }],
  'of nobody': [{ ...stored(), usage: null, why: 'no tokens are stored' }],
  'of several systems, one of which cannot be read': [
    stored(),
    { ...stored(), pipeline: 'kuadrant', usage: null, why: unread.message, unread, trust: null },
  ],
};

describe('docs/usage.schema.json', () => {
  const valid = validator(closed(schema));
  it.each(Object.entries(documents))('takes usage %s', (_, reports) => {
    for (const document of [JSON.parse(usageText(reports, 'json', plain, '1')), parse(usageText(reports, 'yaml', plain, '1'))]) {
      valid(document);
      expect(valid.errors ?? []).toEqual([]);
    }
  });

  // biome-ignore lint/suspicious/noExplicitAny: what is changed is what is wrong
  it.each<[string, (document: any) => unknown]>([
    ['another version', (document) => ({ ...document, schemaVersion: '2' })],
    [
      'usage of nobody without a reason',
      (document) => ({ ...document, usages: [{ ...document.usages[0], total: undefined, why: undefined }] }),
    ],
    ['tokens below nothing', (document) => ({ ...document, usages: [{ ...document.usages[0], unsureTokens: -1 }] })],
    [
      'a time with a zone',
      (document) => ({
        ...document,
        usages: [{ ...document.usages[0], window: { start: '2026-11-23T20:00:00+01:00', end: 'x', stepSeconds: 1 } }],
      }),
    ],
    ['no usage at all', (document) => ({ ...document, usages: [] })],
  ])('refuses %s', (_, change) => {
    const document = JSON.parse(usageText([stored()], 'json', plain, '1'));
    expect(validator(schema)(JSON.parse(JSON.stringify(change(document))))).toBe(false);
  });
});
