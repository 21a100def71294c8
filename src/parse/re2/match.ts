import { type Matcher, word } from './classes.ts';
import type { Assertion, Node } from './state.ts';
import { type Parsed, parsePattern } from './syntax.ts';

type Instruction =
  | { readonly op: 'char'; readonly matches: Matcher }
  | { readonly op: 'assert'; readonly at: Assertion }
  | { readonly op: 'split'; readonly first: number; readonly second: number }
  | { readonly op: 'jump'; readonly to: number }
  | { readonly op: 'save'; readonly slot: number }
  | { readonly op: 'match' };

/** A compiled pattern. Matching takes time proportional to pattern × text, whatever the pattern: hostile ones cannot hang it. */
export interface Pattern {
  readonly source: string;
  readonly names: readonly (string | null)[];
  readonly groups: number;
  /** The groups of a match of the whole text (index 0 is the match), or null. A group that took no part is null. */
  fullMatch(text: string): readonly (string | null)[] | null;
}

/** The major version of the Prometheus that runs a pattern. */
export type Dialect = 2 | 3;

const cache = new Map<string, Pattern>();

/** Prometheus's anchored pattern, `^(?s:…)$`, or `^(?:…)$` before 3.0, where a dot matched no newline: model/relabel/relabel.go NewRegexp. Throws PatternError. */
export function anchored(source: string, dialect: Dialect = 3): Pattern {
  const key = `${dialect}${source}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const pattern = compilePattern(source, parsePattern(`(?${dialect === 3 ? 's' : ''}:${source})`));
  // Bounded: a configuration has tens of patterns, a hostile one may have millions.
  if (cache.size > 1000) cache.clear();
  cache.set(key, pattern);
  return pattern;
}

function compilePattern(source: string, parsed: Parsed): Pattern {
  const program: Instruction[] = [];
  emit(program, parsed.node);
  program.push({ op: 'match' });
  const literal = literalOf(source);
  return {
    source,
    names: parsed.names,
    groups: parsed.groups,
    fullMatch: literal === null ? (text) => run(program, parsed.groups, text) : (text) => (text === literal ? [text] : null),
  };
}

/** The text of a pattern without any operator: most rules name a label or a metric. */
function literalOf(source: string): string | null {
  return /^[\w :;,/@-]*$/.test(source) ? source : null;
}

function emit(program: Instruction[], node: Node): void {
  switch (node.op) {
    case 'empty':
      return;
    case 'char':
    case 'assert':
      program.push(node);
      return;
    case 'concat':
      for (const child of node.nodes) emit(program, child);
      return;
    case 'alternate':
      emitAlternatives(program, node.nodes);
      return;
    case 'capture':
      program.push({ op: 'save', slot: node.index * 2 });
      emit(program, node.node);
      program.push({ op: 'save', slot: node.index * 2 + 1 });
      return;
    case 'repeat':
      emitRepeat(program, node);
  }
}

function emitAlternatives(program: Instruction[], nodes: readonly Node[]): void {
  const jumps: number[] = [];
  nodes.forEach((child, index) => {
    if (index === nodes.length - 1) {
      emit(program, child);
      return;
    }
    const split = program.length;
    program.push({ op: 'split', first: split + 1, second: 0 });
    emit(program, child);
    jumps.push(program.length);
    program.push({ op: 'jump', to: 0 });
    program[split] = { op: 'split', first: split + 1, second: program.length };
  });
  for (const jump of jumps) program[jump] = { op: 'jump', to: program.length };
}

function emitRepeat(program: Instruction[], node: Extract<Node, { op: 'repeat' }>): void {
  const endless = node.max === Number.POSITIVE_INFINITY;
  for (let index = 0; index < node.min - (endless ? 1 : 0); index++) emit(program, node.node);
  if (!endless) emitOptions(program, node, node.max - node.min);
  else if (node.min > 0) emitPlus(program, node);
  // x* is (x+)?: so an empty first round still sets its groups, as in regexp/syntax/compile.go star().
  else optional(program, node.greedy, () => emitPlus(program, node));
}

function emitPlus(program: Instruction[], node: Extract<Node, { op: 'repeat' }>): void {
  const start = program.length;
  emit(program, node.node);
  program.push(split(node.greedy, start, program.length + 1));
}

function emitOptions(program: Instruction[], node: Extract<Node, { op: 'repeat' }>, count: number): void {
  if (count <= 0) return;
  optional(program, node.greedy, () => {
    emit(program, node.node);
    emitOptions(program, node, count - 1);
  });
}

function optional(program: Instruction[], greedy: boolean, inside: () => void): void {
  const at = program.length;
  program.push({ op: 'match' });
  inside();
  program[at] = split(greedy, at + 1, program.length);
}

function split(greedy: boolean, inside: number, after: number): Instruction {
  return greedy ? { op: 'split', first: inside, second: after } : { op: 'split', first: after, second: inside };
}

interface Thread {
  readonly at: number;
  readonly slots: readonly number[];
}

/** Pike's algorithm: all threads advance over the text together, in order of preference, so that captures are those of a backtracking matcher. */
function run(program: readonly Instruction[], groups: number, text: string): readonly (string | null)[] | null {
  const codes = Array.from(text, (char) => char.codePointAt(0) ?? 0);
  const empty = new Array<number>((groups + 1) * 2).fill(-1);
  let threads = follow(program, [{ at: 0, slots: empty }], codes, 0);
  for (let position = 0; position < codes.length && threads.length > 0; position++) {
    const code = codes[position] ?? 0;
    const moved = threads.filter((thread) => {
      const instruction = program[thread.at];
      return instruction?.op === 'char' && instruction.matches(code);
    });
    threads = follow(
      program,
      moved.map((thread) => ({ at: thread.at + 1, slots: thread.slots })),
      codes,
      position + 1,
    );
  }
  const winner = threads.find((thread) => program[thread.at]?.op === 'match');
  if (winner === undefined) return null;
  const chars = Array.from(text);
  return Array.from({ length: groups + 1 }, (_, group) => {
    if (group === 0) return text;
    const start = winner.slots[group * 2] ?? -1;
    const end = winner.slots[group * 2 + 1] ?? -1;
    return start < 0 || end < 0 ? null : chars.slice(start, end).join('');
  });
}

/** Follows jumps, splits, saves and assertions until every thread stands before a character or the end; the first to reach an instruction keeps it. */
function follow(program: readonly Instruction[], starts: readonly Thread[], codes: readonly number[], position: number): Thread[] {
  const seen = new Set<number>();
  const reached: Thread[] = [];
  const stack = [...starts].reverse();
  for (let thread = stack.pop(); thread !== undefined; thread = stack.pop()) {
    if (seen.has(thread.at)) continue;
    seen.add(thread.at);
    const instruction = program[thread.at];
    switch (instruction?.op) {
      case 'jump':
        stack.push({ at: instruction.to, slots: thread.slots });
        break;
      case 'split':
        stack.push({ at: instruction.second, slots: thread.slots }, { at: instruction.first, slots: thread.slots });
        break;
      case 'save':
        stack.push({ at: thread.at + 1, slots: thread.slots.with(instruction.slot, position) });
        break;
      case 'assert':
        if (holds(instruction.at, codes, position)) stack.push({ at: thread.at + 1, slots: thread.slots });
        break;
      case 'char':
      case 'match':
        reached.push(thread);
        break;
      case undefined:
        break;
    }
  }
  return reached;
}

function holds(assertion: Assertion, codes: readonly number[], position: number): boolean {
  const before = codes[position - 1];
  const after = codes[position];
  const boundary = (before !== undefined && word(before)) !== (after !== undefined && word(after));
  switch (assertion) {
    case 'text-start':
      return position === 0;
    case 'text-end':
      return position === codes.length;
    case 'line-start':
      return position === 0 || before === 10;
    case 'line-end':
      return position === codes.length || after === 10;
    case 'word':
      return boundary;
    case 'not-word':
      return !boundary;
  }
}
