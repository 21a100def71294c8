import { patching, removing } from '../../../checks/patching.ts';
import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { records } from '../../../parse/fields.ts';
import { asksResponse, asksResponseBody } from '../expressions.ts';
import { emitters } from '../facts/emitters.ts';
import type { Limit, LimitPolicy } from '../facts/policies.ts';
import { attached, scene } from '../facts/scene.ts';
import { limitPath, pathKeys, podKeys, show } from '../phrases.ts';
import { isOverridden } from '../status.ts';

/** Limits with a condition on what is not there yet. */
export const predicateHazard = defineCheck({
  id: 'predicate-hazard',
  title: 'no token limit depends on the response',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'Whether a limit applies is decided when the request arrives. A condition on the response is never true then: the limit is reported as in force, and counts nothing.',
  fix: 'Write `when` with attributes of the request and of the caller alone: request.path, request.method, auth.identity.',
  follows: ['limits-unenforced'],
  needs: { scene },
  wants: { emitters },
  judge: ({ scene, emitters }) => {
    const own = scene.policies.filter((policy) => !isOverridden(policy));
    if (own.length === 0) return { status: 'skip', because: 'there is no TokenRateLimitPolicy' };
    const findings = own.flatMap((policy) => {
      const paths = scene.paths.filter((path) => attached(policy, path));
      return hazard(policy, [...pathKeys(paths), ...podKeys(emitters)]);
    });
    return verdict(findings);
  },
});

const isHazard = (predicate: string): boolean => asksResponse(predicate) || asksResponseBody(predicate);

/** Where conditions on the response stand: those of the whole policy come before those of the limit itself. */
function placesOf(limit: Limit): readonly (readonly [path: string, predicate: string])[] {
  const common = limit.predicates.length - records(limit.raw.when).length;
  const own = limitPath(limit);
  const whole = own.slice(0, own.indexOf('/limits/'));
  return limit.predicates.flatMap((predicate, at) => {
    if (!isHazard(predicate)) return [];
    return [[at < common ? `${whole}/when/${at}` : `${own}/when/${at - common}`, predicate] as const];
  });
}

function hazard(policy: LimitPolicy, about: readonly string[]): readonly Finding[] {
  const wrong = policy.limits.flatMap((limit) => {
    const predicate = limit.predicates.find(isHazard);
    return predicate === undefined ? [] : [{ name: limit.name, predicate, places: placesOf(limit) }];
  });
  const [first] = wrong;
  if (first === undefined) return [];
  return [
    {
      subject: policy.subject,
      message: `the condition of limit ${listed(wrong.map(({ name }) => name))} asks for the response, which is not there when it is judged: nothing is counted under it`,
      evidence: { saw: `when: ${first.predicate}`, run: show('tokenratelimitpolicy', policy) },
      remedy: patching(`take ${first.predicate} out of its when: the limit then holds for every response`, [
        policy,
        // from the last on, so that the places of the others stay
        [...new Map(wrong.flatMap(({ places }) => places))].toReversed().flatMap(([path, predicate]) => removing(path, { predicate })),
      ]),
      about,
    },
  ];
}
