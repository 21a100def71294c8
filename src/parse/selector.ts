import { isRecord, list, records, strings, text } from './fields.ts';

export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** A Kubernetes label selector; one without requirements selects everything. */
export interface Selector {
  readonly requirements: readonly Requirement[];
}

type LabelMap = Readonly<Record<string, string>>;

/** Reads a LabelSelector. Absent or null is null, which is not the same as the empty selector: what it means is up to the field. */
export function selectorOf(value: unknown): Selector | null {
  if (!isRecord(value)) return null;
  const { matchLabels, matchExpressions } = value;
  const equal = Object.entries(strings(matchLabels)).map(([key, label]) => ({ key, operator: 'In', values: [label] }));
  const expressions = records(matchExpressions).map((expression) => ({
    key: text(expression.key) ?? '',
    operator: text(expression.operator) ?? '',
    values: list(expression.values).map(String),
  }));
  return { requirements: [...equal, ...expressions] };
}

/** Whether a selector takes these labels: metav1.LabelSelectorAsSelector, where NotIn also takes what lacks the key. */
export function selects(selector: Selector, labels: LabelMap): boolean {
  return selector.requirements.every((requirement) => holds(requirement, labels));
}

/** The requirements that these labels do not meet. */
export function unmet(selector: Selector, labels: LabelMap): readonly Requirement[] {
  return selector.requirements.filter((requirement) => !holds(requirement, labels));
}

function holds({ key, operator, values }: Requirement, labels: LabelMap): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

/** A requirement as kubectl writes it: "release=kps", "tier in (a,b)", "!debug". */
export function requirementText({ key, operator, values }: Requirement): string {
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  if (operator === 'In' && values.length === 1) return `${key}=${values[0]}`;
  return `${key} ${operator === 'NotIn' ? 'notin' : operator === 'In' ? 'in' : operator} (${values.join(',')})`;
}

/** A selector as `kubectl -l` takes it; "" for one that takes everything. */
export function selectorText(selector: Selector): string {
  return selector.requirements.map(requirementText).join(',');
}

/** Why the API machinery refuses a selector, in its words; null when it does not: apimachinery pkg/labels/selector.go NewRequirement. */
export function selectorProblem(selector: Selector): string | null {
  for (const { operator, values } of selector.requirements) {
    if ((operator === 'In' || operator === 'NotIn') && values.length === 0) return `for 'in', 'notin' operators, values set can't be empty`;
    if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0)
      return 'values set must be empty for exists and does not exist';
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) return `"${operator}" is not a valid label selector operator`;
  }
  return null;
}
