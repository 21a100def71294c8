// The yaml library takes time by the square of quotes and brackets that are never closed: 20,000 of them take half a second (measured on 2.9).
const mostMarks = 20_000;
const largest = 4 * 1024 * 1024;

/** Why a text of the cluster had better not be parsed as YAML; null when it may. People write nothing like it. */
export function yamlTrouble(text: string): string | null {
  if (text.length > largest) return `it is larger than ${largest / 1024 / 1024} MiB`;
  let marks = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    // " ' [ {
    if (code === 0x22 || code === 0x27 || code === 0x5b || code === 0x7b) marks += 1;
  }
  return marks > mostMarks ? `it has more than ${mostMarks.toLocaleString('en')} quotes and brackets` : null;
}
