import { listed } from '../../checks/phrases.ts';
import type { Emission } from '../../facts/emitters.ts';
import type { Remedy } from '../../model/check.ts';
import type { Attempt } from '../../model/fact.ts';
import type { Many } from '../../model/source.ts';
import { grouped } from '../../parse/grouped.ts';
import { pointer } from '../../parse/patch.ts';
import { shellWord } from '../../parse/shell-word.ts';
import { limitadorLabels } from './names.ts';
import { labelsOf, type TelemetryLabel } from './telemetry.ts';

/** Labels of one name apart: the last is taken out where another says the same. Limitador keeps the series that it has until it ends. */
export function parting(same: readonly TelemetryLabel[], emissions: Attempt<Many<Emission>>): Remedy {
  const last = same.at(-1);
  const twin = same.find((each) => each !== last && each.expression === last?.expression);
  if (last === undefined || twin === undefined) return { text: `rename ${last?.name}, then create the pod of Limitador anew` };
  const stuck = emissions.status === 'read' ? emissions.value.read.filter(({ outcome }) => outcome.status === 'unreadable') : [];
  const own = stuck.filter(({ emitter: { pod } }) => pod.metadata.labels?.app === limitadorLabels.app);
  const renewals = [...new Set(own.map(({ emitter: { pod } }) => pod.namespace))].map(
    (namespace) => `kubectl -n ${shellWord(namespace)} rollout restart deployment -l app=${limitadorLabels.app}`,
  );
  const renewal = stuck.length === 0 ? '' : ', then create the pod anew, which keeps its series';
  return {
    text: `take ${last.name} out, which says what ${twin.name} says${renewal}`,
    command: [removal([last]), ...renewals].join(' && '),
  };
}

/** Labels out of their policies, `when` something is so. A TelemetryPolicy has at least one label: cmd/extensions/telemetry-policy/api/v1alpha1, MinProperties. */
export function without(labels: readonly TelemetryLabel[], when: string): Remedy {
  const names = listed(labels.map(({ name }) => name));
  const emptied = labels.some(({ policy }) => labelsOf(policy).every(({ name }) => labels.some((each) => each.name === name)));
  if (emptied) return { text: `${when}fill ${names} with attributes of the request and of the caller` };
  return { text: `${when}take ${names} out of spec.metrics.default.labels`, command: removal(labels) };
}

/** Takes labels out of their policies. */
function removal(labels: readonly TelemetryLabel[]): string {
  return [...grouped(labels, ({ policy }) => policy.subject).values()]
    .map((own) => {
      const { namespace, name } = (own as readonly [TelemetryLabel])[0].policy;
      const operations = own.map((label) => ({ op: 'remove', path: pointer('spec', 'metrics', 'default', 'labels', label.name) }));
      return `kubectl -n ${shellWord(namespace)} patch telemetrypolicy ${shellWord(name)} --type=json -p ${shellWord(JSON.stringify(operations))}`;
    })
    .join(' && ');
}
