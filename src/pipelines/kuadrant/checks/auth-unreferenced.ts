import { patching } from '../../../checks/patching.ts';
import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { records } from '../../../parse/fields.ts';
import { asksAuth } from '../expressions.ts';
import { emissions } from '../facts/emissions.ts';
import { type LimitPolicy, telemetryPolicies } from '../facts/policies.ts';
import { type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { labelKeys, limitPath, show } from '../phrases.ts';
import { isOverridden } from '../status.ts';
import { callerOf, labelsAt, type TelemetryLabel } from '../telemetry.ts';
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
  const expressions = policy?.limits.flatMap(({ predicates, counters }) => [...predicates, ...counters]) ?? [];
  return {
    subject: policy?.subject ?? route.subject,
    message: `none of its limits mentions auth, so that they are judged before the caller is known: ${listed(names)} stay${names.length === 1 ? 's' : ''} away`,
    evidence: { saw: `when and counters: ${expressions.join(' ; ') || 'none'}`, run: show('tokenratelimitpolicy', policy ?? route) },
    remedy: remedyOf(policy, callerOf(labels.map(({ expression }) => expression))),
    about: [routeKey(route), ...labelKeys(names)],
  };
}

/** The first limit counts by caller from then on, and stays what it was for each of them. */
function remedyOf(policy: LimitPolicy | undefined, expression: string): Remedy {
  const [limit] = policy?.limits ?? [];
  const text = `add counters: [{expression: ${expression}}] to a limit, which then counts by caller`;
  if (policy === undefined || limit === undefined) return { text };
  const path = `${limitPath(limit)}/counters`;
  const kept = records(limit.raw.counters).length > 0;
  const counter = { expression };
  return patching(text, [policy, [{ op: 'add', path: kept ? `${path}/-` : path, value: kept ? counter : [counter] }]]);
}
