import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { withoutEndSlashes } from '../../../parse/slashes.ts';
import { pathsOf, tellsRequests } from '../conditions.ts';
import { emitters } from '../facts/emitters.ts';
import type { Route, RouteMatch } from '../facts/gateways.ts';
import type { LimitPolicy } from '../facts/policies.ts';
import { attached, type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { pathKeys, podKeys, show } from '../phrases.ts';
import { isOverridden } from '../status.ts';

/**
 * What routes serve and no limit applies to. A route that takes every path, as in the guide of token limits, is told of in a note:
 * nobody knows what else the models answer. One that names another endpoint of models serves it on purpose.
 */
export const pathsUnlimited = defineCheck({
  id: 'paths-unlimited',
  title: 'token limits apply to the paths that routes serve',
  hop: 'configure',
  severity: 'warning',
  inObjects: true,
  why: 'Tokens are counted for requests that meet the condition of a limit. A condition on one path leaves every other endpoint of the models uncounted, and nothing is refused there.',
  fix: 'Name every served path in `when`: `request.path in ["/v1/chat/completions", "/v1/completions"]`, spelled as clients send them.',
  follows: ['limits-unenforced', 'gateway-unready', 'predicate-hazard'],
  needs: { scene },
  wants: { emitters },
  judge: ({ scene, emitters }, { namespace }) => {
    const served = servedIn(scene.paths);
    if (served.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no route has token limits' };
    const policies = [...new Set(served.flatMap(({ policies }) => policies))];
    // A policy of a Gateway is there for all its routes, and those of other namespaces were not asked about.
    const whole = policies.filter(({ target }) => target.kind !== 'Gateway' || namespace === null);
    const met = whole.flatMap((policy) => unmet(policy, scene.paths, podKeys(emitters)));
    const findings = met.length > 0 ? met : served.flatMap(named);
    const notes = [...new Set(served.flatMap(noteOf))];
    return verdict(findings, scene.unread, notes.length === 0 ? undefined : notes.join('; '));
  },
});

/** A route, and the policies in force on it. */
interface Served {
  readonly route: Route;
  readonly policies: readonly [LimitPolicy, ...LimitPolicy[]];
  /** The paths that their conditions name; null: some limit names none, and applies to others. */
  readonly limited: readonly string[] | null;
}

function servedIn(paths: readonly Path[]): readonly Served[] {
  return [...new Set(paths.map(({ route }) => route))].flatMap((route) => {
    const limits = paths.filter((path) => path.route === route).flatMap((path) => path.limits);
    const [first, ...others] = [...new Set(limits)].filter((policy) => !isOverridden(policy) && policy.limits.length > 0);
    return first === undefined ? [] : [{ route, policies: [first, ...others], limited: limitedBy([first, ...others]) }];
  });
}

function limitedBy(policies: readonly LimitPolicy[]): readonly string[] | null {
  const each = policies.flatMap(({ limits }) => limits).map(({ predicates }) => pathsOf(predicates));
  return each.every((known) => known !== null) ? [...new Set(each.flat())] : null;
}

/** No request that its routes take can meet the conditions: most often they name a path as it is after a rewrite. */
function unmet(policy: LimitPolicy, all: readonly Path[], pods: readonly string[]): readonly Finding[] {
  const paths = all.filter((path) => attached(policy, path));
  const routes = [...new Set(paths.map(({ route }) => route))];
  const [route] = routes;
  const limited = limitedBy([policy]);
  if (route === undefined || limited === null || limited.length === 0) return [];
  if (routes.some((each) => limited.some((path) => takes(each, path)))) return [];
  const taken = [...new Set(routes.flatMap(({ matches }) => matches.map(matchText)))];
  return [
    {
      subject: policy.subject,
      message: `its limits apply to ${listed(limited)}, and ${listed(routes.map(({ subject }) => subject))} takes no such request: nothing is counted under them`,
      evidence: { saw: `matches: ${listed(taken)}`, run: show('httproute', route) },
      remedy: { text: `write the path in when as clients send it, before any rewrite: the route takes ${listed(taken)}` },
      about: [...pathKeys(paths), ...pods],
    },
  ];
}

/** Endpoints whose answers have usage: vllm entrypoints/openai/api_server.py; the path may begin with more. */
const ofModels = ['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses', '/v1/messages'];

/** The route names endpoints of models to which no limit applies. */
function named({ route, policies: [policy], limited }: Served): readonly Finding[] {
  if (limited === null) return [];
  const left = route.matches.flatMap(({ path, method }) => {
    const bare = withoutEndSlashes(path ?? '');
    const ofModel = ofModels.some((known) => bare.endsWith(known)) && (method === null || method === 'POST');
    return ofModel && !limited.some((each) => each === bare || each.startsWith(`${bare}/`)) ? [bare] : [];
  });
  const names = [...new Set(left)];
  if (names.length === 0) return [];
  return [
    {
      subject: policy.subject,
      message: `its limits apply to ${listed(limited)} alone, and ${route.subject} serves ${listed(names)} as well: their tokens are counted under no limit`,
      evidence: { saw: `request.path in limits: ${listed(limited)}; in the route: ${listed(names)}`, run: show('httproute', route) },
      remedy: { text: `let a limit apply to them: request.path in [${[...limited, ...names].map((each) => `"${each}"`).join(', ')}]` },
      about: [routeKey(route)],
    },
  ];
}

/** What is as someone may have meant it. */
function noteOf({ route, policies, limited }: Served): readonly string[] {
  if (limited !== null) {
    const others = ofModels.filter((path) => !limited.includes(path) && takes(route, path));
    return others.length === 0 || named({ route, policies, limited }).length > 0
      ? []
      : [`${route.subject} takes more paths than ${listed(limited)}, the only ones whose tokens are counted`];
  }
  const lists = policies.flatMap(({ limits }) => limits).filter(({ predicates }) => !tellsRequests(predicates));
  return lists.length === 0 || !takes(route, '/v1/models', 'GET')
    ? []
    : [
        `limit ${listed(lists.map(({ name }) => name))} applies to lists of models too, which have no usage: request.method == "POST" leaves them out`,
      ];
}

/** Whether some match of the route may take the path; a regular expression may. */
function takes({ matches }: Route, path: string, method = 'POST'): boolean {
  return matches.some((match) => (match.method === null || match.method === method) && isTaken(match, path));
}

function isTaken({ path, whole }: RouteMatch, asked: string): boolean {
  if (path === null || path === asked) return true;
  return !whole && (path === '/' || asked.startsWith(`${withoutEndSlashes(path)}/`));
}

const matchText = ({ path, whole }: RouteMatch): string =>
  path === null ? 'a regular expression' : whole ? path : `${withoutEndSlashes(path)}/…`;
