import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { asksAuth } from '../expressions.ts';
import { emissions } from '../facts/emissions.ts';
import { emitters } from '../facts/emitters.ts';
import { operators } from '../facts/operator.ts';
import { type AuthPolicy, authPolicies, telemetryPolicies } from '../facts/policies.ts';
import { attached, type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { labelKeys, pathKeys, podKeys } from '../phrases.ts';
import { isEnforced, isOverridden, remedyFor, troubleOf } from '../status.ts';
import { labelsAt, type TelemetryLabel } from '../telemetry.ts';
import { trafficOf } from '../traffic.ts';

/** Nobody establishes who the caller is. */
export const authUnenforced = defineCheck({
  id: 'auth-unenforced',
  title: 'an AuthPolicy in force knows the caller on every route with token limits',
  hop: 'configure',
  severity: 'error',
  why: 'Labels made of auth.identity exist only where an AuthPolicy has authenticated the caller. Elsewhere tokens are counted for nobody, or the request is refused.',
  fix: 'Attach an AuthPolicy to the route or its Gateway, and correct what its conditions name with `kubectl describe authpolicy NAME`.',
  follows: ['crds-missing', 'kuadrant-unready', 'gateway-unready', 'provider-unknown'],
  needs: { scene, authPolicies, telemetryPolicies },
  wants: { operators, emitters, emissions },
  judge: ({ scene, authPolicies, telemetryPolicies, operators, emitters, emissions }) => {
    if (scene.paths.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no route has token limits' };
    const pods = podKeys(emitters);
    const known = operators.status === 'read' ? operators.value : [];
    const seen = emissions.status === 'read' ? emissions.value.read : [];
    const labelled = scene.paths.map((path) => ({ path, labels: labelsAt(path.gateway, telemetryPolicies.policies).filter(isAuth) }));
    const bare = labelled.filter(
      ({ path, labels }) => labels.length > 0 && !authPolicies.policies.some((policy) => attached(policy, path)),
    );
    const unknown = bare.filter(
      ({ path, labels }) =>
        !labels.every(({ label }) => trafficOf(seen, path.route).series.some((entry) => (entry.labels[label] ?? '') !== '')),
    );
    const troubled = authPolicies.policies.flatMap((policy) => {
      const own = labelled.filter(({ path }) => attached(policy, path));
      const trouble =
        own.length === 0 || isReplaced(policy, { own: own.map(({ path }) => path), all: authPolicies.policies }) ? null : troubleOf(policy);
      if (trouble === null) return [];
      const labels = own.flatMap((each) => each.labels.map(({ label }) => label));
      const about = [...new Set([...pathKeys(own.map(({ path }) => path)), ...labelKeys(labels), ...pods])];
      return [finding(policy, trouble, { remedy: remedyFor(policy, trouble, known), about })];
    });
    return verdict([...troubled, ...unknown.map(nobody)], scene.unread);
  },
});

const isAuth = ({ expression }: TelemetryLabel): boolean => asksAuth(expression);

/** Whether others are in force wherever it would be. */
function isReplaced(policy: AuthPolicy, { own, all }: { readonly own: readonly Path[]; readonly all: readonly AuthPolicy[] }): boolean {
  return isOverridden(policy) && own.every((path) => all.some((other) => other !== policy && isEnforced(other) && attached(other, path)));
}

function finding(
  policy: AuthPolicy,
  { message, saw }: { readonly message: string; readonly saw: string },
  rest: Pick<Finding, 'remedy' | 'about'>,
): Finding {
  return {
    subject: policy.subject,
    message,
    evidence: { saw, run: `kubectl -n ${policy.namespace} get authpolicy ${policy.name} -o jsonpath='{.status.conditions}'` },
    ...rest,
  };
}

function nobody({ path, labels }: { readonly path: Path; readonly labels: readonly TelemetryLabel[] }): Finding {
  const names = [...new Set(labels.map(({ label }) => label))];
  return {
    subject: path.route.subject,
    message: `no AuthPolicy is attached to it or to Gateway ${path.gateway.namespace}/${path.gateway.name}: nothing fills ${listed(names)}`,
    evidence: { saw: 'no AuthPolicy with such a targetRef', run: 'kubectl get authpolicies -A' },
    remedy: { text: `attach an AuthPolicy to it whose response.success.filters.identity has what ${listed(names)} is made of` },
    about: [routeKey(path.route), ...labelKeys(names)],
  };
}
