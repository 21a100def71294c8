// Comparing takes time by the square of the length; nobody means a name as long as this.
const longest = 256;

/** The names that were most likely meant, nearest first: a few edits away, or with the wanted one inside. */
export function nearNames(name: string, names: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase();
  if (wanted.length > longest) return [];
  return names
    .filter((each) => each.length <= longest)
    .map((each) => ({ each, apart: apart(wanted, each.toLowerCase()) }))
    .filter(({ each, apart }) => apart <= Math.max(1, Math.floor(Math.max(each.length, wanted.length) * 0.4)))
    .sort((a, b) => a.apart - b.apart || inCommon(wanted, b.each) - inCommon(wanted, a.each) || (a.each < b.each ? -1 : 1))
    .map(({ each }) => each);
}

/** How many letters two words begin with alike. */
function inCommon(wanted: string, name: string): number {
  const other = name.toLowerCase();
  let at = 0;
  while (at < wanted.length && wanted[at] === other[at]) at += 1;
  return at;
}

/** Edits between two words, a swap of neighbours counting as one (optimal string alignment); a name inside another is near. */
function apart(a: string, b: string): number {
  if (a.length >= 3 && a !== b && b.includes(a)) return 1;
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
