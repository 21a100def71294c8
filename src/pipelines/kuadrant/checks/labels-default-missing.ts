import type { Emitter } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emitters } from '../facts/emitters.ts';
import { type Limitador, limitadors } from '../facts/limitadors.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { exposedLabel, labelsExpression } from '../names.ts';
import { labelKeys, merging } from '../phrases.ts';
import { labelsOf } from '../telemetry.ts';

/** A Limitador that was not told where the labels of TelemetryPolicies are. */
export const labelsDefaultMissing = defineCheck({
  id: 'labels-default-missing',
  title: 'every limiter takes the labels that come with each report',
  hop: 'configure',
  severity: 'error',
  why: 'The labels travel to the limiter as a second descriptor, and it looks at that only when it is told to. Without it all tokens of a route are one series.',
  fix: 'Set it on the object of the limiter: `kubectl -n kuadrant-system patch limitador limitador --type merge -p \'{"spec":{"metricLabelsDefault":"descriptors[1]"}}\'`.',
  follows: ['limitador-outdated'],
  needs: { emitters, telemetryPolicies },
  wants: { limitadors },
  judge: ({ emitters, telemetryPolicies, limitadors }, { expectLabels }) => {
    const labels = [...telemetryPolicies.policies.flatMap(labelsOf).map(({ label }) => label), ...expectLabels.map(exposedLabel)];
    if (labels.length === 0) return { status: 'skip', because: 'no TelemetryPolicy asks for labels and none is expected' };
    if (emitters.read.length === 0 && emitters.unread.length === 0) return { status: 'skip', because: 'there is no Limitador' };
    const objects = limitadors.status === 'read' ? limitadors.value.objects : [];
    return verdict(
      emitters.read.flatMap((emitter) => findingOf(emitter, objects, labelKeys(labels))),
      emitters.unread,
    );
  },
});

/** limitador-server src/main.rs. A file of labels does without it. */
const flag = '--metric-labels-default';
const file = /^(-L|--custom-metric-labels)(=|$)/;

function findingOf(emitter: Emitter, objects: readonly Limitador[], labels: readonly string[]): readonly Finding[] {
  const { pod, subject, key } = emitter;
  const container = pod.containers.find(({ name }) => name === emitter.container);
  const words = [...(container?.command ?? []), ...(container?.args ?? [])];
  const given = valueIn(words);
  if (given === labelsExpression || words.some((word) => file.test(word))) return [];
  const object = objects.find(({ namespace }) => namespace === pod.namespace);
  return [
    {
      subject,
      message:
        given === null
          ? `it runs without ${flag}: no label of a TelemetryPolicy reaches its counters`
          : `it runs with ${flag} ${given}, and the labels of TelemetryPolicies are in ${labelsExpression}`,
      evidence: {
        saw: given === null ? `no ${flag}` : `${flag} ${given}`,
        run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.containers[*].command}{.spec.containers[*].args}'`,
      },
      remedy: remedyOf(emitter, object),
      about: [key, ...labels],
    },
  ];
}

function valueIn(words: readonly string[]): string | null {
  const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  if (at === -1) return null;
  return words[at]?.startsWith(`${flag}=`) ? (words[at]?.slice(flag.length + 1) ?? null) : (words[at + 1] ?? '');
}

function remedyOf({ pod }: Emitter, object: Limitador | undefined): NonNullable<Finding['remedy']> {
  const patch = { spec: { metricLabelsDefault: labelsExpression } };
  const named = object ?? { namespace: pod.namespace, name: 'limitador' };
  if (object?.labels === labelsExpression)
    return {
      text: 'the Limitador object asks for it already: let its operator make the Deployment anew',
      command: `kubectl -n ${object.namespace} delete deployment limitador-${object.name}`,
    };
  return { text: 'set spec.metricLabelsDefault on the Limitador object', command: merging('limitador', named, patch), patch };
}
