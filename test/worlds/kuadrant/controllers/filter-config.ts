import type { Editable } from '../../world.ts';
import { filterConfig } from '../gateways.ts';
import { namedLimits } from './limits.ts';
import { nameOf, type Place, present } from './present.ts';
import { attachedTo, isEnforced, type Path } from './topology.ts';

/**
 * What the operator tells its filter of a Gateway; null: no policy is in force there. Labels of TelemetryPolicies that are in force, and for
 * each route what to ask and what to report: limits that mention no auth come before authentication (kuadrant-operator internal/wasm, HasAuthAccess; issue 2279).
 */
export async function configOf(place: Place, gateway: Editable, paths: readonly Path[]): Promise<Editable | null> {
  const inForce = async (kind: 'AuthPolicy' | 'TokenRateLimitPolicy' | 'TelemetryPolicy'): Promise<readonly Editable[]> =>
    (await present(place, kind)).filter(isEnforced);
  const [auth, tokens, telemetry] = [await inForce('AuthPolicy'), await inForce('TokenRateLimitPolicy'), await inForce('TelemetryPolicy')];
  if (![...auth, ...tokens].some((policy) => paths.some((path) => attachedTo(policy, path)))) return null;
  const labels = telemetry
    .filter(({ metadata, spec }) => metadata.namespace === gateway.metadata.namespace && spec.targetRef.name === gateway.metadata.name)
    .map(({ spec }) => spec.metrics?.default?.labels ?? {});
  const { actionSets, ...rest }: Editable = filterConfig(Object.assign({}, ...labels));
  const sets = paths.map((path) => ({ ...actionSets[0], name: nameOf(path.route), actions: actionsOf(path, auth, tokens) }));
  return { ...rest, actionSets: sets };
}

function actionsOf(path: Path, auth: readonly Editable[], tokens: readonly Editable[]): readonly Editable[] {
  const known = auth.some((policy) => attachedTo(policy, path)) ? [{ service: 'auth-service', scope: nameOf(path.route) }] : [];
  const limits = tokens.filter((policy) => attachedTo(policy, path)).flatMap(namedLimits);
  const asksAuth = limits.some(({ predicates, counters }) => [...predicates, ...counters].some((each) => each.includes('auth.')));
  if (limits.length === 0) return known;
  const data = (key: string, value: string): Editable => ({ expression: { key, value } });
  const counted = (service: string, addend: string): Editable => ({
    service,
    scope: nameOf(path.route),
    conditionalData: limits.map(({ identifier, predicates, counters }) => ({
      predicates,
      data: [data(identifier, '1'), ...counters.map((each) => data(each, each)), data('ratelimit.hits_addend', addend)],
    })),
  });
  const reports = [counted('ratelimit-check-service', '0'), counted('ratelimit-report-service', 'responseBodyJSON("/usage/total_tokens")')];
  return asksAuth ? [...known, ...reports] : [...reports, ...known];
}
