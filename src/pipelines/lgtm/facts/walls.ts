import { kinds, listing } from '../../../facts/kinds.ts';
import { defineFact } from '../../../model/fact.ts';
import type { KubeObject } from '../../../model/source.ts';
import { list, number, record, records, text } from '../../../parse/fields.ts';
import { type Selector, selectorOf, selects } from '../../../parse/selector.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A NetworkPolicy that says which traffic may enter pods. */
export interface IngressPolicy {
  readonly namespace: string;
  readonly name: string;
  readonly selector: Selector;
  readonly rules: readonly IngressRule[];
}

interface IngressRule {
  /** Null: every port. */
  readonly ports: readonly { readonly port: string | number | null; readonly endPort: number | null }[] | null;
  /** Null: from everywhere. */
  readonly peers: readonly Peer[] | null;
}

interface Peer {
  /** Null: the policy's own namespace. */
  readonly namespaces: Selector | null;
  /** Null: every pod. */
  readonly pods: Selector | null;
  /** Addresses are not compared: such a peer may be the collector. */
  readonly block: boolean;
}

/** The NetworkPolicies that limit what enters pods. */
export const ingressPolicies = defineFact({
  id: 'ingress-policies',
  title: 'NetworkPolicies',
  reads: [listing(kinds.networkpolicies)],
  read: async (_, { source }): Promise<readonly IngressPolicy[]> => (await source.list(kinds.networkpolicies)).flatMap(policyOf),
});

/** policyTypes absent: Ingress is meant (networking/v1 NetworkPolicySpec). */
function policyOf({ metadata, spec }: KubeObject): readonly IngressPolicy[] {
  const { policyTypes, podSelector, ingress } = record(spec);
  const types = list(policyTypes).map(String);
  if (types.length > 0 && !types.includes('Ingress')) return [];
  const selector = selectorOf(podSelector) ?? { requirements: [] };
  return [{ namespace: metadata.namespace ?? '', name: metadata.name, selector, rules: records(ingress).map(ruleOf) }];
}

function ruleOf({ ports, from }: Fields): IngressRule {
  return {
    ports:
      list(ports).length === 0
        ? null
        : records(ports).map(({ port, endPort }) => ({ port: text(port) ?? number(port), endPort: number(endPort) })),
    peers: list(from).length === 0 ? null : records(from).map(peerOf),
  };
}

function peerOf({ namespaceSelector, podSelector, ipBlock }: Fields): Peer {
  return { namespaces: selectorOf(namespaceSelector), pods: selectorOf(podSelector), block: Object.keys(record(ipBlock)).length > 0 };
}

/** Who wants in, and where. */
export interface Entry {
  readonly pod: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
  readonly port: number;
  readonly portNames: readonly string[];
  readonly from: {
    readonly namespace: string;
    /** Null: not known, so that a selector over them may take them. */
    readonly namespaceLabels: Readonly<Record<string, string>> | null;
    readonly labels: Readonly<Record<string, string>>;
  };
}

/** The policies that keep a traffic out; none when no policy selects the pod, or one lets it in. */
export function wallsOf(policies: readonly IngressPolicy[], entry: Entry): readonly IngressPolicy[] {
  const selecting = policies.filter(({ namespace, selector }) => namespace === entry.pod.namespace && selects(selector, entry.pod.labels));
  return selecting.some((policy) => policy.rules.some((rule) => lets(rule, policy, entry))) ? [] : selecting;
}

function lets({ ports, peers }: IngressRule, policy: IngressPolicy, entry: Entry): boolean {
  return (
    (ports === null || ports.some((port) => takes(port, entry))) && (peers === null || peers.some((peer) => isPeer(peer, policy, entry)))
  );
}

function takes({ port, endPort }: { readonly port: string | number | null; readonly endPort: number | null }, entry: Entry): boolean {
  if (port === null) return true;
  if (typeof port === 'string') return entry.portNames.includes(port) || port === String(entry.port);
  return endPort === null ? port === entry.port : port <= entry.port && entry.port <= endPort;
}

function isPeer({ namespaces, pods, block }: Peer, policy: IngressPolicy, { from }: Entry): boolean {
  if (block) return true;
  const inside =
    namespaces === null ? from.namespace === policy.namespace : from.namespaceLabels === null || selects(namespaces, from.namespaceLabels);
  return inside && (pods === null || selects(pods, from.labels));
}
