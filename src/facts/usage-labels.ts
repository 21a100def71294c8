import { ReadError } from '../model/source.ts';
import { normaliseLabel } from '../parse/metric-names.ts';
import type { IdentityLabel } from './emitters.ts';
import type { Asked } from './usage-asked.ts';
import type { StoredFamily } from './usage-query.ts';

/** By what tokens are grouped. */
export interface Grouping {
  readonly by: readonly string[];
  /** The model, when it was added for its price alone. */
  readonly extra: string | null;
  /** Labels that say whose tokens these are, which a target label of the same name may push aside. */
  readonly identity: ReadonlySet<string>;
  readonly notes: readonly string[];
}

/** Names whose value is a team rather than a person. */
const teams = /namespace|tenant|team|group|tier|subscription|org|department|project|cost/i;

/** The cluster's identity labels; none where they cannot be read, for the user may name labels. */
export async function identityOf({ reader, nouns }: Asked): Promise<readonly IdentityLabel[]> {
  try {
    return await reader.ask(nouns.identity);
  } catch (error) {
    if (error instanceof ReadError) return [];
    throw error;
  }
}

/** The labels that the user asked for, or those of the cluster's mapping: the team, then the user. */
export function groupingOf(
  { question, traits }: Asked,
  identity: readonly IdentityLabel[],
  known: readonly string[],
): Grouping | { readonly label: string; readonly known: readonly string[] } {
  const names = new Set(identity.map(({ label }) => label));
  const meant = [...(question.by ?? []), ...question.where.map(({ label }) => label)];
  const isKnown = (label: string): boolean =>
    known.includes(label) ||
    known.some((each) => [label, `exported_${label}`].includes(each)) ||
    known.includes(normaliseLabel(label)) ||
    names.has(label);
  const unknown = meant.find((label) => !isKnown(label));
  if (unknown !== undefined) return { label: unknown, known: [...new Set([...known, ...names])] };
  const own = question.by ?? defaultBy(identity);
  const by = own.length > 0 ? own : [traits.model];
  const notes = own.length > 0 ? exportedNotes(by, names, known) : ['no mapping of request headers names a tenant here: grouped by model'];
  const extra = question.priced && !by.includes(traits.model) ? traits.model : null;
  return { by: extra === null ? by : [...by, extra], extra, identity: names, notes };
}

/** The first label that names a team and the first that does not. */
function defaultBy(identity: readonly IdentityLabel[]): readonly string[] {
  const labels = identity.map(({ label }) => label);
  const team = labels.find((label) => teams.test(label));
  const user = labels.find((label) => !teams.test(label));
  return [team, user].filter((label) => label !== undefined);
}

function exportedNotes(by: readonly string[], identity: ReadonlySet<string>, known: readonly string[]): readonly string[] {
  return by
    .filter((label) => identity.has(label) && known.includes(`exported_${label}`))
    .map((label) => `${label} is stored as exported_${label}, because a target label has its name`);
}

/** The labels of all stored names, as with underscores. */
export function knownLabels(families: readonly StoredFamily[]): readonly string[] {
  const labels = families.flatMap((family) => family.labels).filter((label) => label !== '__name__' && label !== 'le');
  return [...new Set(labels.map(normaliseLabel))].sort();
}
