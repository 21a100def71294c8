import type { RecordedGet } from '../model/snapshot.ts';

/**
 * Answers with pseudonyms, of which those about logs keep the words that were asked for: a namespace may be called as a word of a message is, and
 * with another word there the message would not be found again.
 */
export function withMessages(
  renamed: readonly RecordedGet[],
  original: readonly RecordedGet[],
  rename: (text: string) => string,
): readonly RecordedGet[] {
  return renamed.map((get, at) => {
    const before = original[at];
    if (before?.endpoint.at !== 'logs' || before.answer.status === 'refused' || get.answer.status === 'refused') return get;
    const text = 'text' in before.answer.body ? before.answer.body.text : '';
    return { ...get, answer: { ...get.answer, body: { text: aroundWords(text, before.question.keep ?? [], rename) } } };
  });
}

/** Words of the patterns, where they stand for themselves and are no part of a longer name. */
function aroundWords(text: string, patterns: readonly string[], rename: (text: string) => string): string {
  const words = new Set(patterns.flatMap((pattern) => pattern.replace(/\\[a-zA-Z]/g, ' ').match(/[A-Za-z0-9]{2,}/g) ?? []));
  if (words.size === 0) return rename(text);
  const choices = [...words].sort((a, b) => b.length - a.length).join('|');
  // A capture keeps what is split at: words are at odd places.
  const parts = text.split(new RegExp(`(?<![\\w-])(${choices})(?![\\w-])`));
  return parts.map((part, at) => (at % 2 === 1 ? part : rename(part))).join('');
}
