/** The characters that a legal label name may have: prometheus/common model/labelnames.go LabelNameRE. */
export const legalName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/**
 * Every name under which Prometheus may store a label, by the escaping its scraper asked for: underscores, none (UTF-8), dots, values.
 * prometheus/common model/metric.go EscapeName; names that are legal are never escaped (EscapeMetricFamily).
 */
export function labelSpellings(attribute: string): readonly string[] {
  return [...new Set([underscored(attribute), attribute, dotted(attribute), valued(attribute)])];
}

function underscored(name: string): string {
  const escaped = [...name].map((rune) => (/[a-zA-Z0-9_]/.test(rune) ? rune : '_')).join('');
  return /^\d/.test(escaped) ? `_${escaped.slice(1)}` : escaped;
}

function dotted(name: string): string {
  if (legalName.test(name)) return name;
  return [...name].map((rune) => (rune === '_' ? '__' : rune === '.' ? '_dot_' : /[a-zA-Z0-9]/.test(rune) ? rune : '__')).join('');
}

function valued(name: string): string {
  if (legalName.test(name)) return name;
  const escaped = [...name].map((rune) =>
    rune === '_' ? '__' : /[a-zA-Z0-9]/.test(rune) ? rune : `_${rune.codePointAt(0)?.toString(16)}_`,
  );
  return `U__${escaped.join('')}`;
}

/** A name in one escaping; legal names stay in all of them (EscapeMetricFamily). The suffix of a histogram is added after the name was escaped. */
export function escapeName(name: string, scheme: 'utf8' | 'underscores' | 'dots' | 'values'): string {
  switch (scheme) {
    case 'utf8':
      return name;
    case 'underscores':
      return underscored(name);
    case 'dots':
      return dotted(name);
    case 'values':
      return valued(name);
  }
}

/** The escaping that a stored metric name shows; names that were always legal look like underscores. */
export function schemeOf(name: string): 'utf8' | 'underscores' | 'dots' | 'values' {
  if (name.includes('.')) return 'utf8';
  if (name.startsWith('U__')) return 'values';
  return name.includes('_dot_') ? 'dots' : 'underscores';
}
