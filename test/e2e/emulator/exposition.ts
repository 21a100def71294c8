import { escaped, type Format, legal } from './negotiate.ts';

export type Labels = readonly (readonly [name: string, value: string])[];

/** One histogram, or a part of it: so many observations of the same value. Parts with equal labels are one series. */
export interface Histogram {
  readonly labels: Labels;
  readonly count: number;
  readonly value: number;
}

/** All observations of one series. */
interface Series {
  readonly labels: Labels;
  readonly parts: readonly Histogram[];
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly buckets: readonly number[] | 'gauge';
  readonly series: readonly Histogram[];
}

/** The families as client_golang writes them: expfmt/text_create.go and expfmt/openmetrics_create.go. */
export function exposed(families: readonly Family[], format: Format): string {
  const filled = families.filter(({ series }) => series.length > 0).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return filled.map((family) => familyText(family, format)).join('') + (format.kind === 'openmetrics' ? '# EOF\n' : '');
}

function familyText(family: Family, format: Format): string {
  const name = escaped(family.name, format.escaping);
  const shown = legal(name) ? name : `"${name}"`;
  const type = family.buckets === 'gauge' ? 'gauge' : 'histogram';
  const series = united(family.series)
    .toSorted(byLabels)
    .map((each) => seriesText(name, family.buckets, each, format));
  return `# HELP ${shown} ${family.help}\n# TYPE ${shown} ${type}\n${series.join('')}`;
}

function united(parts: readonly Histogram[]): readonly Series[] {
  const bySet = new Map<string, Histogram[]>();
  for (const part of parts) {
    const key = JSON.stringify(part.labels);
    bySet.set(key, [...(bySet.get(key) ?? []), part]);
  }
  return [...bySet.values()].map((same) => ({ labels: same[0]?.labels ?? [], parts: same }));
}

/** client_golang prometheus/internal/metric.go: fewer labels first, then by values. */
function byLabels(a: Series, b: Series): number {
  if (a.labels.length !== b.labels.length) return a.labels.length - b.labels.length;
  const index = a.labels.findIndex(([, value], place) => value !== b.labels[place]?.[1]);
  return index < 0 ? 0 : (a.labels[index]?.[1] ?? '') < (b.labels[index]?.[1] ?? '') ? -1 : 1;
}

function seriesText(name: string, buckets: Family['buckets'], { labels, parts }: Series, format: Format): string {
  const line = (suffix: string, extra: Labels, number: string): string =>
    `${sample(name + suffix, [...labels, ...extra], format)} ${number}\n`;
  const float = (number: number): string => (format.kind === 'openmetrics' ? pointed(goFloat(number)) : goFloat(number));
  if (buckets === 'gauge') return line('', [], float(parts[0]?.value ?? 0));
  const whole = (number: number): string => (format.kind === 'openmetrics' ? String(number) : goFloat(number));
  const below = buckets.map((edge) => line('_bucket', [['le', float(edge)]], whole(counted(parts.filter(({ value }) => value <= edge)))));
  const infinite = line('_bucket', [['le', '+Inf']], whole(counted(parts)));
  return [
    ...below,
    infinite,
    line('_sum', [], float(parts.reduce((sum, { count, value }) => sum + count * value, 0))),
    line('_count', [], whole(counted(parts))),
  ].join('');
}

function counted(parts: readonly Histogram[]): number {
  return parts.reduce((sum, { count }) => sum + count, 0);
}

function sample(name: string, labels: Labels, { escaping }: Format): string {
  const pairs = labels.map(([label, value]) => {
    const shown = escaped(label, escaping);
    return `${legal(shown) && !shown.includes(':') ? shown : `"${shown}"`}="${quoted(value)}"`;
  });
  if (legal(name)) return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
  return `{${[`"${name}"`, ...pairs].join(',')}}`;
}

function quoted(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** Go's strconv.FormatFloat(x, 'g', -1, 64), strconv/ftoa.go: an exponent from 1e6 and below 1e-4 on, of two digits at least. */
export function goFloat(number: number): string {
  if (number === 0) return '0';
  const [digits = '', power = '0'] = number.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(number);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** OpenMetrics writes a float with a point. */
function pointed(text: string): string {
  return /[.eN]/.test(text) ? text : `${text}.0`;
}
