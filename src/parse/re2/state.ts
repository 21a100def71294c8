import type { Matcher } from './classes.ts';

/** The syntax tree of a regular expression. */
export type Node =
  | { readonly op: 'empty' }
  | { readonly op: 'char'; readonly matches: Matcher }
  | { readonly op: 'assert'; readonly at: Assertion }
  | { readonly op: 'concat' | 'alternate'; readonly nodes: readonly Node[] }
  | { readonly op: 'repeat'; readonly node: Node; readonly min: number; readonly max: number; readonly greedy: boolean }
  | { readonly op: 'capture'; readonly node: Node; readonly index: number };

export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word' | 'not-word';

/** A pattern that Go's regexp refuses; the message is Go's. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

export interface Flags {
  readonly fold: boolean;
  readonly dotAll: boolean;
  readonly multiline: boolean;
  readonly ungreedy: boolean;
}

export interface State {
  readonly chars: readonly string[];
  readonly pattern: string;
  at: number;
  groups: number;
  depth: number;
  flags: Flags;
  readonly names: (string | null)[];
}

export function refuse(reason: string): PatternError {
  return new PatternError(`error parsing regexp: ${reason}`);
}
