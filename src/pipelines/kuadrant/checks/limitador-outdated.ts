import type { Emitter } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { versionOf } from '../../../parse/versions.ts';
import { emitters } from '../facts/emitters.ts';
import { scene } from '../facts/scene.ts';
import { listed, pathKeys } from '../phrases.ts';

/** A Limitador that cannot count tokens: up to 2.1 it says nothing of what proxies report after the response. */
export const limitadorOutdated = defineCheck({
  id: 'limitador-outdated',
  title: 'every limiter is of a release that counts tokens',
  hop: 'configure',
  severity: 'error',
  why: 'Before 2.2 the limiter keeps no metric of the tokens that are reported to it, and before 2.1 no label of whose they are. The limits work, so that nothing seems wrong.',
  fix: 'Let the operator choose the image: remove `spec.image` and `spec.version` from the `Limitador` object, and upgrade the operator to 1.3 or later.',
  follows: ['crds-missing'],
  needs: { emitters },
  wants: { scene },
  judge: ({ emitters, scene }) => {
    if (emitters.read.length === 0 && emitters.unread.length === 0) return { status: 'skip', because: 'there is no Limitador' };
    const paths = scene.status === 'read' ? scene.value.paths : [];
    const unknown = emitters.read.filter(({ release }) => release === null).map(({ pod }) => `${pod.namespace}/${pod.name}`);
    const note = unknown.length === 0 ? undefined : `the release of ${listed(unknown)} cannot be told from its image`;
    return verdict(
      emitters.read.filter(isOld).map((emitter) => findingOf(emitter, pathKeys(paths))),
      emitters.unread,
      note,
    );
  },
});

/** limitador-server at the tags: authorized_hits of Report calls came with 2.2.0. */
function isOld({ release }: Emitter): boolean {
  const version = versionOf(release);
  return version !== null && (version.major < 2 || (version.major === 2 && version.minor < 2));
}

function findingOf({ subject, pod, container, release, key }: Emitter, paths: readonly string[]): Finding {
  const image = pod.containers.find(({ name }) => name === container)?.image ?? '';
  return {
    subject,
    message: `it runs Limitador ${release}, which keeps no metric of reported tokens: 2.2.0 is the first that does`,
    evidence: { saw: `image: ${image}`, run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.containers[*].image}'` },
    remedy: {
      text: 'let the operator choose the image, and upgrade it to 1.3 or later',
      command: `kubectl -n ${pod.namespace} patch limitador limitador --type=json -p '[{"op":"remove","path":"/spec/image"}]'`,
    },
    about: [key, ...paths],
  };
}
