/** How a scraper may ask for names that are not legal without quotes: prometheus/common model/metric.go, EscapingScheme. */
export type EscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

const legal = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const isLegal = (rune: string, index: number): boolean => /[a-zA-Z_:]/.test(rune) || (index > 0 && /\d/.test(rune));

/**
 * A name of a metric family or of a label as /metrics shows it under a scheme. A legal name is never changed on that way
 * (prometheus/common model/metric.go, EscapeMetricFamily); `_sum`, `_count` and `_bucket` are added to the family's name afterwards.
 */
export function escapeName(name: string, scheme: EscapingScheme): string {
  if (name === '' || legal.test(name) || scheme === 'allow-utf-8') return name;
  const runes = [...name];
  if (scheme === 'underscores') return runes.map((rune, index) => (isLegal(rune, index) ? rune : '_')).join('');
  if (scheme === 'dots')
    return runes.map((rune, index) => (rune === '_' ? '__' : rune === '.' ? '_dot_' : isLegal(rune, index) ? rune : '__')).join('');
  return `U__${runes.map((rune, index) => (rune === '_' ? '__' : isLegal(rune, index) ? rune : `_${codeOf(rune)}_`)).join('')}`;
}

const codeOf = (rune: string): string => (rune.codePointAt(0) ?? 0xfffd).toString(16);

/** What an escaped name stood for, as far as it tells: underscores do not. prometheus/common model/metric.go, UnescapeName. */
export function unescapeName(name: string, scheme: EscapingScheme): string {
  if (scheme === 'dots') return name.replaceAll('_dot_', '.').replaceAll('__', '_');
  if (scheme === 'values' && name.startsWith('U__')) return unescapeValues(name.slice(3)) ?? name;
  return name;
}

const valueEscape = /_(?:_|([0-9a-fA-F]{1,5})_)/g;

function unescapeValues(escaped: string): string | null {
  if (escaped.replace(valueEscape, '').includes('_')) return null;
  const codes = [...escaped.matchAll(valueEscape)].map(([, code]) => (code === undefined ? null : Number.parseInt(code, 16)));
  if (codes.some((code) => code !== null && (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)))) return null;
  return escaped.replace(valueEscape, (_, code: string | undefined) =>
    code === undefined ? '_' : String.fromCodePoint(Number.parseInt(code, 16)),
  );
}

/** A label name in any spelling as it is with underscores: `gen_ai.operation.name`, `gen__ai_dot_operation_dot_name` and `U__gen__ai_2e_operation_2e_name` are `gen_ai_operation_name`. */
export function normaliseLabel(name: string): string {
  return escapeName(unescapeName(unescapeName(name, 'values'), name.includes('_dot_') ? 'dots' : 'allow-utf-8'), 'underscores');
}

/** The name of a sample taken apart: the suffix is added after the family was escaped, so it is cut off first. */
export interface SampleName {
  readonly family: string;
  readonly suffix: '' | '_sum' | '_count' | '_bucket' | '_total' | '_created';
}

const suffixes = ['_sum', '_count', '_bucket', '_total', '_created'] as const;

/** Takes a sample's name apart by its ending alone; only the TYPE line could tell a gauge named `x_count` from a histogram's count. */
export function sampleName(name: string): SampleName {
  const suffix = suffixes.find((ending) => name.endsWith(ending) && name.length > ending.length) ?? '';
  return { family: name.slice(0, name.length - suffix.length), suffix };
}

/** A sample's name in any spelling as it is with underscores, its suffix kept. */
export function normaliseName(name: string): string {
  const { family, suffix } = sampleName(name);
  return `${normaliseLabel(family)}${suffix}`;
}

/**
 * The label that an attribute becomes from v0.5 of the AI gateway on, whatever the scraper asks for; null: /metrics answers 500 instead.
 * prometheus/otlptranslator label_namer.go Build, strconv.go sanitizeLabelName; recorded in its hazard report.
 */
export function labelNamer(attribute: string): string | null {
  const reserved = /^__(.*)__$/s.exec(attribute)?.[1];
  const collapsed = (reserved ?? attribute).replace(/[^a-zA-Z0-9]+/g, '_');
  const named = reserved === undefined ? collapsed : `__${collapsed}__`;
  const label = /^\d/.test(named) ? `key_${named}` : named;
  // client_golang refuses names that begin with two underscores: prometheus/labels.go, checkLabelName.
  return /^_*$/.test(label) || label.startsWith('__') ? null : label;
}
