import type { UsageMatch } from '../model/usage.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import { writeLabel } from '../parse/promql.ts';
import type { StoredFamily } from './usage-query.ts';

/** Names under which a label is stored, the one to believe first: a target label of the same name pushed it aside to `exported_…`. */
export function storedAs(wanted: string, labels: readonly string[], identity: boolean): readonly string[] {
  if (labels.includes(wanted) && !identity) return [wanted];
  const alike = (prefix: string): readonly string[] =>
    labels.filter((label) => label.startsWith(prefix) && normaliseLabel(label.slice(prefix.length)) === normaliseLabel(wanted));
  const exported = identity ? alike('exported_') : [];
  return exported.length > 0 ? exported : alike('');
}

/** A selector of one name. A label that is stored under no name matches as an absent one does. */
export function usageSelector(
  family: StoredFamily,
  type: string | null,
  matches: readonly (UsageMatch & { readonly stored: string })[],
): string {
  const own = type === null ? [] : [`${writeLabel(type)}!="total"`];
  const asked = matches.map(({ stored, op, value }) => `${writeLabel(stored)}${op}${JSON.stringify(value)}`);
  return `{${[`__name__=${JSON.stringify(family.name)}`, ...own, ...asked].join(',')}}`;
}

/** Labels that a scraper adds and that never tell two counters at one address apart: prometheus-operator promcfg.go, its external labels, and Thanos's and Mimir's replicas. */
const scrapers = ['job', 'endpoint', 'container', 'prometheus', 'prometheus_replica', '__replica__'];
const replicas = ['prometheus_replica', '__replica__'];

/** Which labels of a family make copies: those of the scrapers, and target labels, but for what the user asks by and whose tokens they are. */
export function copyLabels(labels: readonly string[], targetLabels: readonly string[], kept: readonly string[]): readonly string[] {
  const addressed = labels.includes('instance') || labels.includes('pod');
  const never = new Set([...kept, 'instance', 'pod', 'namespace', 'cluster']);
  const candidates = addressed ? [...scrapers, ...targetLabels] : replicas;
  return [...new Set(candidates)].filter((label) => labels.includes(label) && !never.has(label)).sort();
}
