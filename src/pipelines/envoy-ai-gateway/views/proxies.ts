import type { Emission } from '../../../facts/emitters.ts';
import type { Attempt } from '../../../model/fact.ts';
import { defineView, type Table } from '../../../model/pipeline.ts';
import type { Many } from '../../../model/source.ts';
import { printMapping } from '../../../parse/mapping.ts';
import { emissions } from '../facts/emissions.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { counted } from '../phrases.ts';

/** The proxies with release, header mapping and state of /metrics. */
export const proxiesView = defineView({
  name: 'proxies',
  title: 'proxies and the sidecars that count their tokens',
  needs: { proxies },
  wants: { emissions },
  table: ({ proxies, emissions }): Table => {
    const told = emissions.status === 'read' ? emissions.value : { read: [], unread: [] };
    const rows = proxies.read.map((proxy) => ({ proxy, emission: told.read.find(({ emitter }) => emitter.key === proxy.key) }));
    return {
      columns: [
        ...['NAMESPACE', 'NAME', 'GATEWAY', 'RELEASE', 'SIDECAR', 'READY', 'RESTARTS', 'MAPPING', 'METRICS'].map((name) => ({ name })),
        ...['NODE', 'IP', 'PORT', 'PORT-NAMES', 'SERIES', 'AGE', 'IMAGE'].map((name) => ({ name, wide: true })),
      ],
      rows: rows.map(({ proxy, emission }) => cells(proxy, emission)),
      items: rows.map(({ proxy, emission }) => item(proxy, emission)),
      unread: [...proxies.unread, ...unreadOf(emissions)],
      empty: 'no proxy pods found',
    };
  },
});

function unreadOf(emissions: Attempt<Many<Emission>>): Table['unread'] {
  return emissions.status === 'read' ? emissions.value.unread : [emissions.unread];
}

function cells(proxy: ProxyPod, emission: Emission | undefined): readonly string[] {
  const { pod, sidecar, age } = proxy;
  const series = seriesOf(emission);
  return [
    pod.namespace,
    pod.name,
    ownerOf(proxy) ?? '<none>',
    (emission?.emitter.release ?? sidecar?.guess.version) || '<unknown>',
    placeOf(proxy),
    sidecar === null ? '-' : sidecar.state?.ready ? 'yes' : 'no',
    String(sidecar?.state?.restarts ?? '-'),
    sidecar === null ? '-' : printMapping(sidecar.mapping.pairs) || '<none>',
    stateOf(proxy, emission),
    proxy.node ?? '<none>',
    pod.ip ?? '<none>',
    String(sidecar?.port ?? '-'),
    sidecar?.portNames?.join(',') || '<none>',
    series === null ? '-' : String(series),
    age === null ? '<unknown>' : ageText(age),
    sidecar?.container.image ?? '-',
  ];
}

function item(proxy: ProxyPod, emission: Emission | undefined): Readonly<Record<string, unknown>> {
  const { pod, sidecar, gateway, gatewayClass, age } = proxy;
  return {
    namespace: pod.namespace,
    name: pod.name,
    gateway,
    gatewayClass,
    node: proxy.node,
    ip: pod.ip,
    ageSeconds: age,
    release: emission?.emitter.release ?? sidecar?.guess.version ?? null,
    sidecar:
      sidecar === null
        ? null
        : {
            container: sidecar.container.name,
            init: sidecar.container.init,
            image: sidecar.container.image,
            ready: sidecar.state?.ready ?? false,
            restarts: sidecar.state?.restarts ?? null,
            port: sidecar.port,
            portNames: sidecar.portNames,
            mapping: sidecar.mapping.pairs.map(({ header, attribute }) => ({ header, attribute })),
          },
    metrics: emission === undefined ? null : { ...metricsItem(emission), target: emission.target },
  };
}

function metricsItem({ outcome }: Emission): Readonly<Record<string, unknown>> {
  switch (outcome.status) {
    case 'idle':
      return { status: 'idle' };
    case 'unreadable':
      return { status: 'unreadable', problem: outcome.problem, message: outcome.message };
    case 'metered':
      return { status: 'metered', family: outcome.family, series: outcome.series.length, labels: outcome.labelNames };
  }
}

function ownerOf({ gateway, gatewayClass }: ProxyPod): string | null {
  return gateway === null ? gatewayClass : `${gateway.namespace}/${gateway.name}`;
}

function placeOf({ sidecar }: ProxyPod): string {
  return sidecar === null ? 'none' : sidecar.container.init ? 'init' : 'regular';
}

function seriesOf(emission: Emission | undefined): number | null {
  return emission?.outcome.status === 'metered' ? emission.outcome.series.length : null;
}

function stateOf({ sidecar }: ProxyPod, emission: Emission | undefined): string {
  if (sidecar === null) return '-';
  if (emission === undefined) return '<unread>';
  const { outcome } = emission;
  return outcome.status === 'metered'
    ? counted(outcome.series.length, 'series', 'series')
    : outcome.status === 'idle'
      ? 'idle'
      : `unreadable: ${outcome.problem}`;
}

/** As kubectl prints ages, to one unit. */
function ageText(seconds: number): string {
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
