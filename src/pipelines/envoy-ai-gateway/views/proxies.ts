import { ageCell, metricsItem, metricsText, proxyColumns, seriesText } from '../../../checks/proxies-table.ts';
import type { Emission } from '../../../facts/emitters.ts';
import type { Attempt } from '../../../model/fact.ts';
import { defineView, type Table } from '../../../model/pipeline.ts';
import type { Many } from '../../../model/source.ts';
import { printMapping } from '../../../parse/mapping.ts';
import { emissions } from '../facts/emissions.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';

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
      columns: proxyColumns,
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
    seriesText(emission),
    ageCell(age),
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

function ownerOf({ gateway, gatewayClass }: ProxyPod): string | null {
  return gateway === null ? gatewayClass : `${gateway.namespace}/${gateway.name}`;
}

function placeOf({ sidecar }: ProxyPod): string {
  return sidecar === null ? 'none' : sidecar.container.init ? 'init' : 'regular';
}

function stateOf({ sidecar }: ProxyPod, emission: Emission | undefined): string {
  return sidecar === null ? '-' : metricsText(emission);
}
