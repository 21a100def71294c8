/** "; did you mean "prod"?", or the names there are when none is near. */
export function suggestion(name: string, names: readonly string[]): string {
  const near = nearNames(name, names)
    .slice(0, 3)
    .map((each) => JSON.stringify(each));
  if (near.length > 0) return `; did you mean ${near.join(' or ')}?`;
  if (names.length === 0) return '; there is none';
  return names.length <= 12 ? `; there are ${[...names].sort().join(', ')}` : `; there are ${names.length} others`;
}

/** The names that were most likely meant, nearest first. */
export function nearNames(name: string, names: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase();
  return names
    .map((each) => ({ each, apart: apart(wanted, each.toLowerCase()) }))
    .filter((found) => found.apart <= Math.max(1, Math.floor(Math.max(found.each.length, wanted.length) * 0.4)))
    .sort((a, b) => a.apart - b.apart || (a.each < b.each ? -1 : 1))
    .map(({ each }) => each);
}

/** Levenshtein's distance; a name inside another counts as near. */
function apart(a: string, b: string): number {
  if (a.length >= 3 && b.includes(a)) return 1;
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [row, letter] of [...a].entries()) {
    const line = [row + 1];
    for (const [column, other] of [...b].entries()) {
      const swap = (above[column] ?? 0) + (letter === other ? 0 : 1);
      line.push(Math.min(swap, (above[column + 1] ?? 0) + 1, (line[column] ?? 0) + 1));
    }
    above = line;
  }
  return above[b.length] ?? 0;
}
