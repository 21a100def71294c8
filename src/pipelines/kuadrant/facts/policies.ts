import { kinds, listing } from '../../../facts/kinds.ts';
import { ageOf, listedIfServed } from '../../../facts/listed.ts';
import { type Condition, conditionsOf } from '../../../facts/workloads.ts';
import { defineFact, type Fact } from '../../../model/fact.ts';
import type { Kind, KubeObject } from '../../../model/source.ts';
import { record, records, text } from '../../../parse/fields.ts';

/** What a policy is attached to; always of its own namespace. */
export interface TargetRef {
  readonly kind: string;
  readonly name: string;
}

/** What all policies of Kuadrant have. */
export interface Policy {
  readonly kind: string;
  /** "AuthPolicy llm/keys". */
  readonly subject: string;
  /** kubectl's name of its resource: "authpolicy". */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** Seconds since it was made; null when that cannot be told. */
  readonly age: number | null;
  readonly target: TargetRef;
  readonly conditions: readonly Condition[];
}

/** A limit of a TokenRateLimitPolicy or RateLimitPolicy. */
export interface Limit {
  readonly name: string;
  /** Of the limit and of the whole policy. */
  readonly predicates: readonly string[];
  readonly counters: readonly string[];
  /** Where in the spec it stands: "limits", "defaults.limits", "overrides.limits". */
  readonly at: string;
  /** As it was written. */
  readonly raw: Readonly<Record<string, unknown>>;
}

export interface LimitPolicy extends Policy {
  readonly limits: readonly Limit[];
}

/** What an AuthPolicy makes known of a caller: filter "identity", property "userid". */
export interface Exposed {
  readonly filter: string;
  /** Null: the filter is no object of named properties, and what it holds cannot be told. */
  readonly properties: readonly string[] | null;
}

/** Where an AuthPolicy takes API keys from. */
export interface KeySource {
  readonly name: string;
  readonly matchLabels: Readonly<Record<string, string>>;
  readonly allNamespaces: boolean;
}

export interface AuthPolicy extends Policy {
  readonly exposes: readonly Exposed[];
  readonly keys: readonly KeySource[];
  /** Annotations of API keys that its properties are made from. */
  readonly annotations: readonly string[];
  /** Where its rules stand: "rules", "defaults.rules", "overrides.rules". */
  readonly rulesAt: string;
}

export interface TelemetryPolicy extends Policy {
  /** Names of labels and the expressions that fill them. */
  readonly labels: Readonly<Record<string, string>>;
}

/** All policies of one kind; `served` says whether the API server knows it. */
export interface Policies<P extends Policy> {
  readonly served: boolean;
  readonly policies: readonly P[];
}

type Fields = Readonly<Record<string, unknown>>;

function policiesOf<P extends Policy>(kind: Kind, title: string, read: (policy: Policy, spec: Fields) => P): Fact<Policies<P>> {
  return defineFact({
    id: kind.resource,
    title,
    reads: [listing(kind)],
    read: async (_, { source, options }): Promise<Policies<P>> => {
      const objects = await listedIfServed(source, options, kind);
      return {
        served: objects !== null,
        policies: (objects ?? []).map((object) => read(policyOf(kind, object, source.now), record(object.spec))),
      };
    },
  });
}

function policyOf(kind: Kind, { metadata, spec, status }: KubeObject, now: Date): Policy {
  const { name, namespace = '' } = metadata;
  const ref = record(record(spec).targetRef);
  return {
    kind: kind.kind,
    subject: `${kind.kind} ${namespace}/${name}`,
    resource: kind.kind.toLowerCase(),
    namespace,
    name,
    age: ageOf(metadata, now),
    target: { kind: text(ref.kind) ?? '', name: text(ref.name) ?? '' },
    conditions: conditionsOf(record(status)),
  };
}

/** The spec itself, its defaults and its overrides: kuadrant-operator api/v1, MergeableRateLimitPolicySpec. */
function layersOf(spec: Fields): readonly (readonly [at: string, layer: Fields])[] {
  return [
    ['limits', spec],
    ['defaults.limits', record(spec.defaults)],
    ['overrides.limits', record(spec.overrides)],
  ];
}

