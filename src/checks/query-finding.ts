import type { TokenQuery } from '../facts/token-queries.ts';
import type { TokenSelector } from '../facts/token-selectors.ts';
import type { Finding } from '../model/check.ts';
import { type Edit, edited, writeLabel } from '../parse/promql.ts';
import { shellWord } from '../parse/shell-word.ts';
import { rewriting } from './query-remedy.ts';

/** A finding about one query, with what to write instead when that is known and was seen to return data. */
export function queryFinding(query: TokenQuery, message: string, better: string | null, text: string): Finding {
  const { namespace = '', name } = query.holder.object.metadata;
  return {
    subject: query.holder.subject,
    message: `${query.query.place}: ${message}`,
    evidence: { saw: query.query.expr, run: `kubectl -n ${shellWord(namespace)} get ${query.holder.resource} ${shellWord(name)} -o yaml` },
    remedy: better === null ? { text } : rewriting(query, better, text),
  };
}

/** The query with edits, in its author's words; null when an edit would cut through a variable. */
export function corrected(query: TokenQuery, edits: readonly Edit[]): string | null {
  const original = query.substituted.original(edits);
  return original === null || edits.length === 0 ? null : edited(query.query.expr, original);
}

/** Edits that put a selector and the labels it is grouped by into the stored spelling; none when that finds nothing either. */
export function respell({ selector, corrected: better }: TokenSelector): readonly Edit[] {
  if (better === null || better.found === 0) return [];
  const labels = selector.within.flatMap((outer) => (outer.kind === 'aggregate' ? (outer.grouping?.labels ?? []) : []));
  const regrouped = labels.map((label) => ({ from: label.from, to: label.to, text: writeLabel(better.relabel(label.name)) }));
  return [{ from: selector.from, to: selector.to, text: better.text }, ...regrouped];
}

/** Edits at the same place once: two selectors under one aggregation share its labels. */
export function distinctEdits(edits: readonly Edit[]): readonly Edit[] {
  return [...new Map(edits.map((edit) => [`${edit.from}-${edit.to}`, edit])).values()];
}
