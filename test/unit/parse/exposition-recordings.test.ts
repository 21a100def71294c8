import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type ExpositionFormat, type ExpositionSummary, expositionParser, type Sample } from '../../../src/parse/exposition.ts';
import { normaliseLabel, normaliseName } from '../../../src/parse/metric-names.ts';

const folder = join(import.meta.dirname, '../../fixtures/exposition');

function recorded(path: string): Buffer {
  const bytes = readFileSync(join(folder, path));
  return path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

function read(path: string, format: ExpositionFormat = 'text'): { samples: Sample[]; summary: ExpositionSummary } {
  const samples: Sample[] = [];
  const parser = expositionParser({ format, sample: (sample) => samples.push(sample) });
  parser.push(recorded(path));
  return { samples, summary: parser.end() };
}

interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly sum: number;
  readonly count: number;
}

/** The token series of a body, as the recordings write them down: names with underscores, without the scope of the instrument. */
function tokenSeries(samples: readonly Sample[]): Series[] {
  const found = new Map<string, { labels: Record<string, string>; sum: number; count: number }>();
  for (const { name, labels, value } of samples) {
    const part = /^gen_ai_client_token_usage(?:_token)?_(sum|count)$/.exec(normaliseName(name))?.[1];
    if (part !== 'sum' && part !== 'count') continue;
    const named = Object.entries(labels).map(([label, text]) => [normaliseLabel(label), text] as const);
    const own = Object.fromEntries(named.filter(([label]) => !label.startsWith('otel_scope_')));
    const key = keyOf(own);
    const series = found.get(key) ?? { labels: own, sum: Number.NaN, count: Number.NaN };
    series[part] = value;
    found.set(key, series);
  }
  return [...found.values()];
}

const keyOf = (labels: Readonly<Record<string, string>>): string => JSON.stringify(Object.entries(labels).sort());
const sorted = (series: readonly Series[]): Series[] =>
  [...series].sort((left, right) => (keyOf(left.labels) < keyOf(right.labels) ? -1 : 1));

describe('what real sidecars answered', () => {
  it.each([
    ['v0.2.1', 'golden-plain.prom.gz', 'text'],
    ['v0.2.1', 'golden-prom3.prom.gz', 'openmetrics'],
    ['v0.4.0', 'golden-plain.prom.gz', 'text'],
    ['v0.4.0', 'golden-prom3.prom.gz', 'text'],
    ['v0.5.0', 'golden-plain.prom.gz', 'text'],
    ['v0.6.0', 'golden-plain.prom.gz', 'text'],
    ['v1.1.0', 'golden-plain.prom.gz', 'text'],
  ] as const)('%s %s holds the tokens that were counted', (version, file, format) => {
    const observed = JSON.parse(recorded(`${version}/golden-observed.json.gz`).toString('utf8')) as Series[];
    const { samples, summary } = read(`${version}/${file}`, format);
    expect(sorted(tokenSeries(samples))).toEqual(sorted(observed));
    expect(summary.duplicateLabels).toEqual([]);
    expect(summary.samples).toBe(samples.length);
  });

  it('is the same in v0.3, whichever way it was asked', () => {
    const [plain, utf8, open] = [
      read('v0.3.0/plain.prom.gz').samples,
      read('v0.3.0/utf8.prom.gz').samples,
      read('v0.3.0/openmetrics.prom.gz', 'openmetrics').samples,
    ].map((samples) => sorted(tokenSeries(samples)));
    expect(plain).toHaveLength(14);
    expect(utf8).toEqual(plain);
    expect(open).toEqual(plain);
  });

  it.each([
    ['v0.2.1/idle-plain.prom', 'text'],
    ['v0.2.1/idle-prom3.prom', 'openmetrics'],
    ['v0.3.0/idle-plain.prom', 'text'],
    ['v0.3.0/idle-prom3.prom', 'openmetrics'],
    ['v1.0.0/idle-plain.prom', 'text'],
    ['v1.0.0/idle-prom3.prom', 'text'],
  ] as const)('%s knows nothing but its target', (path, format) => {
    expect(read(path, format).samples.map(({ name, value }) => [name, value])).toEqual([['target_info', 1]]);
  });
});

// What clients sent as x-user-id, and what became of it: the hostile summaries of the recordings.
const hostile = [
  'a"b\'c',
  'a\\b\\nc',
  'x{y="z"} 1',
  'zoë-日本-😀',
  '<img src=x onerror=alert(1)>',
  'a\tb',
  'a\u009b31mb',
  'a\u202eb',
  '\ufeffx',
  'a\u00a0b',
  'a   b',
  'a,b',
  '=cmd|calc!A1',
  '[x](javascript:alert(1))|a|',
  'L'.repeat(4000),
];

describe('what hostile clients sent', () => {
  it.each(['v0.4.0', 'v1.1.0'])('%s passes it on, and so does the parser', (version) => {
    const users = new Set(read(`${version}/hostile-plain.prom.gz`).samples.map(({ labels }) => labels.user_id));
    expect(hostile.filter((value) => !users.has(value) && value.length < 4000)).toEqual([]);
    expect([...users].some((value) => /^L{4000,}$/.test(value ?? ''))).toBe(true);
  });
});

describe('what others answered', () => {
  it('Limitador leaves control characters in label values', () => {
    const users = read('others/limitador.prom.gz').samples.map(({ labels }) => labels.user);
    expect(users).toContain('cr\rx');
    expect(users.filter((user) => user !== undefined && /[\x01\t]/.test(user))).not.toEqual([]);
  });

  it('gpt-load writes empty lines between families', () => {
    const { samples, summary } = read('others/gpt-load.prom.gz');
    expect(samples.length).toBe(16);
    expect(summary.lines).toBe(24);
  });

  it('an OpenTelemetry collector about itself', () => {
    expect(read('others/otel-collector.prom.gz').summary).toMatchObject({ samples: 102, lines: 146, duplicateLabels: [] });
  });
});
