/** Whether a code point belongs to a set. */
export type Matcher = (code: number) => boolean;

export const everything: Matcher = () => true;
export const notNewline: Matcher = (code) => code !== 10;

/** A set of ranges of code points; `fold` also takes the other cases of each (Go's unicode.SimpleFold orbits). */
export function classOf(ranges: readonly (readonly [low: number, high: number])[], fold: boolean): Matcher {
  const [only] = ranges;
  if (ranges.length === 1 && only !== undefined && !fold) {
    const [low, high] = only;
    return low === high ? (code) => code === low : (code) => code >= low && code <= high;
  }
  const inside: Matcher = (code) => ranges.some(([low, high]) => code >= low && code <= high);
  return fold ? (code) => inside(code) || orbit(code).some(inside) : inside;
}

/** The other cases of a code point: k, K and the Kelvin sign are one orbit, so are s, S and the long s. */
function orbit(code: number): readonly number[] {
  const char = String.fromCodePoint(code);
  const lower = char.toLowerCase();
  const upper = char.toUpperCase();
  const special = { k: [0x212a], s: [0x17f], å: [0x212b] }[lower] ?? [];
  return [
    ...[lower, upper, lower.toUpperCase()].filter((text) => [...text].length === 1).map((text) => text.codePointAt(0) ?? 0),
    ...special,
  ];
}

const digit: Matcher = (code) => code >= 48 && code <= 57;
export const word: Matcher = (code) => digit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
// RE2's \s has no vertical tab: https://pkg.go.dev/regexp/syntax
const space: Matcher = (code) => code === 9 || code === 10 || code === 12 || code === 13 || code === 32;

/** \d \D \w \W \s \S: ASCII only, as in RE2; null for another escape. */
export function perlClass(sequence: string): Matcher | null {
  switch (sequence) {
    case '\\d':
      return digit;
    case '\\D':
      return (code) => !digit(code);
    case '\\w':
      return word;
    case '\\W':
      return (code) => !word(code);
    case '\\s':
      return space;
    case '\\S':
      return (code) => !space(code);
    default:
      return null;
  }
}

const posixPatterns: Readonly<Record<string, RegExp>> = {
  alnum: /[0-9A-Za-z]/,
  alpha: /[A-Za-z]/,
  ascii: /[\x00-\x7F]/,
  blank: /[\t ]/,
  cntrl: /[\x00-\x1F\x7F]/,
  digit: /[0-9]/,
  graph: /[!-~]/,
  lower: /[a-z]/,
  print: /[ -~]/,
  punct: /[!-/:-@[-`{-~]/,
  space: /[\t\n\v\f\r ]/,
  upper: /[A-Z]/,
  word: /[0-9A-Za-z_]/,
  xdigit: /[0-9A-Fa-f]/,
};

/** [[:alpha:]] and kin; null for an unknown name. */
export function posixClass(name: string): Matcher | null {
  const pattern = posixPatterns[name];
  return pattern === undefined ? null : (code) => pattern.test(String.fromCodePoint(code));
}

/** \p{L}, \p{Greek}, \p{Any}; null for an unknown name. */
export function unicodeClass(name: string): Matcher | null {
  if (name === 'Any') return everything;
  if (!/^\w+$/.test(name)) return null;
  const pattern = unicodePattern(name.length <= 2 ? name : `Script=${name}`);
  return pattern === null ? null : (code) => pattern.test(String.fromCodePoint(code));
}

function unicodePattern(property: string): RegExp | null {
  try {
    return new RegExp(`^\\p{${property}}$`, 'u');
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
