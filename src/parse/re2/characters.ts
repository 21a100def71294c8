import { classOf, type Matcher, perlClass, posixClass, unicodeClass } from './classes.ts';
import { type Node, refuse, type State } from './state.ts';

/** A character that stands for itself, or in every case under (?i). */
export function literal(state: State, char: string): Node {
  const code = char.codePointAt(0) ?? 0;
  return { op: 'char', matches: classOf([[code, code]], state.flags.fold) };
}

/** What a backslash begins. */
export function escaped(state: State): Node {
  const next = state.chars[state.at + 1];
  if (next === undefined) throw refuse('trailing backslash at end of expression: ``');
  const assertion = { A: 'text-start', z: 'text-end', b: 'word', B: 'not-word' } as const;
  if (next in assertion) {
    state.at += 2;
    return { op: 'assert', at: assertion[next as keyof typeof assertion] };
  }
  const matches = classEscape(state);
  if (matches !== null) return { op: 'char', matches };
  const code = charEscape(state);
  return { op: 'char', matches: classOf([[code, code]], state.flags.fold) };
}

/** \d \w \s and their opposites, \pN, \p{Greek}: null when it is another escape. */
function classEscape(state: State): Matcher | null {
  const rest = state.chars.slice(state.at, state.at + 64).join('');
  const perl = perlClass(rest.slice(0, 2));
  if (perl !== null) {
    state.at += 2;
    return perl;
  }
  const match = /^\\([pP])(?:\{(\^?)([^}]*)\}|(.))/u.exec(rest);
  if (match === null) return null;
  const set = unicodeClass(match[3] ?? match[4] ?? '');
  if (set === null) throw refuse(`invalid character class range: \`${match[0]}\``);
  state.at += match[0].length;
  const negated = (match[1] === 'P') !== (match[2] === '^');
  return negated ? (code) => !set(code) : set;
}

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

function charEscape(state: State): number {
  const rest = state.chars.slice(state.at, state.at + 16).join('');
  const hex = /^\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/.exec(rest);
  const octal = /^\\(0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest);
  const next = rest[1] ?? '';
  if (hex !== null || octal !== null) {
    const code = hex === null ? Number.parseInt(octal?.[1] ?? '', 8) : Number.parseInt(hex[1] ?? hex[2] ?? '', 16);
    if (code > 0x10ffff) throw refuse(`invalid escape sequence: \`${rest.slice(0, 3)}\``);
    state.at += (hex ?? octal)?.[0].length ?? 0;
    return code;
  }
  const control = controls[next];
  if (control === undefined && !/^[!-/:-@[-`{-~]$/.test(next)) throw refuse(`invalid escape sequence: \`\\${next}\``);
  state.at += 2;
  return control ?? next.charCodeAt(0);
}

/** A class in brackets. */
export function bracket(state: State): Node {
  const start = state.at++;
  const negated = state.chars[state.at] === '^';
  if (negated) state.at++;
  const ranges: (readonly [number, number])[] = [];
  const sets: Matcher[] = [];
  for (let first = true; first || state.chars[state.at] !== ']'; first = false) {
    if (state.at >= state.chars.length) throw refuse(`missing closing ]: \`${state.chars.slice(start).join('')}\``);
    const set = posix(state) ?? (state.chars[state.at] === '\\' ? classEscape(state) : null);
    if (set !== null) sets.push(set);
    else ranges.push(range(state));
  }
  state.at++;
  const inside = classOf(ranges, state.flags.fold);
  const any: Matcher = (code) => inside(code) || sets.some((set) => set(code));
  return { op: 'char', matches: negated ? (code) => !any(code) : any };
}

function posix(state: State): Matcher | null {
  const match = /^\[:(\^?)([a-z]+):\]/.exec(state.chars.slice(state.at, state.at + 16).join(''));
  if (match === null) return null;
  const set = posixClass(match[2] ?? '');
  if (set === null) throw refuse(`invalid character class range: \`${match[0]}\``);
  state.at += match[0].length;
  return match[1] === '^' ? (code) => !set(code) : set;
}

function range(state: State): readonly [number, number] {
  const start = state.at;
  const low = classChar(state);
  if (state.chars[state.at] !== '-' || state.chars[state.at + 1] === ']' || state.chars[state.at + 1] === undefined) return [low, low];
  state.at++;
  const high = classChar(state);
  if (high < low) throw refuse(`invalid character class range: \`${state.chars.slice(start, state.at).join('')}\``);
  return [low, high];
}

function classChar(state: State): number {
  if (state.chars[state.at] === '\\') return charEscape(state);
  return (state.chars[state.at++] ?? '').codePointAt(0) ?? 0;
}
