import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { goFloat } from '../../e2e/emulator/exposition.ts';
import { negotiate } from '../../e2e/emulator/negotiate.ts';
import { type SidecarRelease, shapes } from '../../e2e/emulator/releases.ts';
import { answer, type Flow } from '../../e2e/emulator/sidecar.ts';

const folder = join(import.meta.dirname, '../../fixtures/sidecar');
const accepts = {
  plain: '*/*',
  // Prometheus 3.5.3 with its defaults, as recorded
  prom3:
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  // Debian's Prometheus 2.42, as recorded
  prom2:
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
} as const;
const releases = Object.keys(shapes) as SidecarRelease[];
const recorded = releases.filter((release) => existsSync(join(folder, `${release}-plain.prom.gz`)));

const full = { department: 'eng', user_id: 'alice', user_namespace: 'team-a' };
const flows: readonly Flow[] = [
  { model: 'gpt-4o-mini', identity: full, input: 50, output: 5, before: 3, perSecond: 1 },
  { model: 'gpt-4o-mini', identity: { ...full, user_id: 'carol' }, input: 50, output: 5, before: 2, perSecond: 1, streamed: true },
];

function recording(name: string): string {
  return gunzipSync(readFileSync(join(folder, `${name}.prom.gz`))).toString();
}

/** Each sample as its name, its label names in order, its edge and the way its number is written. */
function shape(text: string, wanted: (labels: readonly string[]) => boolean): ReadonlySet<string> {
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Set(samples.flatMap((line) => template(line, wanted)));
}

function template(line: string, wanted: (labels: readonly string[]) => boolean): readonly string[] {
  const [, name = '', inside = '', number = ''] = /^([^{]*)\{(.*)\} (\S+)$/.exec(line) ?? [];
  const labels = [...inside.matchAll(/("?[\w.]+"?)(?:="((?:[^"\\]|\\.)*)")?/g)].map(([, label = '', value]) =>
    label === 'le' ? `le=${value}` : label,
  );
  if (!wanted(labels)) return [];
  const written = /usage.*_(sum|count|bucket)/.test(line) || /_(count|bucket)"?[,{]/.test(line) ? number.replace(/\d+/g, '9') : 'seconds';
  return [`${name}{${labels.join(',')}} ${written}`];
}

const comments = (text: string): readonly string[] => text.split('\n').filter((line) => line.startsWith('#'));
const withIdentity = (labels: readonly string[]): boolean =>
  ['department', 'user_namespace'].every((label) => labels.includes(label)) && !labels.some((label) => label.includes('error'));
const own = (release: SidecarRelease) => (shapes[release].identity ? withIdentity : (labels: readonly string[]) => labels.length > 0);

describe('the emulated sidecar', () => {
  const busy = recorded.flatMap((release) =>
    (['plain', 'prom3'] as const)
      .filter((kind) => existsSync(join(folder, `${release}-${kind}.prom.gz`)))
      .map((kind) => [release, kind] as const),
  );

  it.each(busy)('%s writes families, labels and numbers as the real one does for %s', (release, kind) => {
    const real = recording(`${release}-${kind}`);
    const { body } = answer({ release, flows, seconds: 4 }, accepts[kind]);
    expect(comments(body)).toEqual(comments(real));
    expect([...shape(body, own(release))].toSorted()).toEqual([...shape(real, own(release))].toSorted());
  });

  it.each([
    ['v0.4', 'plain', 50, {}],
    ['v0.4', 'prom3', 50, {}],
    ['v0.5', 'plain', 50, {}],
    ['v0.6', 'plain', 50, {}],
    ['v1.1', 'plain', 50, {}],
    ['v0.3', 'plain', 11, { department: 'eng', user_id: 'ns', user_namespace: 'team-a' }],
  ] as const)('%s writes one series as recorded for %s, byte for byte', (release, kind, input, identity) => {
    const flow: Flow = { model: 'gpt-4o-mini', identity, input, output: 5, before: 1, perSecond: 0 };
    const { body } = answer({ release, flows: [flow], seconds: 0 }, accepts[kind]);
    const lines = body.split('\n').filter((line) => line.includes('usage') && /token.type"?="input"/.test(line));
    expect(lines).toHaveLength(17);
    expect(recording(`${release}-${kind}`)).toContain(lines.join('\n'));
  });

  const idle = recorded.flatMap((release) => (['plain', 'prom3'] as const).map((kind) => [release, kind] as const));
  it.each(idle)('%s writes an idle answer as recorded for %s, byte for byte', (release, kind) => {
    const real = readFileSync(join(folder, `${release}-idle-${kind}.prom`), 'utf8');
    expect(answer({ release, flows: [], seconds: 60 }, accepts[kind]).body).toBe(real);
  });

  it('shows counters that rise and series that fell into the overflow set', () => {
    const at = (seconds: number): string => answer({ release: 'v1.1', flows, seconds, overflow: { requests: 4, tokens: 60 } }, '*/*').body;
    expect(at(1)).toContain(
      'gen_ai_token_type="input",otel_scope_name="envoyproxy/ai-gateway",otel_scope_schema_url="",otel_scope_version="",user_id="alice",user_namespace="team-a"} 200',
    );
    expect(at(9)).toContain('user_id="alice",user_namespace="team-a"} 600');
    expect(at(9)).toContain(
      'gen_ai_client_token_usage_sum{otel_metric_overflow="true",otel_scope_name="envoyproxy/ai-gateway",otel_scope_schema_url="",otel_scope_version=""} 60\n',
    );
  });
});

describe('content negotiation', () => {
  it.each([
    ['curl', accepts.plain, true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    ['nobody', '', true, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    ['Prometheus 3 of v0.3', accepts.prom3, true, 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8'],
    ['Prometheus 3 of v0.5', accepts.prom3, false, 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8'],
    ['Prometheus 2 of v0.3', accepts.prom2, true, 'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores'],
    ['Prometheus 2 of v0.5', accepts.prom2, false, 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores'],
    ['dots', 'text/plain;version=0.0.4;escaping=dots', false, 'text/plain; version=0.0.4; charset=utf-8; escaping=dots'],
  ])('%s gets what promhttp gives', (_, accept, withOpenMetrics, contentType) => {
    expect(negotiate(accept, withOpenMetrics).contentType).toBe(contentType);
  });

  it.each([
    [1048576, '1.048576e+06'],
    [999999, '999999'],
    [1e6, '1e+06'],
    [0.0001, '0.0001'],
    [0.00001234, '1.234e-05'],
    [123456789.25, '1.2345678925e+08'],
    [81.92, '81.92'],
    [0, '0'],
  ])('writes %s as Go does', (number, text) => expect(goFloat(number)).toBe(text));
});
