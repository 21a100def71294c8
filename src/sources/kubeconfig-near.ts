import { nearNames } from '../parse/near.ts';

/** "; did you mean "prod"?", or the names there are when none is near. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = nearNames(name, names)
    .slice(0, 3)
    .map((each) => JSON.stringify(each));
  if (near.length > 0) return `; did you mean ${near.join(' or ')}?`;
  if (names.length === 0) return '; there is none';
  return names.length <= 12 ? `; there are ${[...names].sort().join(', ')}` : `; there are ${names.length} others`;
}
