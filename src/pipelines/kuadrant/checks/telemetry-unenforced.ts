import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Attempt } from '../../../model/fact.ts';
import type { GatewayRef } from '../facts/gateways.ts';
import { operators } from '../facts/operator.ts';
import { type AuthPolicy, authPolicies, type Policies, type TelemetryPolicy, telemetryPolicies } from '../facts/policies.ts';
import { attached, type Path, scene } from '../facts/scene.ts';
import { exposedLabel, gatewayKey, sameName } from '../names.ts';
import { labelKeys, nameOf, show } from '../phrases.ts';
import { remedyFor, troubleOf } from '../status.ts';
import { callerOf, labelsOf, targets } from '../telemetry.ts';

/** Tokens are counted without labels that would say whose they are. */
export const telemetryUnenforced = defineCheck({
  id: 'telemetry-unenforced',
  title: 'a TelemetryPolicy in force labels the tokens of every Gateway',
  hop: 'configure',
  severity: 'error',
  why: 'Without labels there is one counter a route: tokens of all callers are one sum. They cannot be told apart later.',
  fix: 'Attach a TelemetryPolicy in the namespace of the Gateway with `spec.metrics.default.labels`, and correct what its conditions name.',
  follows: ['crds-missing', 'kuadrant-unready', 'extensions-disabled', 'gateway-unready', 'provider-unknown'],
  needs: { scene, telemetryPolicies },
  wants: { operators, authPolicies },
  judge: ({ scene, telemetryPolicies, operators, authPolicies }, { expectLabels }) => {
    if (!telemetryPolicies.served) return { status: 'skip', because: 'the API server does not know TelemetryPolicies' };
    // One without routes carries no tokens, and its policy says so itself.
    const carrying = scene.gateways.filter(
      (gateway) => scene.unread.length > 0 || scene.paths.some((path) => sameName(path.gateway, gateway)),
    );
    if (carrying.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no Gateway has token limits' };
    const known = operators.status === 'read' ? operators.value : [];
    const all = telemetryPolicies.policies.filter(({ labels }) => Object.keys(labels).length > 0);
    const findings = carrying.flatMap((gateway) => {
      const own = all.filter((policy) => targets(policy, gateway));
      if (own.length === 0)
        return [
          misplaced(gateway, all, scene.paths) ??
            astray(gateway, all) ??
            none(gateway, expectLabels.map(exposedLabel), callerAt(gateway, scene.paths, authPolicies)),
        ];
      return own.flatMap((policy) => {
        const trouble = troubleOf(policy);
        if (trouble === null) return [];
        const { message, saw } = trouble;
        return [
          {
            subject: policy.subject,
            message,
            evidence: { saw, run: show('telemetrypolicy', policy) },
            remedy: remedyFor(policy, trouble, known),
            about: aboutOf(policy, gateway),
          },
        ];
      });
    });
    return verdict(findings, scene.unread);
  },
});

function aboutOf(policy: TelemetryPolicy, gateway: GatewayRef): readonly string[] {
  return [gatewayKey(gateway), ...labelKeys(labelsOf(policy).map(({ label }) => label))];
}

/** One that is attached to a route: only Gateways are looked at. */
function misplaced(gateway: GatewayRef, policies: readonly TelemetryPolicy[], paths: readonly Path[]): Finding | null {
  const routes = paths.filter((path) => sameName(path.gateway, gateway)).map(({ route }) => route);
  const policy = policies.find(
    ({ namespace, target }) => target.kind === 'HTTPRoute' && routes.some((route) => sameName({ namespace, name: target.name }, route)),
  );
  if (policy === undefined) return null;
  const { namespace, name } = gateway;
  return {
    subject: policy.subject,
    message: `it targets HTTPRoute ${policy.target.name}: a TelemetryPolicy labels what is counted at a Gateway, and nothing else`,
    evidence: { saw: 'targetRef.kind: HTTPRoute', run: show('telemetrypolicy', policy) },
    remedy: {
      text: `create it in namespace ${namespace} with targetRef Gateway ${name}, and delete this one`,
      patch: moved(policy, gateway),
    },
    about: aboutOf(policy, gateway),
  };
}

/** One that means the Gateway and cannot reach it: its targetRef is of its own namespace, and takes Gateways alone. */
function astray(gateway: GatewayRef, policies: readonly TelemetryPolicy[]): Finding | null {
  const policy = policies.find(
    ({ namespace, target }) => target.kind === 'Gateway' && target.name === gateway.name && namespace !== gateway.namespace,
  );
  if (policy === undefined) return null;
  return {
    subject: policy.subject,
    message: `it stands in namespace ${policy.namespace} and Gateway ${nameOf(gateway)} in another: a TelemetryPolicy reaches only Gateways of its own namespace`,
    evidence: { saw: `namespace: ${policy.namespace}, targetRef.name: ${policy.target.name}`, run: 'kubectl get telemetrypolicies -A' },
    remedy: { text: `create it in namespace ${gateway.namespace} and delete this one`, patch: moved(policy, gateway) },
    about: aboutOf(policy, gateway),
  };
}

function moved({ name, labels }: TelemetryPolicy, gateway: GatewayRef): unknown {
  return manifest(name, gateway, labels);
}

function none(gateway: GatewayRef, expected: readonly string[], caller: string): Finding {
  return {
    subject: `Gateway ${nameOf(gateway)}`,
    message: 'no TelemetryPolicy labels what is counted at it: the tokens of all callers are one sum a route',
    evidence: { saw: 'no TelemetryPolicy with this targetRef', run: `kubectl -n ${gateway.namespace} get telemetrypolicies` },
    remedy: {
      text: 'create one with a label for the caller',
      patch: manifest('token-labels', gateway, { [expected[0] ?? 'user']: caller }),
    },
    about: [gatewayKey(gateway), ...labelKeys(expected)],
  };
}

/** What tells callers apart at a Gateway: a property that an AuthPolicy of its routes exposes. */
function callerAt(gateway: GatewayRef, paths: readonly Path[], policies: Attempt<Policies<AuthPolicy>>): string {
  const known = policies.status === 'read' ? policies.value.policies : [];
  const own = paths.filter((path) => sameName(path.gateway, gateway));
  const exposed = known.filter((policy) => own.some((path) => attached(policy, path))).flatMap(({ exposes }) => exposes);
  const properties = exposed.filter(({ filter }) => filter === 'identity').flatMap((each) => each.properties ?? []);
  return callerOf(properties.filter((name) => /^[A-Za-z_]\w*$/.test(name)).map((name) => `auth.identity.${name}`));
}

/** kuadrant-operator cmd/extensions/telemetry-policy/api/v1alpha1. */
function manifest(name: string, gateway: GatewayRef, labels: TelemetryPolicy['labels']): unknown {
  return {
    apiVersion: 'extensions.kuadrant.io/v1alpha1',
    kind: 'TelemetryPolicy',
    metadata: { name, namespace: gateway.namespace },
    spec: { targetRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: gateway.name }, metrics: { default: { labels } } },
  };
}
