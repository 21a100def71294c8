import { stateText } from '../../../checks/phrases.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { isStarting, lastWords, stateOf } from '../containers.ts';
import { emitters } from '../facts/emitters.ts';
import { kuadrants } from '../facts/kuadrants.ts';
import { type Limitador, limitadors } from '../facts/limitadors.ts';
import { podKey } from '../names.ts';
import { show } from '../phrases.ts';
import { printed, said } from '../status.ts';

/** The server that counts tokens does not run. */
export const limitadorUnready = defineCheck({
  id: 'limitador-unready',
  title: 'every limiter is ready',
  hop: 'configure',
  severity: 'error',
  why: 'The limiter keeps the counters in its memory. Proxies let requests pass without it, so that nobody notices while nothing is counted.',
  fix: 'Read why with `kubectl -n kuadrant-system describe pod -l app=limitador` and `kubectl -n kuadrant-system logs deployment/limitador-limitador --previous`.',
  follows: ['crds-missing'],
  needs: { emitters },
  wants: { limitadors, kuadrants },
  judge: ({ emitters, limitadors, kuadrants }, { selector }) => {
    const objects = limitadors.status === 'read' ? limitadors.value.objects : [];
    const wanted = objects.length > 0 || (kuadrants.status === 'read' && kuadrants.value.objects.length > 0);
    const unread = [...emitters.unread, ...(limitadors.status === 'unread' ? [limitadors.unread] : [])];
    const pods = emitters.read.flatMap(unreadyPod);
    if (pods.length > 0) return verdict(pods, unread);
    const troubled = objects.flatMap((object) => unreadyObject(object, emitters.read));
    if (troubled.length > 0) return verdict(troubled, unread);
    if (emitters.read.length > 0 || unread.length > 0) return verdict([], unread);
    if (selector !== null) return { status: 'skip', because: `no Limitador has the labels ${selector}` };
    return wanted ? verdict([absent(objects)]) : { status: 'skip', because: 'there is no Kuadrant object, and no Limitador without it' };
  },
});

/** How long a container may take to become ready before that is trouble, in seconds. */
const patience = 120;

function unreadyPod({ pod, container, subject, key }: Emitter): readonly Finding[] {
  const state = stateOf(pod, container);
  if (state?.ready || (state === null && pod.ready)) return [];
  const words = lastWords(state);
  const crashed = (state?.restarts ?? 0) > 0;
  const logs = `kubectl -n ${pod.namespace} logs ${pod.name} -c ${shellWord(container)}${crashed ? ' --previous' : ''}`;
  const started = Date.parse(state?.startedAt ?? '');
  const young = isStarting(state) && !Number.isNaN(started) && started - Date.parse(pod.metadata.creationTimestamp ?? '') < patience * 1000;
  return [
    {
      subject,
      message: `container ${container} is not ready: ${stateText(state)}${words === null ? '' : `; it said: ${words}`}`,
      evidence: { saw: words ?? stateText(state), run: `kubectl -n ${pod.namespace} describe pod ${pod.name}` },
      remedy: { text: 'read why it ends or does not become ready', command: logs },
      ...(young && state?.state === 'waiting' ? { severity: 'warning' as const } : {}),
      about: [key],
    },
  ];
}

function unreadyObject(object: Limitador, emitters: readonly Emitter[]): readonly Finding[] {
  const ready = object.conditions.find(({ type }) => type === 'Ready');
  if (ready === undefined || ready.status === 'True') return [];
  const own = emitters.filter(({ pod }) => pod.namespace === object.namespace).map(({ pod }) => podKey(pod));
  return [
    {
      subject: object.subject,
      message: `it is not ready: ${said(ready)}`,
      evidence: { saw: printed(ready), run: show('limitador', object) },
      remedy: { text: 'mend what the condition names', command: `kubectl -n ${object.namespace} get deployments,pods -l app=limitador` },
      ...(own.length === 0 ? {} : { about: own }),
    },
  ];
}

/** About everything: nothing counts. */
function absent([object]: readonly Limitador[]): Finding {
  const namespace = object?.namespace ?? 'kuadrant-system';
  const name = `limitador-${object?.name ?? 'limitador'}`;
  return {
    subject: object?.subject ?? `Deployment ${namespace}/${name}`,
    message: 'no pod of a Limitador runs: nothing counts tokens',
    evidence: {
      saw: '0 pods with label app=limitador or the image of Limitador',
      run: `kubectl -n ${namespace} get deployments,pods -l app=limitador`,
    },
    remedy: {
      text: 'see what keeps the pods of its Deployment away, and that it is not scaled to zero',
      command: `kubectl -n ${namespace} describe deployment ${name}`,
    },
  };
}
