type Fields = Readonly<Record<string, unknown>>;

/** A string of a collector's configuration that its own expansion spoils. */
export interface Misescape {
  /** "receivers.prometheus/x.config.scrape_configs.0.relabel_configs.3.replacement". */
  readonly path: string;
  readonly written: string;
  /** `crash`: the collector refuses to start. `empty`: the group is replaced by nothing. `literal`: a dollar sign stays in the result. */
  readonly harm: 'crash' | 'empty' | 'literal';
  /** What would have worked. */
  readonly right: string;
}

// Longer than any rule: what it says of a text grows with the square of a row of dollar signs.
const longest = 10_000;
const reference = /\$\{(\d+)\}|\$(\d+)/;

/**
 * Strings whose capture groups do not survive. From 0.105 on only `${…}` is expanded, and `1` is no name of a variable: the collector exits
 * (recorded from 0.165). Before, `$1` and `${1}` were the environment's, which is empty. `$$` becomes `$` in either.
 */
export function misescapes(config: Fields, version: string | null): readonly Misescape[] {
  const old = isOld(version);
  const found: Misescape[] = [];
  walk(config, [], (path, written) => {
    const harm = harmOf(path, written, old);
    if (harm !== null) found.push({ path: path.join('.'), written, harm, right: rightOf(written) });
  });
  return found;
}

function isOld(version: string | null): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version ?? '') ?? [];
  return major === '0' && Number(minor) < 105;
}

function harmOf(path: readonly string[], written: string, old: boolean): Misescape['harm'] | null {
  const bare = unescapedReferences(written);
  if (old && bare.length > 0) return isReplacement(path) ? 'empty' : null;
  if (bare.some((group) => group.startsWith('${'))) return 'crash';
  // What is left after the collector is a template of Prometheus, where $$ is a dollar sign.
  if (isReplacement(path) && /\$\$\{?\d/.test(unescaped(written))) return 'literal';
  return null;
}

function isReplacement(path: readonly string[]): boolean {
  return path.at(-1) === 'replacement' && path.some((part) => part === 'relabel_configs' || part === 'metric_relabel_configs');
}

/** References to groups before which an even number of dollar signs stands: those are expanded (confmap expand.go, findURI). */
function unescapedReferences(written: string): readonly string[] {
  return [...written.matchAll(/(?<!\$)(\$*)(\$\{\d+\}|\$\d+)/g)].flatMap(([, before = '', group = '']) =>
    before.length % 2 === 0 ? [group] : [],
  );
}

function rightOf(written: string): string {
  return written.replace(/(?<!\$)\$+\{?(\d+)\}?/g, '$$$${$1}');
}

/** `$$` as the collector leaves it. */
export function unescaped(written: string): string {
  return written.replaceAll('$$', '$');
}

function walk(value: unknown, path: readonly string[], visit: (path: readonly string[], text: string) => void): void {
  if (typeof value === 'string') {
    if (value.length <= longest && reference.test(value)) visit(path, value);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, part] of Object.entries(value)) walk(part, [...path, key], visit);
  }
}

/** Looks up an environment variable; null: not known. */
export type Environment = (name: string) => string | null;

/**
 * A configuration as its components get it: variables that are known filled in, the others left as `${env:NAME}`, dollar signs unescaped.
 * References to groups are taken as they are meant, however they are written: what is wrong with them is told by `misescapes`.
 */
export function expanded(value: unknown, environment: Environment): unknown {
  if (typeof value === 'string') return expandedText(value, environment);
  if (Array.isArray(value)) return value.map((item) => expanded(item, environment));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, expanded(part, environment)]));
}

const variable = /(?<!\$)(\$*)\$\{(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

function expandedText(written: string, environment: Environment): string {
  if (!written.includes('$') || written.length > longest) return written;
  const filled = written.replace(variable, (whole, before: string, name: string, otherwise?: string) => {
    if (before.length % 2 === 1) return whole;
    return `${before}${environment(name) ?? otherwise ?? `\${env:${name}}`}`;
  });
  return withGroups(filled).replaceAll('$$', '$');
}

/** Whether part of a text comes from a variable that is not known. */
export function hasVariable(value: unknown): boolean {
  return typeof value === 'string' && /\$\{env:/.test(value);
}

/** A replacement with each capture group as Prometheus reads it, after one dollar sign, however many a file needs before it. */
export function withGroups(written: string): string {
  return written.replace(/(?<!\$)\$+(\{\d+\}|\d+)/g, '$$$1');
}
