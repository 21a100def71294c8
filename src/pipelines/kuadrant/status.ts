import type { Condition } from '../../facts/workloads.ts';
import type { Remedy } from '../../model/check.ts';
import type { Operator } from './facts/operator.ts';
import type { Policy } from './facts/policies.ts';
import { operatorName } from './names.ts';
import { show } from './phrases.ts';

/** How long a policy may stand without a status before that is trouble, in seconds. */
export const patience = 120;

/** Why a policy is not in effect. */
export interface Trouble {
  readonly message: string;
  readonly saw: string;
}

/** Why a policy is not in effect; null when it is, or is too young to tell. Reasons: kuadrant-operator internal/kuadrant/errors.go. */
export function troubleOf({ conditions, age }: Policy): Trouble | null {
  const young = age !== null && age < patience;
  const accepted = conditions.find(({ type }) => type === 'Accepted');
  const enforced = conditions.find(({ type }) => type === 'Enforced');
  if (accepted === undefined)
    return young ? null : { message: 'no controller has looked at it: it has no Accepted condition', saw: sawOf(conditions) };
  if (accepted.status !== 'True') return { message: `it is not accepted: ${said(accepted)}`, saw: printed(accepted) };
  if (enforced === undefined)
    return young ? null : { message: 'it is accepted and not enforced: it has no Enforced condition', saw: sawOf(conditions) };
  return enforced.status === 'True' ? null : { message: `it is accepted and not enforced: ${said(enforced)}`, saw: printed(enforced) };
}

/** Whether another policy of the same kind has taken its place, which is as someone meant it. */
export function isOverridden({ conditions }: Policy): boolean {
  return conditions.some(({ type, status, reason }) => type === 'Enforced' && status !== 'True' && reason === 'Overridden');
}

/** Whether it was accepted and is in force. */
export function isEnforced({ conditions }: Policy): boolean {
  return ['Accepted', 'Enforced'].every((wanted) => conditions.some(({ type, status }) => type === wanted && status === 'True'));
}

export const said = ({ reason, message }: Condition): string => [reason, message].filter(Boolean).join(': ') || 'no reason is given';
export const printed = (condition: Condition): string => `${condition.type}=${condition.status} ${said(condition)}`.trim();
const sawOf = (conditions: readonly Condition[]): string =>
  conditions.length === 0 ? 'status.conditions: none' : conditions.map(printed).join('; ');

/** What mends a policy, by what its condition says. */
export function remedyFor(policy: Policy, { saw }: Trouble, operators: readonly Operator[]): Remedy {
  const look = show(policy.resource, policy);
  if (/not installed, please restart|MissingDependency/.test(saw))
    return {
      text: 'install what is missing, then restart the operator, which looks for it at its start alone',
      command: restart(operators),
    };
  if (/not in the path to any existing routes/.test(saw))
    return {
      text: `attach an HTTPRoute to ${policy.target.kind} ${policy.target.name}, or target one that carries requests`,
      command: look,
    };
  if (/was not found|TargetNotFound/.test(saw))
    return {
      text: `name a ${policy.target.kind} of namespace ${policy.namespace} in spec.targetRef; ${policy.target.name} is not there`,
      command: look,
    };
  if (/waiting for the following components/.test(saw))
    return {
      text: 'see why the components that it names do not become ready; if they are, restart the operator',
      command: restart(operators),
    };
  return { text: 'correct what the condition names', command: look };
}

/** The command that starts the operator anew. */
export function restart(operators: readonly Operator[]): string {
  const [operator] = operators;
  const { namespace, name } = operator?.deployment ?? { namespace: 'kuadrant-system', name: operatorName };
  return `kubectl -n ${namespace} rollout restart deployment/${name}`;
}
