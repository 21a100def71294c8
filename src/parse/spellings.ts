import { escapeName } from './metric-names.ts';

/** The characters that a legal label name may have: prometheus/common model/labelnames.go LabelNameRE. */
export const legalName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Every name under which Prometheus may store a label, by the escaping its scraper asked for: underscores, none (UTF-8), dots, values. */
export function labelSpellings(attribute: string): readonly string[] {
  const schemes = ['underscores', 'allow-utf-8', 'dots', 'values'] as const;
  return [...new Set(schemes.map((scheme) => escapeName(attribute, scheme)))];
}

/** The escaping that a stored metric name shows; names that were always legal look like underscores. */
export function schemeOf(name: string): 'allow-utf-8' | 'underscores' | 'dots' | 'values' {
  if (name.includes('.')) return 'allow-utf-8';
  if (name.startsWith('U__')) return 'values';
  return name.includes('_dot_') ? 'dots' : 'underscores';
}
