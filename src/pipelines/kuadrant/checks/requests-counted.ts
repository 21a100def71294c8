import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { type LimitPolicy, ratePolicies } from '../facts/policies.ts';
import { attached, type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { nameOf, show } from '../phrases.ts';
import { isEnforced } from '../status.ts';
import { type Traffic, trafficOf } from '../traffic.ts';

/** Requests among the tokens: every call that a RateLimitPolicy lets pass adds one to the same counter. */
export const requestsCounted = defineCheck({
  id: 'requests-counted',
  title: 'the token counter counts tokens alone',
  hop: 'emit',
  severity: 'warning',
  why: 'The limiter adds one to the token counter for each request that a limit of requests lets pass. Sums are tokens and requests together, and no label tells them apart.',
  fix: 'Put limits of requests and of tokens on different routes, by a `targetRef` that leaves the routes of the models to the TokenRateLimitPolicy.',
  follows: ['tokens-unextracted'],
  needs: { scene },
  wants: { ratePolicies, emissions },
  judge: ({ scene, ratePolicies, emissions }) => {
    if (scene.paths.length === 0)
      return scene.unread.length > 0
        ? { status: 'unknown', unread: scene.unread }
        : { status: 'skip', because: 'no route has token limits' };
    if (ratePolicies.status === 'unread') return { status: 'unknown', unread: [ratePolicies.unread] };
    const seen = emissions.status === 'read' ? emissions.value.read : [];
    const routes = [...new Map(scene.paths.map((path) => [nameOf(path.route), path])).values()];
    const findings = routes.flatMap((path) => {
      const policy = ratePolicies.value.policies.find((each) => isEnforced(each) && each.limits.length > 0 && attached(each, path));
      const traffic = trafficOf(seen, path.route);
      return policy === undefined ? likeRequests(path, traffic) : [mixed(path, policy, traffic)];
    });
    return verdict(findings, scene.unread);
  },
});

function mixed({ route }: Path, policy: LimitPolicy, { calls, hits }: Traffic): Finding {
  return {
    subject: route.subject,
    message: `${policy.subject} limits requests on it as well: authorized_hits of ${nameOf(route)} is tokens and requests together`,
    evidence: {
      saw: hits === 0 ? `${policy.subject} is in force` : `authorized_hits ${hits}, authorized_calls ${calls}`,
      run: show('ratelimitpolicy', policy),
    },
    remedy: { text: `take ${policy.subject} off this route: a request more is a token more` },
    about: [routeKey(route)],
  };
}

/** From so many calls on the ratio tells something. */
const telling = 20;

function likeRequests({ route }: Path, { calls, hits }: Traffic): readonly Finding[] {
  if (calls < telling || hits === 0 || hits / calls >= 2) return [];
  return [
    {
      subject: route.subject,
      message: `${hits} tokens in ${calls} requests: less than two each looks like requests that were counted instead`,
      evidence: {
        saw: `authorized_hits ${hits}, authorized_calls ${calls} for ${nameOf(route)}`,
        run: 'kubectl get ratelimitpolicies,tokenratelimitpolicies -A',
      },
      remedy: { text: 'see that the limit is in a TokenRateLimitPolicy, and that responses carry usage.total_tokens' },
      about: [routeKey(route)],
    },
  ];
}
