/** A content type that promhttp would answer with. */
export interface Format {
  readonly kind: 'text' | 'openmetrics';
  readonly escaping: Escaping;
  readonly contentType: string;
}

export type Escaping = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

const escapings: readonly string[] = ['allow-utf-8', 'underscores', 'dots', 'values'] satisfies Escaping[];

/** What the sidecar answers to an Accept header: github.com/prometheus/common expfmt/encode.go, Negotiate and NegotiateIncludingOpenMetrics. */
export function negotiate(accept: string, withOpenMetrics: boolean): Format {
  let escaping: Escaping = 'underscores';
  for (const clause of clausesOf(accept)) {
    const asked = clause.params.escaping ?? '';
    if (escapings.includes(asked)) escaping = asked as Escaping;
    const version = clause.params.version ?? '';
    if (clause.type === 'text/plain' && ['0.0.4', ''].includes(version)) return text(escaping);
    const open = withOpenMetrics && clause.type === 'application/openmetrics-text' && ['0.0.1', '1.0.0', ''].includes(version);
    if (open) return openMetrics(version === '1.0.0' ? '1.0.0' : '0.0.1', escaping);
  }
  return text(escaping);
}

function text(escaping: Escaping): Format {
  return { kind: 'text', escaping, contentType: `text/plain; version=0.0.4; charset=utf-8; escaping=${escaping}` };
}

function openMetrics(version: string, escaping: Escaping): Format {
  const contentType = `application/openmetrics-text; version=${version}; charset=utf-8; escaping=${escaping}`;
  return { kind: 'openmetrics', escaping, contentType };
}

interface Clause {
  readonly type: string;
  readonly params: Readonly<Record<string, string>>;
}

/** The clauses by falling quality, as github.com/munnerz/goautoneg sorts them. */
function clausesOf(accept: string): readonly Clause[] {
  const clauses = accept.split(',').map((clause) => {
    const [type = '', ...params] = clause.split(';').map((part) => part.trim());
    return { type, params: Object.fromEntries(params.map((param) => param.split('=').map((part) => part.trim()))) };
  });
  return clauses.toSorted((a, b) => Number(b.params.q ?? 1) - Number(a.params.q ?? 1));
}

/** A name as it is exposed under a scheme: github.com/prometheus/common model/metric.go, EscapeName. */
export function escaped(name: string, escaping: Escaping): string {
  if (escaping === 'allow-utf-8' || legal(name)) return name;
  const runes = [...name];
  switch (escaping) {
    case 'underscores':
      return runes.map((rune, index) => (legalRune(rune, index) ? rune : '_')).join('');
    case 'dots':
      return runes.map((rune, index) => (rune === '_' ? '__' : rune === '.' ? '_dot_' : legalRune(rune, index) ? rune : '__')).join('');
    case 'values':
      return `U__${runes.map((rune, index) => (rune === '_' ? '__' : legalRune(rune, index) ? rune : `_${rune.codePointAt(0)?.toString(16)}_`)).join('')}`;
  }
}

/** Needs no quotes. */
export function legal(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
}

function legalRune(rune: string, index: number): boolean {
  return /[a-zA-Z_:]/.test(rune) || (index > 0 && /[0-9]/.test(rune));
}
