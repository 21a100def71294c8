import type { Emission } from '../facts/emitters.ts';
import type { Table } from '../model/pipeline.ts';
import { ageText } from '../parse/duration.ts';

/** The columns of `get proxies`, whatever the system: tables of several are joined. */
export const proxyColumns: Table['columns'] = [
  ...['NAMESPACE', 'NAME', 'GATEWAY', 'RELEASE', 'SIDECAR', 'READY', 'RESTARTS', 'MAPPING', 'METRICS'].map((name) => ({ name })),
  ...['NODE', 'IP', 'PORT', 'PORT-NAMES', 'SERIES', 'AGE', 'IMAGE'].map((name) => ({ name, wide: true })),
];

/** What an endpoint said, for -o json. */
export function metricsItem({ outcome }: Emission): Readonly<Record<string, unknown>> {
  switch (outcome.status) {
    case 'idle':
      return { status: 'idle' };
    case 'unreadable':
      return { status: 'unreadable', problem: outcome.problem, message: outcome.message };
    case 'metered':
      return { status: 'metered', family: outcome.family, series: outcome.series.length, labels: outcome.labelNames };
  }
}

/** The same for the column METRICS: "12 series", "idle", "unreadable: slow". */
export function metricsText(emission: Emission | undefined): string {
  if (emission === undefined) return '<unread>';
  const { outcome } = emission;
  if (outcome.status === 'unreadable') return `unreadable: ${outcome.problem}`;
  return outcome.status === 'idle' ? 'idle' : `${outcome.series.length} series`;
}

/** For the column SERIES. */
export function seriesText(emission: Emission | undefined): string {
  return emission?.outcome.status === 'metered' ? String(emission.outcome.series.length) : '-';
}

/** For the column AGE. */
export function ageCell(seconds: number | null): string {
  return seconds === null ? '<unknown>' : ageText(seconds);
}
