import { bracket, escaped, literal } from './characters.ts';
import { everything, notNewline } from './classes.ts';
import { type Flags, type Node, refuse, type State } from './state.ts';

export interface Parsed {
  readonly node: Node;
  /** Capture groups without the whole match. */
  readonly groups: number;
  /** The name of each group by index; Go lets groups share one. */
  readonly names: readonly (string | null)[];
}

// Go refuses larger counts, and nested ones whose product is larger: regexp/syntax/parse.go maxSize, `invalid repeat count`.
const maxRepeat = 1000;
// Deep nesting overflows a recursive parser: regexp/syntax/parse.go maxHeight.
const maxDepth = 1000;

/**
 * Parses the syntax of Go's regexp package (RE2 with Perl flags), which Prometheus uses for relabeling and matchers.
 * Throws PatternError with Go's words for what Go refuses: lookaround, back-references, bad counts.
 * Source: https://pkg.go.dev/regexp/syntax
 */
export function parsePattern(pattern: string): Parsed {
  const state: State = {
    chars: [...pattern],
    pattern,
    at: 0,
    groups: 0,
    depth: 0,
    flags: { fold: false, dotAll: false, multiline: false, ungreedy: false },
    names: [null],
  };
  const node = alternation(state);
  if (state.at < state.chars.length) throw refuse(`unexpected ): \`${pattern}\``);
  return { node, groups: state.groups, names: state.names };
}

function alternation(state: State): Node {
  if (++state.depth > maxDepth) throw refuse(`expression nests too deeply: \`${state.pattern}\``);
  const branches: Node[] = [concatenation(state)];
  while (state.chars[state.at] === '|') {
    state.at++;
    branches.push(concatenation(state));
  }
  state.depth--;
  const [only] = branches;
  return branches.length === 1 && only !== undefined ? only : { op: 'alternate', nodes: branches };
}

function concatenation(state: State): Node {
  const nodes: Node[] = [];
  for (let next = state.chars[state.at]; next !== undefined && next !== '|' && next !== ')'; next = state.chars[state.at]) {
    // After a lone flag group Go repeats what stands before it; with nothing there, it refuses.
    if (counted(state, true) !== null) {
      const before = nodes.pop();
      if (before === undefined) throw refuse(`missing argument to repetition operator: \`${next}\``);
      nodes.push(repetitions(state, before));
      continue;
    }
    if (state.chars.slice(state.at, state.at + 2).join('') === '\\Q') {
      const chars = quoted(state);
      const last = chars.pop();
      nodes.push(...chars, ...(last === undefined ? [] : [repetitions(state, last)]));
      continue;
    }
    const flagsOnly = flagGroup(state);
    if (!flagsOnly) nodes.push(repetitions(state, atom(state)));
  }
  return nodes.length === 0 ? { op: 'empty' } : { op: 'concat', nodes };
}

function quoted(state: State): Node[] {
  state.at += 2;
  const nodes: Node[] = [];
  while (state.at < state.chars.length && !(state.chars[state.at] === '\\' && state.chars[state.at + 1] === 'E')) {
    nodes.push(literal(state, state.chars[state.at++] ?? ''));
  }
  state.at += state.at < state.chars.length ? 2 : 0;
  return nodes;
}

function repetitions(state: State, first: Node): Node {
  let node = first;
  let repeated = 0;
  for (let count = counted(state); count !== null; count = counted(state)) {
    if (++repeated > 1) throw refuse(`invalid nested repetition operator: \`${state.pattern}\``);
    const lazy = state.chars[state.at] === '?';
    if (lazy) state.at++;
    node = { op: 'repeat', node, ...count, greedy: lazy === state.flags.ungreedy };
  }
  if (size(node) > maxRepeat * 10) throw refuse(`expression too large: \`${state.pattern}\``);
  return node;
}

/** How many instructions a node takes once its counted repetitions are written out. */
function size(node: Node): number {
  switch (node.op) {
    case 'empty':
    case 'char':
    case 'assert':
      return 1;
    case 'concat':
    case 'alternate':
      return node.nodes.reduce((sum, child) => sum + size(child), 0);
    case 'capture':
      return size(node.node) + 2;
    case 'repeat':
      return size(node.node) * Math.max(1, node.max === Number.POSITIVE_INFINITY ? node.min : node.max);
  }
}

