import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { asksAuth } from '../expressions.ts';
import { emitters } from '../facts/emitters.ts';
import { operators } from '../facts/operator.ts';
import { type LimitPolicy, type TelemetryPolicy, telemetryPolicies, tokenPolicies } from '../facts/policies.ts';
import { attached, scene } from '../facts/scene.ts';
import { gatewayKey, routeKey } from '../names.ts';
import { pathKeys, podKeys } from '../phrases.ts';
import { isEnforced, isOverridden, remedyFor, troubleOf } from '../status.ts';
import { callerOf } from '../telemetry.ts';

/** Policies that ask for tokens to be counted, and are not in force. */
export const limitsUnenforced = defineCheck({
  id: 'limits-unenforced',
  title: 'every TokenRateLimitPolicy is in force',
  hop: 'configure',
  severity: 'error',
  why: 'Tokens are counted because a TokenRateLimitPolicy asks for it, even where no limit is wanted. Without one in force a route answers and counts nothing.',
  fix: 'Correct what the Accepted and Enforced conditions name with `kubectl describe tokenratelimitpolicy NAME`.',
  follows: ['crds-missing', 'kuadrant-unready', 'limitador-unready', 'gateway-unready', 'provider-unknown'],
  needs: { tokenPolicies, scene },
  wants: { telemetryPolicies, operators, emitters },
  judge: ({ tokenPolicies, scene, telemetryPolicies, operators, emitters }, { expectLabels }) => {
    if (!tokenPolicies.served) return { status: 'skip', because: 'the API server does not know TokenRateLimitPolicies' };
    const labelled =
      telemetryPolicies.status === 'read' ? telemetryPolicies.value.policies.filter(({ labels }) => Object.keys(labels).length > 0) : [];
    if (tokenPolicies.policies.length === 0) return verdict([none(labelled, expectLabels.length > 0)]);
    if (scene.policies.length === 0) return { status: 'skip', because: 'no TokenRateLimitPolicy is where was asked for' };
    const known = operators.status === 'read' ? operators.value : [];
    const pods = podKeys(emitters);
    const findings = scene.policies.flatMap((policy) => {
      const paths = scene.paths.filter((path) => attached(policy, path));
      const replaced = isOverridden(policy) && paths.every((path) => path.limits.some((other) => other !== policy && isEnforced(other)));
      const trouble = replaced ? null : troubleOf(policy);
      const about = [...new Set([targetKey(policy), ...pathKeys(paths), ...pods])];
      return trouble === null ? [] : [findingOf(policy, trouble, { remedy: remedyFor(policy, trouble, known), about })];
    });
    return verdict(findings, scene.unread);
  },
});

function targetKey({ namespace, target }: LimitPolicy): string {
  const named = { namespace, name: target.name };
  return target.kind === 'Gateway' ? gatewayKey(named) : routeKey(named);
}

function findingOf(
  policy: LimitPolicy,
  { message, saw }: { readonly message: string; readonly saw: string },
  rest: Pick<Finding, 'remedy' | 'about'>,
): Finding {
  return {
    subject: policy.subject,
    message,
    evidence: { saw, run: `kubectl -n ${policy.namespace} get tokenratelimitpolicy ${policy.name} -o jsonpath='{.status.conditions}'` },
    ...rest,
  };
}

/** Without labels that are meant for tokens, the system may be there for its other uses alone. */
function none(labelled: readonly TelemetryPolicy[], expected: boolean): Finding {
  return {
    subject: 'TokenRateLimitPolicy',
    message: 'there is no TokenRateLimitPolicy in any namespace: no route counts tokens',
    evidence: { saw: '0 TokenRateLimitPolicies', run: 'kubectl get tokenratelimitpolicies -A' },
    remedy: {
      text: 'attach one to the HTTPRoute or Gateway of the models, with a limit that nobody reaches if none is wanted',
      ...example(labelled),
    },
    ...(labelled.length > 0 || expected ? {} : { severity: 'warning' as const }),
  };
}

/** At the one Gateway whose tokens are to be labelled: more than anybody uses, by caller; what is no POST has no usage that could be counted. */
function example(labelled: readonly TelemetryPolicy[]): { readonly patch?: unknown } {
  const gateways = labelled.filter(({ target }) => target.kind === 'Gateway');
  const [first] = gateways;
  if (first === undefined || gateways.some(({ namespace, target }) => namespace !== first.namespace || target.name !== first.target.name))
    return {};
  const expressions = gateways.flatMap(({ labels }) => Object.values(labels)).filter(asksAuth);
  const counted = {
    rates: [{ limit: 1_000_000_000, window: '1h' }],
    when: [{ predicate: 'request.method == "POST"' }],
    ...(expressions.length === 0 ? {} : { counters: [{ expression: callerOf(expressions) }] }),
  };
  return {
    patch: {
      apiVersion: 'kuadrant.io/v1alpha1',
      kind: 'TokenRateLimitPolicy',
      metadata: { name: 'token-limits', namespace: first.namespace },
      spec: { targetRef: { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: first.target.name }, limits: { counted } },
    },
  };
}
