import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Kuadrant, kuadrants } from '../facts/kuadrants.ts';
import { type Operator, operators } from '../facts/operator.ts';
import { telemetryPolicies, tokenPolicies } from '../facts/policies.ts';
import { nameOf, show } from '../phrases.ts';
import { patience, printed, restart, said } from '../status.ts';

/** The object that switches everything on is missing or not ready. */
export const kuadrantUnready = defineCheck({
  id: 'kuadrant-unready',
  title: 'the object that puts policies in force is ready',
  hop: 'configure',
  severity: 'error',
  why: 'No policy takes effect before it is ready. Requests pass, and nothing of them is counted.',
  fix: 'Mend what its Ready condition names; after a missing dependency was installed, `kubectl -n kuadrant-system rollout restart deployment/kuadrant-operator-controller-manager`.',
  follows: ['crds-missing', 'limitador-unready'],
  needs: { kuadrants },
  wants: { operators, tokenPolicies, telemetryPolicies },
  judge: ({ kuadrants, operators, tokenPolicies, telemetryPolicies }) => {
    if (!kuadrants.served) return { status: 'skip', because: 'the API server does not know Kuadrant objects' };
    const known = operators.status === 'read' ? operators.value : [];
    if (kuadrants.objects.length === 0) {
      const meant = [tokenPolicies, telemetryPolicies].some((each) => each.status === 'read' && each.value.policies.length > 0);
      return verdict([{ ...missing(known), ...(meant ? {} : { severity: 'warning' as const }) }]);
    }
    return verdict([...kuadrants.objects.flatMap((object) => unready(object, known)), ...surplus(kuadrants.objects)]);
  },
});

/** Without policies that are about tokens, what stands there may be left over. */
function missing(operators: readonly Operator[]): Finding {
  const namespace = operators[0]?.deployment.namespace ?? 'kuadrant-system';
  const manifest = { apiVersion: 'kuadrant.io/v1beta1', kind: 'Kuadrant', metadata: { name: 'kuadrant', namespace } };
  return {
    subject: `Kuadrant ${namespace}/kuadrant`,
    message: 'there is no Kuadrant object, so that no Limitador is made and no policy takes effect',
    evidence: { saw: '0 Kuadrant objects', run: 'kubectl get kuadrants -A' },
    remedy: { text: `create one in namespace ${namespace}`, patch: manifest },
  };
}

function unready(object: Kuadrant, operators: readonly Operator[]): readonly Finding[] {
  const ready = object.conditions.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return [];
  if (ready === undefined && object.age !== null && object.age < patience) return [];
  const missingPart = ready?.reason === 'MissingDependency' || /restart Kuadrant Operator/i.test(ready?.message ?? '');
  return [
    {
      subject: object.subject,
      message: ready === undefined ? 'no operator has looked at it: it has no Ready condition' : `it is not ready: ${said(ready)}`,
      evidence: { saw: ready === undefined ? 'status.conditions: no Ready' : printed(ready), run: show('kuadrant', object) },
      remedy: missingPart
        ? { text: 'install what it names, then restart the operator, which looks for it at its start alone', command: restart(operators) }
        : { text: 'mend what the condition names; the operator says more in its log', command: logs(operators) },
    },
  ];
}

function logs([operator]: readonly Operator[]): string {
  const { namespace, name } = operator?.deployment ?? { namespace: 'kuadrant-system', name: 'kuadrant-operator-controller-manager' };
  return `kubectl -n ${namespace} logs deployment/${name} --tail=100`;
}

/** Only the oldest is used: internal/controller/state_of_the_world.go GetOldest. */
function surplus(objects: readonly Kuadrant[]): readonly Finding[] {
  if (objects.length < 2) return [];
  const [first] = objects;
  const names = objects.map(nameOf).join(', ');
  return [
    {
      subject: first?.subject ?? 'Kuadrant',
      message: `there are ${objects.length} Kuadrant objects (${names}) and only the oldest is used`,
      evidence: { saw: names, run: 'kubectl get kuadrants -A' },
      remedy: { text: 'delete the others' },
      severity: 'warning',
      about: objects.map((object) => `kuadrant ${nameOf(object)}`),
    },
  ];
}
