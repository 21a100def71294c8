/**
 * Characters that a reader does not see as what they are: C0 and C1 controls, DEL, bidi marks, overrides and isolates, zero width and
 * other format characters (Unicode Cf), line separators, tags, and surrogates without their other half.
 */
const hidden = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\u115f\u1160\u3164\uffa0\ufff9-\ufffb\ufffe\uffff]/gu;

const named: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** A word that a CI runner obeys at the start of a line, however indented: actions/runner ActionCommand.cs "::name::", and "##[name]", "##vso[". */
const order = /(?<=^|\s)(?:::(?=[a-z-]+(?: [^:]*)?::)|##(?=\[|vso\[))/gi;

/** Text from a cluster as one line of visible text: what is hidden in it, or an order to a CI runner, is spelt out, "\u{9b}". */
export function visible(text: string): string {
  return text.replace(hidden, spelt).replace(order, (mark) => spelt(mark.charAt(0)) + mark.charAt(1));
}

function spelt(character: string): string {
  return named[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

/** The same for text whose line breaks are meant, such as a command of several lines. */
export function visibleLines(text: string): readonly string[] {
  return text.split('\n').map(visible);
}

/** JSON or double-quoted YAML whose strings hold hidden characters only as \uXXXX: equal data, and nothing that a terminal obeys. */
export function escaped(quoted: string): string {
  return quoted.replace(hidden, (character) => (character === '\n' ? character : units(character)));
}

/** Whether text has a hidden character. */
export function hasHidden(text: string): boolean {
  return text.search(hidden) >= 0;
}

function units(character: string): string {
  return Array.from({ length: character.length }, (_, at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}

/** Text for XML 1.0 and HTML, in content as in attributes. */
export function markup(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
