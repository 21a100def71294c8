import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../src/report/formats.ts';
import { plain } from '../../../src/report/style.ts';
import { reports } from './fixtures.ts';

const schema: Record<string, unknown> = JSON.parse(readFileSync(new URL('../../../docs/report.schema.json', import.meta.url), 'utf8'));

/** The schema without its leave to add fields: a field that it does not know must be written into it. */
function closed(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(closed);
  if (typeof part !== 'object' || part === null) return part;
  const inner = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, closed(value)]));
  return 'properties' in part && 'required' in part ? { ...inner, additionalProperties: false } : inner;
}

const validator = (of: unknown) => new Ajv2020({ allErrors: true, strict: false }).compile(of as Record<string, unknown>);

describe('docs/report.schema.json', () => {
  const valid = validator(closed(schema));
  it.each(Object.entries(reports))('takes a report of a run that ended %s', (_, report) => {
    valid(JSON.parse(formats.json(report, plain)));
    expect(valid.errors ?? []).toEqual([]);
  });

  it.each<[string, (report: Record<string, unknown>) => unknown]>([
    ['another version', (report) => ({ ...report, schemaVersion: '2' })],
    ['an exit code that is no promise', (report) => ({ ...report, exitCode: 4 })],
    ['a report without an origin', ({ origin: _, ...report }) => report],
    ['a time with a zone', (report) => ({ ...report, startedAt: '2026-11-23T20:00:00+01:00' })],
  ])('refuses %s', (_, change) => {
    const report = reports.sound;
    if (report === undefined) throw new Error('no report');
    expect(validator(schema)(change(JSON.parse(formats.json(report, plain))))).toBe(false);
  });
});
