import { isScalar, parseDocument, visit } from 'yaml';

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

/**
 * What a YAML text says. Keys are compared by a set: the library compares each with all others of its map, which takes seconds for ten thousand.
 * @throws Error for what is no YAML, several documents, and a map with one key twice.
 */
export function readYaml(text: string, options: { readonly maxAliasCount?: number; readonly merge?: boolean } = {}): unknown {
  const { maxAliasCount = 100, merge = false } = options;
  const document = parseDocument(text, { uniqueKeys: false, logLevel: 'error', merge });
  const [trouble] = document.errors;
  if (trouble !== undefined) throw trouble;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        if (seen.has(name)) throw new Error(`Map keys must be unique at line ${lineOf(text, key)}`);
        seen.add(name);
      }
    },
  });
  return document.toJS({ maxAliasCount });
}

function lineOf(text: string, key: unknown): number {
  const at = isScalar(key) ? (key.range?.[0] ?? 0) : 0;
  return text.slice(0, at).split('\n').length;
}
