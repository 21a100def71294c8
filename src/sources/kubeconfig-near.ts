/** "; did you mean "prod"?", or the names there are when none is near. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = nearNames(name, names)
    .slice(0, 3)
    .map((each) => JSON.stringify(each));
  if (near.length > 0) return `; did you mean ${near.join(' or ')}?`;
  if (names.length === 0) return '; there is none';
  return names.length <= 12 ? `; there are ${[...names].sort().join(', ')}` : `; there are ${names.length} others`;
}

const maxLength = 256;

/** The names that were most likely meant, nearest first. */
export function nearNames(name: string, names: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase();
  // Comparing takes time by the square of the length; nobody means a name as long as this.
  if (wanted.length > maxLength) return [];
  return names
    .filter((each) => each.length <= maxLength)
    .map((each) => ({ each, apart: apart(wanted, each.toLowerCase()) }))
    .filter((found) => found.apart <= Math.max(1, Math.floor(Math.max(found.each.length, wanted.length) * 0.4)))
    .sort((a, b) => a.apart - b.apart || (a.each < b.each ? -1 : 1))
    .map(({ each }) => each);
}

/** Edits between two words, a swap of neighbours counting as one; a name inside another counts as near. */
function apart(a: string, b: string): number {
  if (a.length >= 3 && b.includes(a)) return 1;
  let before: readonly number[] = [];
  let above: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const line = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (above[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped = row > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] ? (before[column - 2] ?? 0) + 1 : replaced;
      line.push(Math.min(replaced, swapped, (above[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1));
    }
    before = above;
    above = line;
  }
  return above[b.length] ?? 0;
}
