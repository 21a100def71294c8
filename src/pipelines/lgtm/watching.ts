import type { DashboardMap, DashboardSidecar } from '../../facts/grafana-dashboards.ts';

/** Why a sidecar leaves a ConfigMap out; null when it takes it. */
export function reasonAgainst({ namespace, labels }: DashboardMap, { label, value, namespaces }: DashboardSidecar): string | null {
  const own = labels[label];
  if (own === undefined) return `looks for the label ${label}`;
  if (value !== null && own !== value) return `looks for ${label}=${value}, and it has ${label}=${own}`;
  return namespaces === null || namespaces.includes(namespace) ? null : `watches namespace ${namespaces.join(', ')} alone`;
}
