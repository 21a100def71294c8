import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { number, record } from '../../../parse/fields.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { type Health, healths } from '../facts/healths.ts';
import { type Instances, instances } from '../facts/instances.ts';
import { healthPath } from '../names.ts';
import { ask, kubectlName } from '../phrases.ts';

/** Pods that do not say they are well, and workloads without any. */
export const healthFailing = defineCheck({
  id: 'health-failing',
  title: 'every pod answers that it is well',
  hop: 'emit',
  severity: 'error',
  why: 'A pod that does not answer serves no requests and shows no counters. Nothing further down can be true while it lasts.',
  fix: 'Read the log of the container, and see that its database answers and that PORT is the port the pod declares.',
  needs: { healths, instances },
  judge: ({ healths, instances }) => {
    const missing = podless(instances);
    if (healths.read.length === 0 && healths.unread.length === 0 && missing.length === 0)
      return { status: 'skip', because: 'no workload asks for a pod' };
    return verdict([...missing, ...healths.read.flatMap(finding)], healths.unread);
  },
});

function podless({ workloads, read, unread }: Instances): readonly Finding[] {
  if (unread.length > 0) return [];
  return workloads
    .filter(({ raw, subject }) => number(record(raw.spec).replicas) !== 0 && !read.some(({ workload }) => workload?.subject === subject))
    .filter(({ kind, raw }) => kind !== 'DaemonSet' || number(record(raw.status).desiredNumberScheduled) !== 0)
    .map(({ subject, namespace, name, kind }) => ({
      subject,
      message: 'it has no pod: nothing serves requests or counts tokens',
      evidence: { saw: 'no pod with its labels', run: `kubectl -n ${namespace} get pods` },
      remedy: { text: 'see why its pods are not created', command: `kubectl -n ${namespace} describe ${kind.toLowerCase()} ${name}` },
    }));
}

function finding({ instance, trouble }: Health): readonly Finding[] {
  if (trouble === null) return [];
  const { subject, key, pod, container, workload } = instance;
  return [
    {
      subject,
      message: `it is not well: ${trouble}`,
      evidence: { saw: trouble, run: ask(instance, healthPath) },
      remedy: {
        text: `see what ${kubectlName(workload, pod)} says, and whether its database answers`,
        command: `kubectl -n ${pod.namespace} logs ${pod.name} -c ${shellWord(container.name)} --tail=50`,
      },
      about: [key],
    },
  ];
}
