import type { Attempt } from '../model/fact.ts';
import type { Unread } from '../model/source.ts';
import { requirementText, type Selector, selectorText, selects, unmet } from '../parse/selector.ts';
import { shellWord } from '../parse/shell-word.ts';
import { type Monitor, resourceOf } from './monitors.ts';
import type { Namespaces } from './namespaces.ts';
import type { Operator } from './operator.ts';
import type { PrometheusObject } from './prometheus-objects.ts';

/** What one Prometheus object makes of one monitor. */
export interface Selection {
  readonly object: PrometheusObject;
  readonly outcome: /** `unread` is what might still speak against it: the flags of the operator. */
    | { readonly status: 'selected'; readonly unread: readonly Unread[] }
    | { readonly status: 'passed-over'; readonly reasons: readonly Reason[] }
    /** The operator writes no configuration for this object. */
    | { readonly status: 'unmanaged' }
    | { readonly status: 'unread'; readonly unread: readonly Unread[] };
}

/** One condition that keeps a monitor out, and what would satisfy it. */
export interface Reason {
  readonly text: string;
  readonly saw: string;
  /** What to change; null when nothing simple would do. */
  readonly mend: { readonly text: string; readonly command: string } | null;
}

/** What selection depends on beyond the two objects. */
export interface Surroundings {
  readonly namespaces: Attempt<Namespaces>;
  readonly operators: Attempt<readonly Operator[]>;
}

/** Judges whether an object takes a PodMonitor or ServiceMonitor: prometheus-operator pkg/prometheus/resource_selector.go. */
export function selectionOf(object: PrometheusObject, monitor: Monitor, around: Surroundings): Selection {
  if (object.unmanaged) return { object, outcome: { status: 'unmanaged' } };
  const unread: Unread[] = [];
  const doubts: Unread[] = [];
  const reasons = [
    ...labelReasons(object, monitor),
    ...namespaceReasons(object, monitor, around.namespaces, unread),
    ...operatorReasons(object, monitor, around.operators, doubts),
  ];
  if (reasons.length > 0) return { object, outcome: { status: 'passed-over', reasons } };
  return { object, outcome: unread.length > 0 ? { status: 'unread', unread } : { status: 'selected', unread: doubts } };
}

interface Field {
  readonly field: string;
  readonly selector: Selector | null;
}

/** The two selectors of an object that a monitor of this kind must meet. */
function selectorsFor(object: PrometheusObject, { kind }: Monitor): { readonly labels: Field; readonly namespaces: Field } {
  return kind === 'PodMonitor'
    ? {
        labels: { field: 'podMonitorSelector', selector: object.monitorSelector },
        namespaces: { field: 'podMonitorNamespaceSelector', selector: object.namespaceSelector },
      }
    : {
        labels: { field: 'serviceMonitorSelector', selector: object.serviceMonitorSelector },
        namespaces: { field: 'serviceMonitorNamespaceSelector', selector: object.serviceNamespaceSelector },
      };
}

function labelReasons(object: PrometheusObject, monitor: Monitor): readonly Reason[] {
  const { field, selector } = selectorsFor(object, monitor).labels;
  const patch = (value: string): string =>
    `kubectl -n ${object.namespace} patch ${kindOf(object)} ${object.name} --type merge -p '{"spec":${value}}'`;
  if (selector === null)
    return [
      {
        text: `its ${field} is absent, which selects nothing`,
        saw: `${field}: null`,
        mend: { text: `set an empty ${field}, which selects every ${monitor.kind}`, command: patch(`{"${field}":{}}`) },
      },
    ];
  const missing = unmet(selector, monitor.labels);
  if (missing.length === 0) return [];
  const wanted = missing.map(requirementText).join(',');
  const found = missing.map(({ key }) => (Object.hasOwn(monitor.labels, key) ? `${key}=${monitor.labels[key]}` : `no label ${key}`));
  return [
    {
      text: `it wants ${wanted} and the ${monitor.kind} has ${[...new Set(found)].join(', ')}`,
      saw: `${field}: ${selectorText(selector)}`,
      mend: labelMend(monitor, missing),
    },
  ];
}

function labelMend(monitor: Monitor, missing: ReturnType<typeof unmet>): Reason['mend'] {
  const changes = missing.map(({ key, operator, values }) => {
    if (operator === 'In' && values.length > 0) return `${key}=${values[0]}`;
    return operator === 'Exists' ? `${key}=true` : `${key}-`;
  });
  const text = `give ${monitor.subject} the labels that the selector wants`;
  return {
    text,
    command: `kubectl -n ${monitor.namespace} label ${resourceOf(monitor)} ${monitor.name} --overwrite ${changes.map(shellWord).join(' ')}`,
  };
}

