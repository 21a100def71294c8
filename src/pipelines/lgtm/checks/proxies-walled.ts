import { podSpecOf } from '../../../facts/collector-files.ts';
import type { Collector } from '../../../facts/collectors.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import { type Namespaces, namespaces } from '../../../facts/namespaces.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { record, strings } from '../../../parse/fields.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { grouped, keysOf } from '../../envoy-ai-gateway/phrases.ts';
import { scraping } from '../facts/scraping.ts';
import { type IngressPolicy, ingressPolicies, wallsOf } from '../facts/walls.ts';
import { sidecars, withoutCollectors } from '../verdicts.ts';

/** NetworkPolicies between a collector and the sidecars it scrapes. Whether the cluster's network enforces them is not known. */
export const proxiesWalled = defineCheck({
  id: 'proxies-walled',
  title: 'NetworkPolicies let the collector in to every sidecar',
  hop: 'collect',
  severity: 'warning',
  why: 'A policy that selects the proxies closes every port it does not name. The gateway goes on serving while its metrics cannot be reached.',
  fix: 'Allow the port of the metrics from the namespace of the collector in the NetworkPolicy.',
  follows: ['unscraped-proxies'],
  needs: { scraping, policies: ingressPolicies },
  wants: { namespaces },
  judge: ({ scraping, policies, namespaces }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    const ways = scraping.emitters.flatMap(({ emitter, scrapes }) => scrapes.map(({ collector }) => ({ emitter, collector })));
    if (ways.length === 0) return { status: 'skip', because: 'no collector scrapes a sidecar' };
    const labels = namespaces.status === 'read' ? namespaces.value : null;
    const walled = ways
      .filter(({ collector }) => !usesHostNetwork(collector))
      .flatMap((way) => wallsAt(way, policies, labels).map((policy) => ({ ...way, policy })));
    return verdict(
      grouped(walled, ({ policy, collector }) => `${policy.namespace}/${policy.name} ${collector.key}`).flatMap(findingOf),
      scraping.unread,
    );
  },
});

/** Its packets come from the node then, which policies let in. */
function usesHostNetwork({ workload }: Collector): boolean {
  return workload !== null && podSpecOf(workload).hostNetwork === true;
}

interface Way {
  readonly emitter: Emitter;
  readonly collector: Collector;
}

function wallsAt({ emitter, collector }: Way, policies: readonly IngressPolicy[], namespaces: Namespaces | null): readonly IngressPolicy[] {
  const { workload, namespace } = collector;
  if (workload === null) return [];
  const template = record(record(record(workload.raw.spec).template).metadata);
  const from = { namespace, namespaceLabels: namespaces?.get(namespace) ?? null, labels: strings(template.labels) };
  return wallsOf(policies, { pod: emitter.pod, port: emitter.port, portNames: emitter.portNames ?? [], from });
}

function findingOf(group: readonly (Way & { readonly policy: IngressPolicy })[]): readonly Finding[] {
  const [first] = group;
  if (first === undefined) return [];
  const { policy, collector, emitter } = first;
  const emitters = group.map((each) => each.emitter);
  const rule = {
    from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': collector.namespace } } }],
    ports: [{ protocol: 'TCP', port: emitter.port }],
  };
  const operation =
    policy.rules.length === 0 ? { op: 'add', path: '/spec/ingress', value: [rule] } : { op: 'add', path: '/spec/ingress/-', value: rule };
  return [
    {
      subject: `NetworkPolicy ${policy.namespace}/${policy.name}`,
      message: `it selects ${sidecars(emitters)} and does not let ${collector.subject} in to port ${emitter.port}`,
      evidence: {
        saw: `${policy.rules.length} ingress rules, none for port ${emitter.port} from namespace ${collector.namespace}`,
        run: `kubectl -n ${policy.namespace} get networkpolicy ${policy.name} -o yaml`,
      },
      remedy: {
        text: `allow port ${emitter.port} from namespace ${collector.namespace}`,
        command: `kubectl -n ${policy.namespace} patch networkpolicy ${policy.name} --type json -p ${shellWord(JSON.stringify([operation]))}`,
        patch: [operation],
      },
      about: keysOf(emitters),
    },
  ];
}
