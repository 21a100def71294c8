/** Columns that text takes in a terminal: East Asian wide characters and emoji take two. */
export function width(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOf(character);
  return columns;
}

// Unicode Standard Annex 11, the blocks that are wide throughout; combining marks take none.
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
const combining = /\p{M}/u;

function columnsOf(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

/** Breaks text at spaces into lines of at most so many columns; a word longer than a line stays whole, so that names can be copied. */
function wrapped(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && width(line) + 1 + width(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** Wrapped text, every line indented, the first one after a head that stands in the indent. */
export function hanging(text: string, indent: number, columns: number, head = ''): readonly string[] {
  return wrapped(text, Math.max(24, columns - indent)).map((line, at) => (at === 0 ? head.padEnd(indent) : ' '.repeat(indent)) + line);
}

/** "1 proxy", "3 proxies". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
