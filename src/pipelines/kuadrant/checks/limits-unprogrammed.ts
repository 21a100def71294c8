import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emitters } from '../facts/emitters.ts';
import { type Limitador, limitadors } from '../facts/limitadors.ts';
import { operators } from '../facts/operator.ts';
import { type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { nameOf, podKeys } from '../phrases.ts';
import { restart } from '../status.ts';

/** Limits that did not reach Limitador. */
export const limitsUnprogrammed = defineCheck({
  id: 'limits-unprogrammed',
  title: 'the limiter knows the token limits of every route',
  hop: 'configure',
  severity: 'error',
  why: 'The limiter counts what its own list of limits names. A route that is not in it is not limited, and a policy that is reported as in force is not.',
  fix: 'See that the policy is accepted, then `kubectl -n kuadrant-system rollout restart deployment/kuadrant-operator-controller-manager`.',
  follows: ['crds-missing', 'kuadrant-unready', 'limitador-unready', 'provider-unknown', 'gateway-unready', 'limits-unenforced'],
  needs: { scene, limitadors },
  wants: { operators, emitters },
  judge: ({ scene, limitadors, operators, emitters }) => {
    const limited = scene.paths.filter(({ limits }) => limits.some((policy) => policy.limits.length > 0));
    if (limited.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no route has token limits' };
    if (limitadors.objects.length === 0) return { status: 'skip', because: 'there is no Limitador object' };
    const known = operators.status === 'read' ? operators.value : [];
    const names = new Map(limited.filter((path) => !isProgrammed(path, limitadors.objects)).map((path) => [nameOf(path.route), path]));
    const restarting = restart(known);
    return verdict(
      [...names.values()].map((path) => findingOf(path, limitadors.objects, { restarting, pods: podKeys(emitters) })),
      scene.unread,
    );
  },
});

/** Identifiers: kuadrant-operator internal/controller/ratelimit_workflow_helpers.go TokenLimitNameToLimitadorIdentifier. */
function isProgrammed({ route }: Path, limitadors: readonly Limitador[]): boolean {
  const own = limitadors.flatMap(({ limits }) => limits).filter(({ namespace }) => namespace === nameOf(route));
  return own.some(({ conditions }) => conditions.some((condition) => condition.includes('tokenlimit.')));
}

function findingOf(
  { route, limits }: Path,
  limitadors: readonly Limitador[],
  { restarting, pods }: { readonly restarting: string; readonly pods: readonly string[] },
): Finding {
  const [limitador] = limitadors as readonly [Limitador];
  const others = [...new Set(limitadors.flatMap((each) => each.limits).map(({ namespace }) => namespace))];
  return {
    subject: limitador.subject,
    message: `spec.limits has no token limit for ${nameOf(route)}, although ${limits[0]?.subject} asks for one`,
    evidence: {
      saw: others.length === 0 ? 'spec.limits: none' : `spec.limits for ${others.join(', ')}`,
      run: `kubectl -n ${limitador.namespace} get limitador ${limitador.name} -o jsonpath='{.spec.limits}'`,
    },
    remedy: { text: 'let the operator write them anew', command: restarting },
    about: [routeKey(route), ...pods],
  };
}
