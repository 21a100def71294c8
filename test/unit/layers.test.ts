import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

// docs/architecture.md, "Who may import whom": a folder may import itself and what stands here.
const below: Readonly<Record<string, readonly string[]>> = {
  model: [],
  parse: ['model'],
  facts: ['parse', 'model'],
  checks: ['facts', 'parse', 'model'],
  pipelines: ['checks', 'facts', 'parse', 'model'],
  engine: ['model', 'parse'],
  sources: ['model', 'parse'],
  report: ['model', 'parse'],
  explain: ['model', 'parse'],
  page: ['report', 'model', 'parse'],
  sandbox: ['model', 'parse'],
  commands: ['pipelines', 'checks', 'facts', 'engine', 'sources', 'report', 'explain', 'sandbox', 'parse', 'model'],
  'cli.ts': ['commands', 'model', 'parse'],
};

const owners: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['sources'],
  undici: ['sources'],
  ws: ['sources'],
  chalk: ['report'],
  'cli-table3': ['report'],
  echarts: ['report'],
  commander: ['commands', 'cli.ts'],
  '@prometheus-io/lezer-promql': ['parse'],
  yaml: ['sources', 'report', 'commands', 'pipelines', 'parse'],
};

const pure = ['model', 'parse', 'checks', 'report', 'explain'];
const src = resolve(import.meta.dirname, '../../src');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function imports(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  const statements = [...text.matchAll(/^(?:import|export)\b[^;]*?from '([^']+)'/gm), ...text.matchAll(/\bimport\('([^']+)'\)/g)];
  return statements.map((match) => match[1] ?? '');
}

const layerOf = (path: string): string => relative(src, path).split('/')[0] ?? '';
const files = sources(src);
const named = files.map((file) => [relative(src, file), file] as const);

describe('layers', () => {
  it.each(named)('%s imports only what stands below it', (_, file) => {
    const layer = layerOf(file);
    const wrong = imports(file)
      .filter((target) => target.startsWith('.'))
      .map((target) => resolve(dirname(file), target))
      .filter((target) => layerOf(target) !== layer && !(below[layer] ?? []).includes(layerOf(target)));
    expect(wrong.map((target) => relative(src, target))).toEqual([]);
  });

  it.each(named)('%s uses packages only where they belong', (_, file) => {
    const layer = layerOf(file);
    const wrong = imports(file)
      .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
      .map((target) => Object.keys(owners).find((name) => target === name || target.startsWith(`${name}/`)) ?? target)
      .filter((name) => !(owners[name] ?? []).includes(layer));
    expect(wrong).toEqual([]);
  });

  it.each(named.filter(([name]) => pure.includes(name.split('/')[0] ?? '')))('%s is pure', (name, file) => {
    const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    const allowed = name.startsWith('model/') ? [] : [/\bawait\b/];
    const wrong = [
      /\bprocess\.env\b/,
      /\bDate\.now\(/,
      /\bnew Date\(\)/,
      /\bMath\.random\(/,
      /from 'node:(fs|net|http|https|tls|child_process)/,
      ...allowed,
    ];
    expect(wrong.filter((pattern) => pattern.test(text)).map(String)).toEqual([]);
  });

  it.each(named.filter(([name]) => name !== 'cli.ts'))('%s leaves the process to cli.ts', (_, file) => {
    const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(
      [/\bconsole\./, /\bprocess\.exit(Code)?\b/, /\bprocess\.std(out|err)\b/].filter((pattern) => pattern.test(text)).map(String),
    ).toEqual([]);
  });

  it('has no folder that the table does not know', () => {
    expect([...new Set(files.map(layerOf))].filter((layer) => !(layer in below))).toEqual([]);
  });
});
