import { parser } from '@prometheus-io/lezer-promql';

type SyntaxNode = ReturnType<typeof parser.parse>['topNode'];

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface LabelMatch extends Span {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
  /** Where the label's name stands, quotes included. */
  readonly labelAt: Span;
  readonly valueAt: Span;
}

/** What encloses a selector, from the inside out. */
export type Enclosure =
  | ({ readonly kind: 'function'; readonly name: string } & Span)
  | ({
      readonly kind: 'aggregate';
      readonly op: string;
      readonly grouping: Grouping | null;
      /** What is aggregated, without the parameter of topk() and its kind; null where that does not parse. */
      readonly operand: Span | null;
    } & Span);

export interface Grouping extends Span {
  readonly mode: 'by' | 'without';
  readonly labels: readonly (Span & { readonly name: string })[];
}

/** One vector or matrix selector of a query. */
export interface VectorSelector extends Span {
  /** The metric name, from whichever place it stands in; null when a pattern or nothing selects it. */
  readonly name: string | null;
  readonly nameAt: Span | null;
  readonly matchers: readonly LabelMatch[];
  readonly range: boolean;
  readonly within: readonly Enclosure[];
}

export interface QueryShape {
  readonly selectors: readonly VectorSelector[];
  /** Label names of on(…), ignoring(…), group_left(…). */
  readonly joins: readonly string[];
  /** Uses quoted names, which Prometheus before 3.0 refuses. `{__name__="a.b"}` does not count: it parses everywhere. */
  readonly quotedNames: boolean;
  /** The first place that does not parse; the parser is tolerant and goes on. */
  readonly error: (Span & { readonly text: string }) | null;
}

/** The shape of a PromQL query, by Prometheus's own grammar. Purely syntactic: it knows no types. */
export function queryShape(query: string): QueryShape {
  const selectors: VectorSelector[] = [];
  const joins: string[] = [];
  let quotedNames = false;
  let error: QueryShape['error'] = null;
  parser.parse(query).iterate({
    enter: (reference) => {
      const { name, from, to } = reference;
      if (reference.type.isError) error ??= { from, to, text: query.slice(from, to) };
      if (name === 'QuotedLabelName' || name === 'QuotedLabelMatcher') quotedNames = true;
      if (name === 'VectorSelector') selectors.push(selectorOf(reference.node, query));
      if (name === 'MatchingModifierClause')
        joins.push(
          ...reference.node
            .getChildren('GroupingLabels')
            .flatMap((node) => labelsOf(node, query))
            .map((label) => label.name),
        );
    },
  });
  return { selectors, joins, quotedNames, error };
}

function selectorOf(node: SyntaxNode, query: string): VectorSelector {
  const list = node.getChild('LabelMatchers');
  const identifier = node.getChild('Identifier');
  const bare = list?.getChild('QuotedLabelName') ?? null;
  const matchers = [...(list?.getChildren('UnquotedLabelMatcher') ?? []), ...(list?.getChildren('QuotedLabelMatcher') ?? [])]
    .map((matcher) => matchOf(matcher, query))
    .filter((matcher): matcher is LabelMatch => matcher !== null);
  const named = matchers.find((matcher) => matcher.label === '__name__' && matcher.op === '=');
  const nameNode = identifier ?? bare;
  return {
    ...span(node),
    name: nameNode === null ? (named?.value ?? null) : unquote(query.slice(nameNode.from, nameNode.to)),
    nameAt: nameNode === null ? (named?.valueAt ?? null) : span(nameNode),
    matchers: matchers.sort((a, b) => a.from - b.from),
    range: node.parent?.name === 'MatrixSelector' || node.parent?.name === 'SubqueryExpr',
    within: enclosures(node, query),
  };
}

function matchOf(node: SyntaxNode, query: string): LabelMatch | null {
  const label = node.getChild('LabelName') ?? node.getChild('QuotedLabelName');
  const op = node.getChild('MatchOp');
  const value = node.getChild('StringLiteral');
  if (label === null || op === null || value === null) return null;
  return {
    ...span(node),
    label: unquote(query.slice(label.from, label.to)),
    op: query.slice(op.from, op.to) as LabelMatch['op'],
    value: unquote(query.slice(value.from, value.to)),
    labelAt: span(label),
    valueAt: span(value),
  };
}

function enclosures(node: SyntaxNode, query: string): Enclosure[] {
  const found: Enclosure[] = [];
  for (let parent = node.parent; parent !== null; parent = parent.parent) {
    if (parent.name === 'FunctionCall') {
      const name = parent.getChild('FunctionIdentifier');
      found.push({ kind: 'function', name: name === null ? '' : query.slice(name.from, name.to), ...span(parent) });
    }
    if (parent.name === 'AggregateExpr') {
      const op = parent.getChild('AggregateOp');
      found.push({
        kind: 'aggregate',
        op: op === null ? '' : query.slice(op.from, op.to).toLowerCase(),
        grouping: groupingOf(parent, query),
        operand: operandOf(parent),
        ...span(parent),
      });
    }
  }
  return found;
}

function operandOf(aggregate: SyntaxNode): Span | null {
  const last = aggregate.getChild('FunctionCallBody')?.lastChild ?? null;
  return last === null || last.type.isError ? null : span(last);
}

function groupingOf(aggregate: SyntaxNode, query: string): Grouping | null {
  const modifier = aggregate.getChild('AggregateModifier');
  const labels = modifier?.getChild('GroupingLabels') ?? null;
  if (modifier === null || labels === null) return null;
  return { mode: modifier.getChild('By') === null ? 'without' : 'by', labels: labelsOf(labels, query), ...span(modifier) };
}

function labelsOf(grouping: SyntaxNode, query: string): (Span & { name: string })[] {
  const nodes = [...grouping.getChildren('LabelName'), ...grouping.getChildren('QuotedLabelName')].sort((a, b) => a.from - b.from);
  return nodes.map((node) => ({ ...span(node), name: unquote(query.slice(node.from, node.to)) }));
}

function span(node: SyntaxNode): Span {
  return { from: node.from, to: node.to };
}

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };

/** The value of a PromQL string literal: util/strutil/quote.go Unquote. An identifier stays as it is. */
export function unquote(literal: string): string {
  const quote = literal[0];
  if (quote === '`') return literal.slice(1, -1);
  if (quote !== '"' && quote !== "'") return literal;
  return literal.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)/gs, (_, sequence: string) => {
    if (/^[xuU]./.test(sequence)) return String.fromCodePoint(Math.min(Number.parseInt(sequence.slice(1), 16), 0x10ffff));
    if (/^[0-7]{3}$/.test(sequence)) return String.fromCodePoint(Number.parseInt(sequence, 8));
    return escapes[sequence] ?? sequence;
  });
}

/** A label name as it must be written: quoted when it is no identifier. */
export function writeLabel(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name);
}

/** Text put in place of a span. */
export interface Edit extends Span {
  readonly text: string;
}

/** Applies edits that do not overlap. */
export function edited(query: string, edits: readonly Edit[]): string {
  const ordered = [...edits].sort((a, b) => b.from - a.from);
  return ordered.reduce((text, edit) => text.slice(0, edit.from) + edit.text + text.slice(edit.to), query);
}
