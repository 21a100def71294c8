import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { envOf, type Operator, operators } from '../facts/operator.ts';
import { type TelemetryPolicy, telemetryPolicies } from '../facts/policies.ts';
import { gatewayKey } from '../names.ts';
import { labelKeys, nameOf, show } from '../phrases.ts';
import { patience, restart } from '../status.ts';
import { labelsOf } from '../telemetry.ts';

/** The part of the operator that reads TelemetryPolicies does not run. */
export const extensionsDisabled = defineCheck({
  id: 'extensions-disabled',
  title: "the operator's extensions read TelemetryPolicies",
  hop: 'configure',
  severity: 'error',
  why: 'Without the extension a TelemetryPolicy is an object that nobody reads. Its labels are on no series, and it has no status that would say so.',
  fix: 'Take the variable away: `kubectl -n kuadrant-system set env deployment/kuadrant-operator-controller-manager WITH_EXTENSIONS-`.',
  follows: ['crds-missing', 'kuadrant-unready'],
  needs: { telemetryPolicies },
  wants: { operators },
  judge: ({ telemetryPolicies, operators }) => {
    const known = operators.status === 'read' ? operators.value : [];
    const off = known.filter((operator) => /^(false|0|f)$/i.test(envOf(operator, 'WITH_EXTENSIONS')?.trim() ?? ''));
    if (off.length > 0) return verdict(off.map((operator) => switchedOff(operator, telemetryPolicies.policies)));
    const unread = telemetryPolicies.policies.filter(({ conditions, age }) => conditions.length === 0 && age !== null && age > patience);
    if (unread.length > 0) return verdict([unseen(unread, known)]);
    if (operators.status === 'unread') return verdict([], [operators.unread]);
    if (known.length === 0) return { status: 'skip', because: 'no Deployment of the operator was found' };
    return verdict([]);
  },
});

function aboutOf(policies: readonly TelemetryPolicy[]): readonly string[] {
  const labels = policies.flatMap(labelsOf).map(({ label }) => label);
  return [...policies.map(({ namespace, target }) => gatewayKey({ namespace, name: target.name })), ...labelKeys(labels)];
}

function switchedOff({ subject, deployment }: Operator, policies: readonly TelemetryPolicy[]): Finding {
  const { namespace, name } = deployment;
  return {
    subject,
    message: `WITH_EXTENSIONS is false: ${policies.length === 0 ? 'TelemetryPolicies are' : `${listed(policies.map(nameOf))} ${policies.length === 1 ? 'is' : 'are'}`} not read`,
    evidence: { saw: 'WITH_EXTENSIONS=false', run: `kubectl -n ${namespace} set env deployment/${name} --list` },
    remedy: { text: 'take the variable away', command: `kubectl -n ${namespace} set env deployment/${name} WITH_EXTENSIONS-` },
    about: policies.length === 0 ? [`deployment ${namespace}/${name}`] : aboutOf(policies),
  };
}

function unseen(policies: readonly TelemetryPolicy[], operators: readonly Operator[]): Finding {
  const [first] = policies as readonly [TelemetryPolicy];
  const names = policies.length === 1 ? '' : ` (and ${policies.length - 1} more)`;
  return {
    subject: first.subject,
    message: `it has no status${names}: the extension that reads TelemetryPolicies does not run`,
    evidence: { saw: 'status.conditions: none', run: show('telemetrypolicy', first) },
    remedy: { text: 'restart the operator, and see in its log whether the extension starts', command: restart(operators) },
    about: aboutOf(policies),
  };
}
