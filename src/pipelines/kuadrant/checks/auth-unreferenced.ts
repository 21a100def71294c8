import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { asksAuth } from '../expressions.ts';
import { emissions } from '../facts/emissions.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { labelKeys, show } from '../phrases.ts';
import { isOverridden } from '../status.ts';
import { labelsAt, type TelemetryLabel } from '../telemetry.ts';
import { trafficOf } from '../traffic.ts';

/** Limits that come before the caller is known, because they do not ask who it is. */
export const authUnreferenced = defineCheck({
  id: 'auth-unreferenced',
  title: 'token limits are judged after the caller is known',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'Limits that mention no auth are put in front of authentication. Labels made of auth.identity are empty there, and left out without a word.',
  fix: 'Let a limit of the policy count by caller: `counters: [{expression: auth.identity.userid}]`.',
  follows: ['limits-unenforced', 'auth-unenforced'],
  needs: { scene, telemetryPolicies },
  wants: { emissions },
  judge: ({ scene, telemetryPolicies, emissions }) => {
    const labelled = scene.paths
      .map((path) => ({
        path,
        labels: labelsAt(path.gateway, telemetryPolicies.policies).filter(({ expression }) => asksAuth(expression)),
      }))
      .filter(({ labels }) => labels.length > 0);
    if (labelled.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no label of a route with token limits is made of auth' };
    const seen = emissions.status === 'read' ? emissions.value.read : [];
    const findings = labelled
      .filter(({ path }) => !mentionsAuth(path))
      .flatMap(({ path, labels }) => {
        const { series } = trafficOf(seen, path.route);
        const lost = labels.filter(({ label }) => series.every((entry) => (entry.labels[label] ?? '') === ''));
        return lost.length === 0 ? [] : [findingOf(path, lost)];
      });
    return verdict(findings, scene.unread);
  },
});

/** What the operator looks for as well: internal/wasm HasAuthAccess. */
function mentionsAuth({ limits }: Path): boolean {
  return limits
    .filter((policy) => !isOverridden(policy))
    .flatMap((policy) => policy.limits)
    .some(({ predicates, counters }) => [...predicates, ...counters].some(asksAuth));
}

function findingOf({ limits, route }: Path, labels: readonly TelemetryLabel[]): Finding {
  const policy = limits.find((each) => !isOverridden(each)) ?? limits[0];
  const names = [...new Set(labels.map(({ label }) => label))];
  const key = /auth\.identity\.\w+/.exec(labels[0]?.expression ?? '')?.[0] ?? 'auth.identity.userid';
  const expressions = policy?.limits.flatMap(({ predicates, counters }) => [...predicates, ...counters]) ?? [];
  return {
    subject: policy?.subject ?? route.subject,
    message: `none of its limits mentions auth, so that they are judged before the caller is known: ${listed(names)} stay${names.length === 1 ? 's' : ''} away`,
    evidence: { saw: `when and counters: ${expressions.join(' ; ') || 'none'}`, run: show('tokenratelimitpolicy', policy ?? route) },
    remedy: { text: `add counters: [{expression: ${key}}] to a limit`, ...patchOf(policy?.limits[0]?.name, key) },
    about: [routeKey(route), ...labelKeys(names)],
  };
}

function patchOf(limit: string | undefined, key: string): { readonly patch?: unknown } {
  return limit === undefined ? {} : { patch: { spec: { limits: { [limit]: { counters: [{ expression: key }] } } } } };
}
