/** Without the slashes at its end. A flood of them is looked at once: only the first of a row can begin a match. */
export function withoutEndSlashes(path: string): string {
  return path.replace(/(?<!\/)\/+$/, '');
}