function kindOf(object: PrometheusObject): string {
  return object.agent ? 'prometheusagent' : 'prometheus';
}

function namespaceReasons(
  object: PrometheusObject,
  monitor: Monitor,
  namespaces: Attempt<Namespaces>,
  unread: Unread[],
): readonly Reason[] {
  const { field, selector } = selectorsFor(object, monitor).namespaces;
  if (selector === null) {
    if (object.namespace === monitor.namespace) return [];
    const command = `kubectl -n ${object.namespace} patch ${kindOf(object)} ${object.name} --type merge -p '{"spec":{"${field}":{}}}'`;
    return [
      {
        text: `its ${field} is absent, so it looks only in its own namespace ${object.namespace}`,
        saw: `${field}: null`,
        mend: { text: `set an empty ${field}, which takes every namespace`, command },
      },
    ];
  }
  if (selector.requirements.length === 0) return [];
  if (namespaces.status === 'unread') {
    unread.push(namespaces.unread);
    return [];
  }
  // The API server sets this label on every namespace: k8s.io/api/core/v1 LabelMetadataName.
  const labels = { 'kubernetes.io/metadata.name': monitor.namespace, ...namespaces.value.get(monitor.namespace) };
  if (selects(selector, labels)) return [];
  const missing = unmet(selector, labels);
  const changes = missing.flatMap(({ key, operator, values }) =>
    operator === 'In' ? [`${key}=${values[0]}`] : operator === 'Exists' ? [`${key}=true`] : [`${key}-`],
  );
  return [
    {
      text: `it takes only namespaces with ${selectorText(selector)} and namespace ${monitor.namespace} has ${labelsText(labels)}`,
      saw: `${field}: ${selectorText(selector)}`,
      mend: {
        text: `label namespace ${monitor.namespace}`,
        command: `kubectl label namespace ${monitor.namespace} --overwrite ${changes.map(shellWord).join(' ')}`,
      },
    },
  ];
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const own = Object.entries(labels).filter(([name]) => name !== 'kubernetes.io/metadata.name');
  return own.length === 0 ? 'no labels' : own.map(([name, value]) => `${name}=${value}`).join(',');
}

/** With several operators one that takes the pair is enough; with none in sight nothing is known against it. */
function operatorReasons(
  object: PrometheusObject,
  monitor: Monitor,
  operators: Attempt<readonly Operator[]>,
  unread: Unread[],
): readonly Reason[] {
  if (operators.status === 'unread') {
    unread.push(operators.unread);
    return [];
  }
  const refusals = operators.value.map((operator) => refusalOf(operator, object, monitor));
  const refused = refusals.filter((refusal) => refusal !== null);
  return refused.length === refusals.length ? refused.slice(0, 1) : [];
}

function refusalOf(operator: Operator, object: PrometheusObject, monitor: Monitor): Reason | null {
  const reason = (flag: string, what: string): Reason => ({
    text: `${operator.subject}, its operator, runs with ${flag} and so ${what}`,
    saw: flag,
    mend: null,
  });
  const { namespaces, denied, controllerId } = operator;
  if (namespaces !== null && !namespaces.includes(monitor.namespace))
    return reason(`--namespaces=${namespaces.join(',')}`, `does not look in namespace ${monitor.namespace}`);
  if (denied.includes(monitor.namespace))
    return reason(`--deny-namespaces=${denied.join(',')}`, `does not look in namespace ${monitor.namespace}`);
  const instances = operator.instanceNamespaces ?? namespaces;
  if (instances !== null && !instances.includes(object.namespace))
    return reason(`--prometheus-instance-namespaces=${instances.join(',')}`, `does not look after ${object.subject}`);
  if (!equalityHolds(operator.instanceSelector, object.labels))
    return reason(`--prometheus-instance-selector=${operator.instanceSelector}`, `does not look after ${object.subject}`);
  const wanted = object.annotations['operator.prometheus.io/controller-id'] ?? null;
  if (wanted !== controllerId && (wanted !== null || controllerId !== null))
    return reason(
      `--controller-id=${controllerId ?? ''}`,
      `does not look after ${object.subject}, whose annotation asks for "${wanted ?? ''}"`,
    );
  return null;
}

/** Only plain equality terms are judged; others are taken as met. */
function equalityHolds(selector: string | null, labels: Readonly<Record<string, string>>): boolean {
  return (selector ?? '').split(',').every((term) => {
    const [, key, value] = /^\s*([^=!\s]+)\s*==?\s*([^=\s]*)\s*$/.exec(term) ?? [];
    return key === undefined || labels[key] === value;
  });
}