/** The repetition operator that stands here, consumed unless only looked at. */
function counted(state: State, look = false): { min: number; max: number } | null {
  const next = state.chars[state.at];
  if (next === '*' || next === '+' || next === '?') {
    state.at += look ? 0 : 1;
    return { min: next === '+' ? 1 : 0, max: next === '?' ? 1 : Number.POSITIVE_INFINITY };
  }
  if (next !== '{') return null;
  const match = /^\{(\d+)(,(\d*))?\}/.exec(state.chars.slice(state.at, state.at + 16).join(''));
  if (match === null) return null;
  const min = Number(match[1]);
  const max = match[2] === undefined ? min : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]);
  if (min > maxRepeat || (max !== Number.POSITIVE_INFINITY && max > maxRepeat) || min > max)
    throw refuse(`invalid repeat count: \`${match[0]}\``);
  state.at += look ? 0 : match[0].length;
  return { min, max };
}

function atom(state: State): Node {
  const next = state.chars[state.at] ?? '';
  switch (next) {
    case '(':
      return group(state);
    case '[':
      return bracket(state);
    case '.':
      state.at++;
      return { op: 'char', matches: state.flags.dotAll ? everything : notNewline };
    case '^':
      state.at++;
      return { op: 'assert', at: state.flags.multiline ? 'line-start' : 'text-start' };
    case '$':
      state.at++;
      return { op: 'assert', at: state.flags.multiline ? 'line-end' : 'text-end' };
    case '\\':
      return escaped(state);
    default:
      state.at++;
      return literal(state, next);
  }
}

/** Consumes (?i) and kin, whose flags hold to the end of the enclosing group. */
function flagGroup(state: State): boolean {
  const match = /^\(\?([imsU]*)(?:-([imsU]+))?\)/.exec(state.chars.slice(state.at, state.at + 16).join(''));
  if (match === null || match[0] === '(?)') return false;
  state.flags = flagged(flagged(state.flags, match[1] ?? '', true), match[2] ?? '', false);
  state.at += match[0].length;
  return true;
}

function group(state: State): Node {
  const rest = state.chars.slice(state.at).join('');
  const named = /^\(\?P?<([^>]*)>/.exec(rest);
  if (named !== null && !/^\(\?<[=!]/.test(rest)) return capture(state, named[0], named[1] ?? '');
  if (!rest.startsWith('(?')) return capture(state, '(', null);
  const match = /^\(\?([imsU]*)(?:-([imsU]+))?:/.exec(rest);
  if (match === null) {
    throw refuse(`invalid or unsupported Perl syntax: \`${rest.slice(0, rest.startsWith('(?<') || rest.startsWith('(?P') ? 4 : 3)}\``);
  }
  const before = state.flags;
  state.flags = flagged(flagged(before, match[1] ?? '', true), match[2] ?? '', false);
  state.at += match[0].length;
  const node = alternation(state);
  close(state);
  state.flags = before;
  return node;
}

function flagged(flags: Flags, letters: string, on: boolean): Flags {
  return {
    fold: letters.includes('i') ? on : flags.fold,
    multiline: letters.includes('m') ? on : flags.multiline,
    dotAll: letters.includes('s') ? on : flags.dotAll,
    ungreedy: letters.includes('U') ? on : flags.ungreedy,
  };
}

function capture(state: State, opening: string, name: string | null): Node {
  if (name !== null && !/^\w+$/.test(name)) throw refuse(`invalid named capture: \`${opening}\``);
  state.at += [...opening].length;
  const index = ++state.groups;
  state.names[index] = name;
  const before = state.flags;
  const node = alternation(state);
  close(state);
  state.flags = before;
  return { op: 'capture', node, index };
}

function close(state: State): void {
  if (state.chars[state.at] !== ')') throw refuse(`missing closing ): \`${state.pattern}\``);
  state.at++;
}
