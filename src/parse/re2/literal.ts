/** A text as a pattern that takes nothing else, in RE2 as in JavaScript. */
export function literalPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
