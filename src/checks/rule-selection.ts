import type { Namespaces } from '../facts/namespaces.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import type { QueryHolder } from '../facts/query-holders.ts';
import type { Reason } from '../facts/selection.ts';
import type { Attempt } from '../model/fact.ts';
import type { Unread } from '../model/source.ts';
import { record } from '../parse/fields.ts';
import { type Requirement, requirementText, selectorOf, selectorText, unmet } from '../parse/selector.ts';
import { shellWord } from '../parse/shell-word.ts';
import { prometheusNamed } from './patching.ts';

/** What the selection of rules depends on beside the two objects. */
export interface Around {
  readonly namespaces: Attempt<Namespaces>;
  /** Grows by what could not be read. */
  readonly doubts: Unread[];
}

/** Why a Prometheus object passes a PrometheusRule over, and what would satisfy it; none when it takes it. ruleSelector and ruleNamespaceSelector mean what those of monitors do: null is nothing, or the own namespace. */
export function ruleReasons(rule: QueryHolder, object: PrometheusObject, around: Around): readonly Reason[] {
  return [...labelReasons(rule, object), ...namespaceReasons(rule, object, around)];
}

function labelReasons({ object: { metadata } }: QueryHolder, object: PrometheusObject): readonly Reason[] {
  const selector = selectorOf(record(object.raw.spec).ruleSelector);
  if (selector === null)
    return [
      {
        text: `ruleSelector of ${object.subject} is absent, which selects nothing`,
        saw: 'ruleSelector: null',
        mend: { text: 'set an empty ruleSelector, which selects every PrometheusRule', command: emptied(object, 'ruleSelector') },
      },
    ];
  const { namespace = '', name, labels = {} } = metadata;
  const missing = unmet(selector, labels);
  if (missing.length === 0) return [];
  const command = `kubectl -n ${shellWord(namespace)} label prometheusrule ${shellWord(name)} --overwrite ${changesFor(missing)}`;
  return [
    {
      text: `${object.subject} wants ${missing.map(requirementText).join(',')}`,
      saw: `ruleSelector: ${selectorText(selector)}`,
      mend: { text: 'give it the labels that the selector wants', command },
    },
  ];
}

function namespaceReasons(rule: QueryHolder, object: PrometheusObject, { namespaces, doubts }: Around): readonly Reason[] {
  const { namespace = '' } = rule.object.metadata;
  const within = selectorOf(record(object.raw.spec).ruleNamespaceSelector);
  if (within === null)
    return namespace === object.namespace
      ? []
      : [
          {
            text: `ruleNamespaceSelector of ${object.subject} is absent, so it looks only in namespace ${object.namespace}`,
            saw: 'ruleNamespaceSelector: null',
            mend: {
              text: 'set an empty ruleNamespaceSelector, which takes every namespace',
              command: emptied(object, 'ruleNamespaceSelector'),
            },
          },
        ];
  if (within.requirements.length === 0) return [];
  if (namespaces.status === 'unread') {
    doubts.push(namespaces.unread);
    return [];
  }
  // The API server sets this label on every namespace: k8s.io/api/core/v1 LabelMetadataName.
  const missing = unmet(within, { 'kubernetes.io/metadata.name': namespace, ...namespaces.value.get(namespace) });
  if (missing.length === 0) return [];
  // that label is the API server's alone
  const fixed = missing.some(({ key }) => key === 'kubernetes.io/metadata.name');
  const command = `kubectl label namespace ${shellWord(namespace)} --overwrite ${changesFor(missing)}`;
  return [
    {
      text: `${object.subject} takes only namespaces with ${selectorText(within)}`,
      saw: `ruleNamespaceSelector: ${selectorText(within)}`,
      mend: fixed ? null : { text: `give namespace ${namespace} the labels that the selector wants`, command },
    },
  ];
}

function emptied(object: PrometheusObject, field: string): string {
  const { resource, namespace, name } = prometheusNamed(object);
  return `kubectl -n ${shellWord(namespace)} patch ${resource} ${shellWord(name)} --type merge -p ${shellWord(JSON.stringify({ spec: { [field]: {} } }))}`;
}

function changesFor(missing: readonly Requirement[]): string {
  return missing.map((requirement) => shellWord(changeFor(requirement))).join(' ');
}

function changeFor({ key, operator, values }: Requirement): string {
  if (operator === 'In') return `${key}=${values[0] ?? ''}`;
  return operator === 'Exists' ? `${key}=true` : `${key}-`;
}
