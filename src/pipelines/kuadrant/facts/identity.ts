import type { IdentityLabel } from '../../../facts/emitters.ts';
import { defineFact } from '../../../model/fact.ts';
import { asksAuth } from '../expressions.ts';
import { exposedLabel } from '../names.ts';
import { telemetryPolicies } from './policies.ts';

/** Labels that say whose tokens these are: those that TelemetryPolicies fill from the caller's identity, whether they are in effect or not, and those the user expects. */
export const identity = defineFact({
  id: 'limitador-identity',
  title: 'identity labels',
  needs: { telemetryPolicies },
  read: ({ telemetryPolicies }, { options }): readonly IdentityLabel[] => {
    const labels = telemetryPolicies.policies.flatMap((policy) => Object.entries(policy.labels));
    const told = labels.filter(([, expression]) => asksAuth(expression)).map(([name]) => name);
    const all = [...options.expectLabels, ...told].map((name) => ({ label: exposedLabel(name), attribute: name, header: null }));
    return [...new Map(all.map((entry) => [entry.label, entry])).values()];
  },
});
