import { stateText } from '../../../checks/phrases.ts';
import type { ContainerState, Pod } from '../../../facts/pods.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { isCrashing, isStarting, lastWords, quoted } from '../container-state.ts';
import { type Controller, controllerPods, controllers } from '../facts/controller.ts';
import { podKey } from '../names.ts';

/**
 * A controller that does not run as its Deployment says. A mapping that does not parse makes the program exit, and that is the root then: it says
 * what is wrong and where, while this only says that something is. So a crash follows mapping-invalid (its finding is about everything), and an
 * image that cannot be pulled does not (its finding is about the pod).
 */
export const controllerUnready = defineCheck({
  id: 'controller-unready',
  title: 'every pod of the controller is ready',
  hop: 'configure',
  severity: 'error',
  why: 'A controller that does not start leaves the old one serving its old settings, so that a change seems to have no effect. When none is left, new proxies get no sidecar.',
  fix: 'Read its last words with `kubectl -n NAMESPACE logs deployment/NAME --previous` and correct the flag they name.',
  follows: ['mapping-invalid'],
  needs: { controllers },
  wants: { pods: controllerPods },
  judge: ({ controllers, pods }) => {
    const findings = controllers.flatMap((controller) => {
      const own = pods.status === 'read' ? pods.value.get(controller.key) : undefined;
      return [...scaledDown(controller), ...(own === undefined ? behind(controller) : troubled(controller, own))];
    });
    if (controllers.length === 0) return { status: 'skip', because: 'there is no controller' };
    return verdict(findings, pods.status === 'unread' && findings.length === 0 ? [pods.unread] : []);
  },
});

function scaledDown({ subject, deployment }: Controller): readonly Finding[] {
  if (deployment.replicas > 0) return [];
  const { namespace, name } = deployment;
  const command = `kubectl -n ${namespace} scale deployment ${name} --replicas=1`;
  const evidence = { saw: 'spec.replicas: 0', run: `kubectl -n ${namespace} get deployment ${name}` };
  return [{ subject, message: 'the controller is scaled to zero', evidence, remedy: { text: 'scale it up', command } }];
}

function troubled(controller: Controller, pods: readonly Pod[]): readonly Finding[] {
  const living = pods.filter((pod) => !pod.deleting && pod.phase !== 'Failed' && pod.phase !== 'Succeeded');
  const unwell = living.flatMap((pod) => {
    const state = pod.states.find(({ name }) => name === controller.container.name) ?? null;
    return state?.ready ? [] : [{ pod, state }];
  });
  const serving = living.length - unwell.length;
  const found = unwell.filter(({ state }) => !(isStarting(state) && serving > 0));
  if (living.length === 0 && controller.deployment.replicas > 0) return noPods(controller);
  return found.map(({ pod, state }) => unwellPod(controller, pod, state, serving));
}

function unwellPod({ subject, deployment }: Controller, pod: Pod, state: ContainerState | null, serving: number): Finding {
  const words = lastWords(state);
  const crashing = state !== null && isCrashing(state);
  const behindOld =
    serving > 0
      ? `; ${serving} other pod${serving === 1 ? '' : 's'} still serve${serving === 1 ? 's' : ''}, with the settings from before`
      : '';
  const logs = `kubectl -n ${pod.namespace} logs ${pod.name}${crashing ? ' --previous' : ''}`;
  const finding: Finding = {
    subject,
    message: `pod ${pod.name} is not ready: ${stateText(state)}${behindOld}${quoted(state)}`,
    evidence: { saw: words ?? stateText(state), run: words === null ? logs : `kubectl -n ${pod.namespace} describe pod ${pod.name}` },
    remedy: {
      text: `correct what its last words name, then watch kubectl -n ${deployment.namespace} rollout status deployment/${deployment.name}`,
      command: logs,
    },
  };
  return crashing ? finding : { ...finding, about: [podKey(pod)] };
}

function noPods({ subject, deployment }: Controller): readonly Finding[] {
  const { namespace, name, conditions } = deployment;
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  const saw = failure?.message ?? `${deployment.ready} of ${deployment.replicas} replicas are ready`;
  return [
    {
      subject,
      message: `the controller has no pods: ${saw}`,
      evidence: { saw, run: `kubectl -n ${namespace} describe deployment ${name}` },
    },
  ];
}

/** Without its pods the Deployment's own numbers have to do. */
function behind({ subject, deployment }: Controller): readonly Finding[] {
  const { namespace, name, replicas, ready, updated, conditions } = deployment;
  const stuck = conditions.find(({ type, status }) => type === 'Progressing' && status === 'False');
  if (stuck === undefined && ready >= replicas && updated >= replicas) return [];
  const saw = `replicas: ${replicas}, ready: ${ready}, updated: ${updated}${stuck?.message == null ? '' : `; ${stuck.message}`}`;
  const evidence = { saw, run: `kubectl -n ${namespace} describe deployment ${name}` };
  return [{ subject, message: 'the controller does not run as its Deployment says', evidence }];
}
