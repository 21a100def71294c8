import { escapeName } from '../parse/metric-names.ts';
import { type Edit, type Enclosure, edited, type QueryShape } from '../parse/promql.ts';

type Aggregate = Extract<Enclosure, { readonly kind: 'aggregate' }>;

/** Labels that an expression groups by and that are no identifiers. */
export function quotedGroups({ selectors }: QueryShape): readonly Aggregate[] {
  const all = selectors.flatMap(({ within }) => within.filter((outer) => outer.kind === 'aggregate'));
  const quoted = all.filter(({ grouping }) => grouping?.labels.some(({ name }) => !isPlain(name)));
  return [...new Map(quoted.map((outer) => [`${outer.from}-${outer.to}`, outer])).values()];
}

/**
 * The same groups under names that every operator takes: label_replace gives each series a copy of the label before it is summed. Null
 * where other parts of the expression would miss the label that is gone.
 */
export function unquotedGroups(expr: string, shape: QueryShape): string | null {
  const aggregates = quotedGroups(shape);
  if (aggregates.length === 0 || shape.joins.some((label) => !isPlain(label))) return null;
  const edits: Edit[] = [];
  for (const { grouping, operand, from, to } of aggregates) {
    if (grouping === null || operand === null || grouping.mode === 'without') return null;
    const quoted = grouping.labels.filter(({ name }) => !isPlain(name));
    for (const label of quoted) edits.push({ from: label.from, to: label.to, text: plainName(label.name) });
    const inner = aggregates.some(
      (other) => other.from >= operand.from && other.to <= operand.to && !(other.from === from && other.to === to),
    );
    if (inner) continue;
    const copied = quoted.reduce((text, { name }) => copying(text, name), expr.slice(operand.from, operand.to));
    edits.push({ ...operand, text: copied });
  }
  return edited(expr, edits);
}

function copying(operand: string, label: string): string {
  return `label_replace(${operand}, ${JSON.stringify(plainName(label))}, "$1", ${JSON.stringify(label)}, "(.+)")`;
}

const isPlain = (name: string): boolean => /^[a-zA-Z_]\w*$/.test(name);
const plainName = (name: string): string => escapeName(name, 'underscores');
