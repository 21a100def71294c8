import { kinds, listing } from '../../../facts/kinds.ts';
import { listedIfServed } from '../../../facts/listed.ts';
import { type Condition, conditionsOf } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import type { KubeObject } from '../../../model/source.ts';
import { list, record, records, text } from '../../../parse/fields.ts';

/** A request header that a policy sets from the caller's credentials. Sources: EG api/v1alpha1/{api_key_auth,jwt,basic_auth,ext_auth}_types.go. */
export interface ProducedHeader {
  /** Lower case, as Envoy has it. */
  readonly header: string;
  readonly by: 'API key' | 'JWT claim' | 'basic auth' | 'external auth';
  /** The claim, for a JWT. */
  readonly claim: string | null;
}

/** How callers are told apart by API keys: EG api/v1alpha1/api_key_auth_types.go. */
export interface ApiKeyAuth {
  /** The request header that carries the client's ID on; null: none. */
  readonly forwards: string | null;
  /** The key itself does not go on to the backend. */
  readonly sanitizes: boolean;
  /** The Secrets that hold the keys, by client ID. */
  readonly secrets: readonly { readonly namespace: string; readonly name: string }[];
}

/** A SecurityPolicy of Envoy Gateway. */
export interface SecurityPolicy {
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  readonly created: string;
  readonly targets: readonly {
    readonly kind: string;
    readonly name: string;
    /** Where the name stands: "/spec/targetRefs/0/name". */
    readonly path: string;
  }[];
  /** Chooses its targets by label: which ones, only its status tells. */
  readonly selects: readonly string[];
  readonly produces: readonly ProducedHeader[];
  /** Callers are known by API keys; null: not by this policy. */
  readonly apiKey: ApiKeyAuth | null;
  /** Requests without a token pass. */
  readonly optional: boolean;
  /** Joins the Gateway's policy instead of replacing it. */
  readonly merges: boolean;
  /** Gateways in its status. */
  readonly ancestors: readonly { readonly namespace: string; readonly name: string }[];
  /** Accepted=False for every ancestor; null without a status. */
  readonly accepted: boolean | null;
  readonly conditions: readonly Condition[];
}

/** All SecurityPolicies; none when the kind is not served. */
export const securityPolicies = defineFact({
  id: 'security-policies',
  title: 'SecurityPolicies',
  reads: [listing(kinds.securitypolicies)],
  read: async (_, { source, options }): Promise<readonly SecurityPolicy[]> =>
    ((await listedIfServed(source, options, kinds.securitypolicies)) ?? []).map(securityPolicyOf),
});

/** Reads a SecurityPolicy object. */
function securityPolicyOf(object: KubeObject): SecurityPolicy {
  const { name, namespace = '', creationTimestamp = '' } = object.metadata;
  const spec = record(object.spec);
  const ancestors = records(record(object.status).ancestors);
  const conditions = ancestors.flatMap((ancestor) => conditionsOf(ancestor));
  const accepted = conditions.filter((condition) => condition.type === 'Accepted');
  return {
    subject: `SecurityPolicy ${namespace}/${name}`,
    namespace,
    name,
    created: creationTimestamp,
    targets: targetsOf(spec),
    selects: records(spec.targetSelectors).map((selector) => text(selector.kind) ?? ''),
    produces: producedBy(spec),
    apiKey: 'apiKeyAuth' in spec ? apiKeyOf(record(spec.apiKeyAuth), namespace) : null,
    optional: record(spec.jwt).optional === true,
    merges: (text(spec.mergeType) ?? '') !== '',
    ancestors: ancestors.map((ancestor) => {
      const ref = record(ancestor.ancestorRef);
      return { namespace: text(ref.namespace) ?? namespace, name: text(ref.name) ?? '' };
    }),
    accepted: accepted.length === 0 ? null : accepted.some((condition) => condition.status === 'True'),
    conditions,
  };
}

function targetsOf({ targetRefs, targetRef }: Readonly<Record<string, unknown>>): SecurityPolicy['targets'] {
  const all = [...list(targetRefs).map((ref, at) => ({ ref, at: `targetRefs/${at}` })), { ref: targetRef, at: 'targetRef' }];
  return all.flatMap(({ ref, at }) => {
    const { kind, name } = record(ref);
    return typeof name === 'string' ? [{ kind: text(kind) ?? '', name, path: `/spec/${at}/name` }] : [];
  });
}

function apiKeyOf(auth: Readonly<Record<string, unknown>>, namespace: string): ApiKeyAuth {
  const header = text(auth.forwardClientIDHeader);
  return {
    forwards: header === '' ? null : header,
    sanitizes: auth.sanitize === true,
    secrets: records(auth.credentialRefs).flatMap((ref) => {
      const name = text(ref.name);
      return name === null ? [] : [{ namespace: text(ref.namespace) ?? namespace, name }];
    }),
  };
}

function producedBy(spec: Readonly<Record<string, unknown>>): readonly ProducedHeader[] {
  const produced = (header: unknown, by: ProducedHeader['by'], claim: string | null = null): ProducedHeader[] =>
    typeof header === 'string' && header !== '' ? [{ header: header.toLowerCase(), by, claim }] : [];
  const claims = records(record(spec.jwt).providers).flatMap((provider) => records(provider.claimToHeaders));
  const extAuth = record(spec.extAuth);
  return [
    ...produced(record(spec.apiKeyAuth).forwardClientIDHeader, 'API key'),
    ...claims.flatMap((entry) => produced(entry.header, 'JWT claim', text(entry.claim))),
    ...produced(record(spec.basicAuth).forwardUsernameHeader, 'basic auth'),
    ...list(record(extAuth.http).headersToBackend).flatMap((header) => produced(header, 'external auth')),
    // A gRPC authorizer may set any header (CheckResponse.ok_response.headers): which, its configuration does not tell.
    ...('grpc' in extAuth ? produced('*', 'external auth') : []),
  ];
}
