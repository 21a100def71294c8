import { listed } from '../../../checks/phrases.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { versionOf } from '../../../parse/versions.ts';
import { emitters } from '../facts/emitters.ts';
import { type Limitador, limitadors } from '../facts/limitadors.ts';
import { scene } from '../facts/scene.ts';
import { pathKeys } from '../phrases.ts';

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
  wants: { scene, limitadors },
  judge: ({ emitters, scene, limitadors }) => {
    if (emitters.read.length === 0 && emitters.unread.length === 0) return { status: 'skip', because: 'there is no Limitador' };
    const around: Around = {
      paths: pathKeys(scene.status === 'read' ? scene.value.paths : []),
      limitadors: limitadors.status === 'read' ? limitadors.value.objects : [],
    };
    const unknown = emitters.read.filter(({ release }) => release === null).map(({ pod }) => `${pod.namespace}/${pod.name}`);
    const note = unknown.length === 0 ? undefined : `the release of ${listed(unknown)} cannot be told from its image`;
    return verdict(
      emitters.read.filter(isOld).map((emitter) => findingOf(emitter, around)),
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

function findingOf({ subject, pod, container, release, key }: Emitter, { paths, limitadors }: Around): Finding {
  const image = pod.containers.find(({ name }) => name === container)?.image ?? '';
  return {
    subject,
    message: `it runs Limitador ${release}, which keeps no metric of reported tokens: 2.2.0 is the first that does`,
    evidence: { saw: `image: ${image}`, run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.containers[*].image}'` },
    remedy: remedyOf(pod.namespace, limitadors),
    about: [key, ...paths],
  };
}

interface Around {
  readonly paths: readonly string[];
  readonly limitadors: readonly Limitador[];
}

/** A pinned release is let go; else it is the one of the operator. */
function remedyOf(namespace: string, limitadors: readonly Limitador[]): NonNullable<Finding['remedy']> {
  const pinned = limitadors.find((each) => each.namespace === namespace && each.pins.length > 0);
  if (pinned === undefined) return { text: 'upgrade the operator to 1.3 or later, which brings a Limitador of its own' };
  const patch = pinned.pins.map((field) => ({ op: 'remove', path: `/spec/${field}` }));
  return {
    text: `let the operator choose the release: take spec.${pinned.pins.join(' and spec.')} out`,
    command: `kubectl -n ${namespace} patch limitador ${pinned.name} --type=json -p ${shellWord(JSON.stringify(patch))}`,
  };
}
