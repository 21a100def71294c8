import type { Limitador, TokenFlow } from './limitador.ts';

type Labels = readonly (readonly [name: string, value: string])[];

interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Limitador's /metrics after so many seconds: bare names, HELP where the real one has it, families without samples left out. */
export function limitadorPage(limitador: Limitador, seconds: number): string {
  const requests = ({ before, perSecond }: Pick<TokenFlow, 'before' | 'perSecond'>): number => before + Math.floor(perSecond * seconds);
  const told = (flow: TokenFlow, value: number, limit?: string): Sample => ({ labels: labelsOf(flow, limitador, limit), value });
  const served = limitador.flows.filter((flow) => requests(flow) > 0);
  const limited = limitador.flows.filter((flow) => flow.limited !== undefined && requests(flow.limited) > 0);
  const hits = (flow: TokenFlow): number => requests(flow) * (flow.tokens === null ? 0 : Math.max(1, flow.tokens));
  const polluted = (flow: TokenFlow): number => (flow.rateLimited === true ? requests(flow) : 0);
  return [
    counter(
      'authorized_hits',
      null,
      served.flatMap((flow) => (hits(flow) + polluted(flow) === 0 ? [] : [told(flow, hits(flow) + polluted(flow))])),
    ),
    counter(
      'limited_calls',
      'Limited calls',
      limited.map((flow) => told(flow, requests(flow.limited ?? flow), flow.limit)),
    ),
    counter(
      'authorized_calls',
      'Authorized calls',
      served.map((flow) => told(flow, requests(flow) + polluted(flow))),
    ),
    gauge('datastore_partitioned', 'Limitador is partitioned from backing datastore', limitador.partitioned === true ? 1 : 0),
    gauge('limitador_up', 'Limitador is running', 1),
  ].join('');
}

function counter(name: string, help: string | null, samples: readonly Sample[]): string {
  const lines = united(samples).map(
    ({ labels, value }) => `${name}{${labels.map(([label, text]) => `${label}="${escaped(text)}"`).join(',')}} ${value}\n`,
  );
  if (lines.length === 0) return '';
  return `${help === null ? '' : `# HELP ${name} ${help}\n`}# TYPE ${name} counter\n${lines.join('')}\n`;
}

function gauge(name: string, help: string, value: number): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} gauge\n${name} ${value}\n\n`;
}

/** Flows with the same labels are one series. */
function united(samples: readonly Sample[]): readonly Sample[] {
  const sums = new Map<string, Sample>();
  for (const { labels, value } of samples) {
    const key = JSON.stringify(labels.toSorted());
    sums.set(key, { labels, value: value + (sums.get(key)?.value ?? 0) });
  }
  return [...sums.values()];
}

/** Names that differ may become the same: then the label is there twice, and Prometheus refuses the page. */
function labelsOf(flow: TokenFlow, { unlabelled, exhaustive }: Limitador, limit: string | undefined): Labels {
  const own = unlabelled === true ? [] : Object.entries(flow.labels).filter(([name]) => name !== 'limitador_namespace');
  return [
    ...own.map(([name, value]) => [sanitised(name), value] as const),
    ['limitador_namespace', flow.namespace],
    ...(exhaustive === true && limit !== undefined ? [['limit_name', limit] as const] : []),
  ];
}

/** metrics-exporter-prometheus src/formatting.rs, sanitize_label_key. */
function sanitised(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/gu, '_').replace(/^[0-9]/, '_');
}

/** metrics-exporter-prometheus src/formatting.rs, sanitize_label_value: control characters stay. */
function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
