import { listed } from '../../checks/phrases.ts';
import { mergePairs, type Pair } from '../../parse/mapping.ts';

/** Pairs that parse and that no request ever matches. */
export interface Flaw {
  readonly wrong: readonly Pair[];
  readonly message: string;
  /** The whole mapping without the flaw. */
  readonly mended: readonly Pair[];
}

/** What is ineffective about the pairs of one flag. Quotes explain whatever else looks wrong. Recorded in flags-report.txt of each release. */
export function flawsOf(pairs: readonly Pair[]): readonly Flaw[] {
  const quotes = quoted(pairs);
  return quotes.length > 0 ? quotes : [...upperCase(pairs), ...overridden(pairs), ...impossible(pairs)];
}

/** A pair without the quotes that a shell or a YAML would have taken away. */
export function unquoted(pair: Pair): Pair {
  return { ...pair, header: pair.header.replace(/^["']+/, ''), attribute: pair.attribute.replace(/(?<!["'])["']+$/, '') };
}

/** The flaw, unless no pair has it. */
function flaw(wrong: readonly Pair[], message: string, mended: readonly Pair[]): readonly Flaw[] {
  return wrong.length === 0 ? [] : [{ wrong, message, mended }];
}

function quoted(pairs: readonly Pair[]): readonly Flaw[] {
  const wrong = pairs.filter(({ header, attribute }) => /^["']/.test(header) || /["']$/.test(attribute));
  return flaw(wrong, 'the quotes are part of the value, so the names hold a quote that no request has', pairs.map(unquoted));
}

function upperCase(pairs: readonly Pair[]): readonly Flaw[] {
  const wrong = pairs.filter(({ header }) => header !== header.toLowerCase());
  const names = listed(wrong.map(({ header }) => header));
  const mended = pairs.map((pair) => ({ ...pair, header: pair.header.toLowerCase() }));
  return flaw(wrong, `header names arrive in lower case, ${names} never matches`, mended);
}

/** Pairs that a later pair of the same header replaces with another label. */
function overridden(pairs: readonly Pair[]): readonly Flaw[] {
  const winner = (header: string | undefined): Pair | undefined => pairs.findLast((pair) => pair.header === header);
  const wrong = pairs.filter(({ header, attribute }) => winner(header)?.attribute !== attribute);
  const header = wrong[0]?.header;
  const lost = listed(wrong.map(({ attribute }) => attribute));
  return flaw(wrong, `header ${header} stands twice and feeds only ${winner(header)?.attribute}, ${lost} never appears`, mergePairs(pairs));
}

/** Names with characters that HTTP does not allow in one: RFC 9110, token. */
function impossible(pairs: readonly Pair[]): readonly Flaw[] {
  const wrong = pairs.filter(({ header }) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(header));
  const names = listed(wrong.map(({ header }) => JSON.stringify(header)));
  return flaw(
    wrong,
    `${names} is no header name that a request can have`,
    pairs.filter((pair) => !wrong.includes(pair)),
  );
}
