import type { Nouns } from '../facts/emitters.ts';
import { namespaces } from '../facts/namespaces.ts';
import { type Operator, operators } from '../facts/operator.ts';
import { type PrometheusObject, prometheusObjects } from '../facts/prometheus-objects.ts';
import { type QueryHolder, queryHolders } from '../facts/query-holders.ts';
import { defineCheck, type Finding, type Remedy, type Verdict, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import type { Unread } from '../model/source.ts';
import type { PlacedQuery } from '../parse/dashboards.ts';
import { type QueryShape, queryShape } from '../parse/promql.ts';
import { shellWord } from '../parse/shell-word.ts';
import { rewriting } from './query-remedy.ts';
import { quotedGroups, unquotedGroups } from './quoted-groups.ts';
import { type Around, ruleReasons } from './rule-selection.ts';

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
  return `kubectl -n ${shellWord(namespace)} get prometheusrule ${shellWord(name)} -o yaml`;
}

/** One bad expression makes the operator leave out the whole object: prometheus-operator pkg/prometheus/server/rules.go. */
function refused(rule: QueryHolder, operators: Attempt<readonly Operator[]>): readonly Finding[] {
  const old = operators.status === 'read' && operators.value.length > 0 && operators.value.every(({ version }) => isBefore086(version));
  return rule.queries.flatMap((query) => {
    const shape = queryShape(query.expr);
    if (shape.error !== null) {
      const text = 'rewrite that expression, or move it into a PrometheusRule of its own';
      return [refusal(rule, query, `does not parse at "${shape.error.text || 'its end'}"`, { text })];
    }
    if (!old || quotedGroups(shape).length === 0) return [];
    const problem = 'groups by a quoted label, which operators before 0.86 refuse (invalid label name for grouping)';
    return [refusal(rule, query, problem, unquoted(rule, query, shape))];
  });
}

function unquoted(holder: QueryHolder, query: PlacedQuery, shape: QueryShape): Remedy {
  const better = unquotedGroups(query.expr, shape);
  if (better === null) return { text: 'upgrade the operator to 0.86 or later, or group by labels without quotes' };
  return rewriting({ holder, query }, better, 'copy the label to a name without quotes and group by that');
}

function refusal(rule: QueryHolder, { place, expr }: PlacedQuery, problem: string, remedy: Remedy): Finding {
  const message = `${place} ${problem}, so the operator leaves the whole object out`;
  return { subject: rule.subject, message, evidence: { saw: expr, run: run(rule) }, remedy };
}

/** Recorded with 0.85; UTF-8 label names are validated as such from 0.86 on. */
function isBefore086(version: string | null): boolean {
  const match = /^v?0\.(\d+)/.exec(version ?? '');
  return match !== null && Number(match[1]) < 86;
}

function passedOver(rule: QueryHolder, objects: readonly PrometheusObject[], around: Around): readonly Finding[] {
  const all = objects.map((object) => ruleReasons(rule, object, around));
  if (all.some((reasons) => reasons.length === 0)) return [];
  const [nearest = []] = all.toSorted((a, b) => a.length - b.length);
  const mends = nearest.flatMap(({ mend }) => mend ?? []);
  return [
    {
      subject: rule.subject,
      message: `no Prometheus takes it: ${all.map((reasons) => reasons.map(({ text }) => text).join(', and ')).join('; ')}`,
      evidence: { saw: `labels: ${JSON.stringify(rule.object.metadata.labels ?? {})}`, run: run(rule) },
      remedy:
        mends.length === nearest.length
          ? { text: mends.map(({ text }) => text).join(', and '), command: mends.map(({ command }) => command).join(' && ') }
          : { text: 'widen ruleNamespaceSelector of the Prometheus object' },
    },
  ];
}
