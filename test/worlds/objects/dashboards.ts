import type { SidecarRelease } from '../../e2e/emulator/releases.ts';
import type { PrometheusRelease } from '../../e2e/testbed/prometheus.ts';
import type { Manifest } from '../world.ts';
import { names } from './namespaces.ts';

/** How the token series of a release are spelled where a Prometheus stores them. */
export interface Spelling {
  /** A selector of the sums of all token types that make up the total. */
  readonly tokens: string;
  /** The user's label as it stands in `by (…)`; null where there is none. */
  readonly user: string | null;
  readonly dotted: boolean;
}

/** Prometheus 3 keeps the dots that v0.2 to v0.4 expose. */
export function spellingOf(release: SidecarRelease, prometheus: PrometheusRelease): Spelling {
  const early = ['v0.2', 'v0.3', 'v0.4'].includes(release);
  const dotted = early && prometheus === '3.16';
  const user = release === 'v0.2' ? null : dotted ? '"user.id"' : 'user_id';
  const name = release === 'v0.3' || release === 'v0.4' ? 'gen_ai.client.token.usage_token_sum' : 'gen_ai.client.token.usage_sum';
  const tokens = dotted
    ? `{"${name}","gen_ai.token.type"=~"input|output"}`
    : `${name.replaceAll('.', '_')}{gen_ai_token_type=~"input|output"}`;
  return { tokens, user, dotted };
}

/** A Grafana dashboard as its sidecar takes it from a ConfigMap. */
export function dashboard(exprs: readonly string[]): Manifest {
  const panels = exprs.map((expr, id) => ({
    id,
    type: 'timeseries',
    title: `tokens ${id}`,
    datasource: { type: 'prometheus', uid: 'prometheus' },
    targets: [{ refId: 'A', expr }],
  }));
  const body = {
    title: 'Tokens by user',
    uid: 'tokens',
    schemaVersion: 39,
    panels,
    templating: { list: [] },
    time: { from: 'now-1h', to: 'now' },
  };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'tokens-dashboard', namespace: names.monitoring, labels: { grafana_dashboard: '1' } },
    data: { 'tokens.json': JSON.stringify(body) },
  };
}

/** A recording rule over the token series. */
export function rule(expr: string): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: { name: 'tokens', namespace: names.monitoring, labels: { release: 'kube-prometheus-stack' } },
    spec: { groups: [{ name: 'tokens', rules: [{ record: 'tokens:rate5m', expr }] }] },
  };
}

/** What people look at: right on this release and this Prometheus. */
export function dashboards(release: SidecarRelease, prometheus: PrometheusRelease): readonly Manifest[] {
  const { tokens, user } = spellingOf(release, prometheus);
  const by = user === null ? '' : ` by (${user})`;
  // the operator 0.85 refuses quoted labels in by (…)
  return [dashboard([`sum${by} (increase(${tokens}[$__rate_interval]))`]), rule(`sum(rate(${tokens}[5m]))`)];
}