/** TokenRateLimitPolicies: kuadrant-operator api/v1alpha1/tokenratelimitpolicy_types.go. */
export const tokenPolicies = policiesOf<LimitPolicy>(kinds.tokenratelimitpolicies, 'TokenRateLimitPolicies', limitPolicyOf);
/** RateLimitPolicies: api/v1/ratelimitpolicy_types.go. */
export const ratePolicies = policiesOf<LimitPolicy>(kinds.ratelimitpolicies, 'RateLimitPolicies', limitPolicyOf);

function limitPolicyOf(policy: Policy, spec: Fields): LimitPolicy {
  const limits = layersOf(spec).flatMap(([at, layer]) => {
    const common = predicatesOf(layer);
    return Object.entries(record(layer.limits)).map(([name, value]) => {
      const raw = record(value);
      const counters = records(raw.counters).flatMap(({ expression }) => text(expression) ?? []);
      return { name, predicates: [...common, ...predicatesOf(raw)], counters, at, raw };
    });
  });
  return { ...policy, limits };
}

function predicatesOf(fields: Fields): readonly string[] {
  return records(fields.when).flatMap(({ predicate }) => text(predicate) ?? []);
}

/** AuthPolicies: api/v1/authpolicy_types.go. */
export const authPolicies = policiesOf<AuthPolicy>(kinds.authpolicies, 'AuthPolicies', (policy, spec) => {
  const layers = [
    ['rules', spec],
    ['defaults.rules', record(spec.defaults)],
    ['overrides.rules', record(spec.overrides)],
  ] as const;
  const rules = layers.map(([at, layer]) => ({ at, rules: record(layer.rules) })).filter((each) => Object.keys(each.rules).length > 0);
  const filters = rules.flatMap((each) => Object.entries(record(record(record(each.rules.response).success).filters)));
  return {
    ...policy,
    exposes: filters.map(([name, filter]) => exposedOf(name, record(filter))),
    keys: rules.flatMap((each) => Object.entries(record(each.rules.authentication)).flatMap(([name, rule]) => keySource(name, rule))),
    annotations: [...new Set(filters.flatMap(([, filter]) => annotationsIn(record(filter))))],
    rulesAt: rules[0]?.at ?? 'rules',
  };
});

function exposedOf(name: string, filter: Fields): Exposed {
  const { properties } = record(filter.json);
  return { filter: text(filter.key) ?? name, properties: properties === undefined ? null : Object.keys(record(properties)) };
}

function keySource(name: string, rule: unknown): readonly KeySource[] {
  const apiKey = record(record(rule).apiKey);
  const { matchLabels } = record(apiKey.selector);
  if (matchLabels === undefined) return [];
  const labels = Object.entries(record(matchLabels)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return [{ name, matchLabels: Object.fromEntries(labels), allNamespaces: apiKey.allNamespaces === true }];
}

/** Annotations named as `auth.identity.metadata.annotations.kuadrant\.io/user-id` (a selector, dots escaped) or `…annotations["kuadrant.io/user-id"]` (CEL). */
function annotationsIn(filter: Fields): readonly string[] {
  return Object.values(record(record(filter.json).properties)).flatMap((property) => {
    const { selector, expression } = record(property);
    const dotted = /^auth\.identity\.metadata\.annotations\.((?:\\.|[^.@\\])+)$/.exec(text(selector) ?? '')?.[1];
    const indexed = /^auth\.identity\.metadata\.annotations\[(["'])([^"']+)\1\]$/.exec(text(expression)?.trim() ?? '')?.[2];
    const found = dotted?.replaceAll('\\', '') ?? indexed;
    return found === undefined ? [] : [found];
  });
}

/** TelemetryPolicies: cmd/extensions/telemetry-policy/api/v1alpha1; one without labels is about logs alone. */
export const telemetryPolicies = policiesOf<TelemetryPolicy>(kinds.telemetrypolicies, 'TelemetryPolicies', (policy, spec) => {
  const labels = Object.entries(record(record(record(spec.metrics).default).labels));
  return { ...policy, labels: Object.fromEntries(labels.filter((entry): entry is [string, string] => typeof entry[1] === 'string')) };
});
