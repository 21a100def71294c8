import type { Nouns } from '../facts/emitters.ts';
import type { Namespaces } from '../facts/namespaces.ts';
import { namespaces } from '../facts/namespaces.ts';
import { type Operator, operators } from '../facts/operator.ts';
import { type PrometheusObject, prometheusObjects } from '../facts/prometheus-objects.ts';
import { type QueryHolder, queryHolders } from '../facts/query-holders.ts';
import { defineCheck, type Finding, type Verdict, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import type { Unread } from '../model/source.ts';
import { record } from '../parse/fields.ts';
import { queryShape } from '../parse/promql.ts';
import { requirementText, selectorOf, selectorText, selects, unmet } from '../parse/selector.ts';
import { shell } from './wording.ts';

/** PrometheusRules about tokens that no Prometheus evaluates. */
export function rejectedRules(nouns: Nouns, ids: { readonly rejectedRules: string; readonly earlier: readonly string[] }) {
  return defineCheck({
    id: ids.rejectedRules,
    title: 'every PrometheusRule about tokens is evaluated',
    hop: 'present',
    severity: 'error',
    why: 'The object exists and says nothing is wrong. Its recording rules and alerts do not: whatever queries them finds nothing.',
    fix: 'Give the PrometheusRule the labels that ruleSelector of the Prometheus wants, and rewrite what the operator refuses.',
    follows: ids.earlier,
    needs: { holders: queryHolders, objects: prometheusObjects },
    wants: { namespaces, operators },
    judge({ holders, objects, namespaces, operators }): Verdict {
      const rules = holders.holders.filter((holder) => holder.resource === 'prometheusrules' && aboutTokens(holder, nouns));
      const unread = holders.unread.filter(({ what }) => what.includes('prometheusrules'));
      const serving = objects.read.filter(({ agent, unmanaged }) => !agent && !unmanaged);
      if (rules.length === 0 && unread.length === 0) return { status: 'skip', because: 'no PrometheusRule in the cluster is about tokens' };
      if (serving.length === 0)
        return objects.unread.length > 0
          ? { status: 'unknown', unread: objects.unread }
          : { status: 'skip', because: 'there is no Prometheus object to take rules' };
      const doubts: Unread[] = [...unread, ...objects.unread];
      return verdict(
        rules.flatMap((rule) => [...refused(rule, operators), ...passedOver(rule, serving, { namespaces, doubts })]),
        doubts,
      );
    },
  });
}

function aboutTokens({ queries }: QueryHolder, { family }: Nouns): boolean {
  const plain = (name: string): string => name.replace(/[^a-zA-Z]/g, '').toLowerCase();
  return queries.some(({ expr }) => plain(expr).includes(plain(family.name)));
}

function run(rule: QueryHolder): string {
  const { namespace = '', name } = rule.object.metadata;
  return `kubectl -n ${shell(namespace)} get prometheusrule ${shell(name)} -o yaml`;
}

/** One bad expression makes the operator leave out the whole object: prometheus-operator pkg/prometheus/server/rules.go. */
function refused(rule: QueryHolder, operators: Attempt<readonly Operator[]>): readonly Finding[] {
  const old = operators.status === 'read' && operators.value.length > 0 && operators.value.every(({ version }) => isBefore086(version));
  return rule.queries.flatMap(({ place, expr }) => {
    const shape = queryShape(expr);
    const quotedGroup = shape.selectors.some(({ within }) =>
      within.some((outer) => outer.kind === 'aggregate' && outer.grouping?.labels.some(({ name }) => !/^[a-zA-Z_]\w*$/.test(name))),
    );
    const problem =
      shape.error !== null
        ? `does not parse at "${shape.error.text || 'its end'}"`
        : old && quotedGroup
          ? 'groups by a quoted label, which operators before 0.86 refuse (invalid label name for grouping)'
          : null;
    if (problem === null) return [];
    return [
      {
        subject: rule.subject,
        message: `${place} ${problem}, so the operator leaves the whole object out`,
        evidence: { saw: expr, run: run(rule) },
        remedy: { text: 'rewrite that expression, or move it into a PrometheusRule of its own' },
      },
    ];
  });
}

/** Recorded with 0.85; UTF-8 label names are validated as such from 0.86 on. */
function isBefore086(version: string | null): boolean {
  const match = /^v?0\.(\d+)/.exec(version ?? '');
  return match !== null && Number(match[1]) < 86;
}

interface Around {
  readonly namespaces: Attempt<Namespaces>;
  readonly doubts: Unread[];
}

/** ruleSelector and ruleNamespaceSelector mean what those of PodMonitors do: null is nothing, or the own namespace. */
function passedOver(rule: QueryHolder, objects: readonly PrometheusObject[], around: Around): readonly Finding[] {
  const reasons = objects.map((object) => reasonAgainst(rule, object, around));
  if (reasons.some((reason) => reason === null)) return [];
  const { namespace = '', name, labels = {} } = rule.object.metadata;
  const [object] = objects;
  const wanted = object === undefined ? null : selectorOf(record(object.raw.spec).ruleSelector);
  const missing = wanted === null ? [] : unmet(wanted, labels).filter(({ operator, values }) => operator === 'In' && values.length > 0);
  const command = `kubectl -n ${namespace} label prometheusrule ${name} --overwrite ${missing.map(({ key, values }) => `${key}=${values[0]}`).join(' ')}`;
  return [
    {
      subject: rule.subject,
      message: `no Prometheus takes it: ${reasons.join('; ')}`,
      evidence: { saw: `labels: ${JSON.stringify(labels)}`, run: run(rule) },
      remedy:
        missing.length > 0
          ? { text: 'give it the labels that the selector wants', command }
          : { text: 'widen ruleSelector or ruleNamespaceSelector of the Prometheus object' },
    },
  ];
}

function reasonAgainst(rule: QueryHolder, object: PrometheusObject, { namespaces, doubts }: Around): string | null {
  const spec = record(object.raw.spec);
  const { namespace = '', labels = {} } = rule.object.metadata;
  const selector = selectorOf(spec.ruleSelector);
  if (selector === null) return `ruleSelector of ${object.subject} is absent, which selects nothing`;
  const missing = unmet(selector, labels);
  if (missing.length > 0) return `${object.subject} wants ${missing.map(requirementText).join(',')}`;
  const within = selectorOf(spec.ruleNamespaceSelector);
  if (within === null)
    return namespace === object.namespace
      ? null
      : `ruleNamespaceSelector of ${object.subject} is absent, so it looks only in namespace ${object.namespace}`;
  if (within.requirements.length === 0) return null;
  if (namespaces.status === 'unread') {
    doubts.push(namespaces.unread);
    return null;
  }
  // The API server sets this label on every namespace: k8s.io/api/core/v1 LabelMetadataName.
  const known = { 'kubernetes.io/metadata.name': namespace, ...namespaces.value.get(namespace) };
  return selects(within, known) ? null : `${object.subject} takes only namespaces with ${selectorText(within)}`;
}
