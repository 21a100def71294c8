import { labelOf, type Pair } from '../../parse/mapping.ts';
import { grouped } from './phrases.ts';
import type { Release } from './releases.ts';

/** What a label name does to the metrics of one release. Recorded in hazard-report.txt of v0.3.0, v0.4.0, v0.5.0 and v1.1.0. */
export interface Hazard {
  readonly pairs: readonly Pair[];
  /** The label as it comes out. */
  readonly label: string;
  readonly message: string;
  /** Whether the endpoint as a whole suffers, not only this label. */
  readonly breaks: 'endpoint' | 'label';
  readonly severity: 'error' | 'warning';
}

/** Labels that Prometheus puts on every target of a PodMonitor or a pod and endpoint discovery: prometheus-operator pkg/prometheus/promcfg.go. */
const targetLabels = new Set(['namespace', 'pod', 'container', 'job', 'instance', 'endpoint', 'service']);

/** Attributes that the sidecar sets itself: internal/metrics/genai.go. */
const intrinsic = new Set([
  'gen_ai.operation.name',
  'gen_ai.system.name',
  'gen_ai.provider.name',
  'gen_ai.original.model',
  'gen_ai.request.model',
  'gen_ai.response.model',
  'gen_ai.token.type',
  'error.type',
]);
const intrinsicLabels = new Set([...intrinsic].map((attribute) => labelOf(attribute, 'label-namer')));

/** Everything that is dangerous about the label names of a mapping in one release. */
export function hazardsOf(pairs: readonly Pair[], release: Release): readonly Hazard[] {
  const label = ({ attribute }: Pair): string => labelOf(attribute, release.escaping);
  const merged = grouped(pairs, label).flatMap((group) =>
    group.length > 1 && group[0] !== undefined ? [mergedHazard(label(group[0]), group, release)] : [],
  );
  return [...pairs.flatMap((pair) => hazardOf(pair, release) ?? []), ...merged];
}

function hazardOf(pair: Pair, release: Release): Hazard | null {
  const { attribute } = pair;
  const label = labelOf(attribute, release.escaping);
  const hazard = (breaks: Hazard['breaks'], message: string, severity: Hazard['severity'] = 'error'): Hazard => ({
    pairs: [pair],
    label,
    message,
    breaks,
    severity,
  });
  if (label === 'le')
    return hazard(
      'endpoint',
      'label le also bounds the buckets: it stands twice in each, and Prometheus refuses the whole scrape (label name "le" is not unique)',
    );
  if (isForbidden(attribute, release)) return hazard('endpoint', forbiddenText(attribute, release));
  if (attribute === 'otel.scope.name' || label === 'otel_scope_name')
    return hazard('endpoint', 'label otel_scope_name stands twice in each series, and a scraper with plain names refuses the page');
  if (intrinsic.has(attribute)) return hazard('label', intrinsicText(attribute));
  if (intrinsicLabels.has(label)) return hazard('label', collidingText(label, release));
  if (targetLabels.has(label))
    return hazard('label', `Prometheus has its own label ${label} on every target and stores this one as exported_${label}`, 'warning');
  return null;
}

/** Names that no label may have: reserved ones everywhere, and from v0.5 on those of which nothing is left. */
function isForbidden(attribute: string, release: Release): boolean {
  if (/^__.*__$/.test(attribute)) return true;
  if (/^otel_scope_/.test(attribute)) return true;
  if (release.escaping !== 'label-namer') return false;
  return /^otel\.scope\./.test(attribute) || /^_+$/.test(labelOf(attribute, release.escaping));
}

function forbiddenText(attribute: string, release: Release): string {
  const name = JSON.stringify(attribute);
  return release.onBadLabel === 'http-500'
    ? `${name} is no valid label: /metrics answers 500 from the first request that carries the header on, while /health stays 200`
    : `${name} is no valid label: the series of requests that carry the header silently vanish, as if there were no traffic`;
}

function intrinsicText(attribute: string): string {
  if (attribute === 'gen_ai.token.type')
    return 'the sidecar sets gen_ai.token.type itself: the identity is lost on token usage and leaks onto request durations';
  return `the sidecar sets ${attribute} itself: the header's value overwrites it`;
}

function collidingText(label: string, release: Release): string {
  return release.escaping === 'label-namer'
    ? `it becomes ${label}, which the sidecar sets itself: the values are joined ("alice;input"), and filters on ${label} match nothing`
    : `it becomes ${label}, which the sidecar sets itself: the label stands twice in each series, and a scraper with plain names refuses the page`;
}

function mergedHazard(label: string, pairs: readonly Pair[], release: Release): Hazard {
  const headers = pairs.map(({ header }) => header).join(' and ');
  const attributes = new Set(pairs.map(({ attribute }) => attribute));
  const base = { pairs, label, severity: 'error' } as const;
  if (attributes.size === 1)
    return { ...base, breaks: 'label', message: `headers ${headers} both feed ${label}: which of them wins is random for each request` };
  const names = [...attributes].join(' and ');
  if (release.escaping === 'label-namer')
    return { ...base, breaks: 'label', message: `${names} become one label ${label}: the values are joined ("alice;team-a")` };
  return {
    ...base,
    breaks: 'endpoint',
    message: `${names} become one label ${label}: it stands twice in each series, and a scraper with plain names refuses the page`,
  };
}
