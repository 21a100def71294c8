import type { KubeObject } from './source.ts';

/** An object as a command names it: "podmonitor monitoring/x". */
export interface Target {
  /** As kubectl takes it, lower case: "podmonitor", "deployment". */
  readonly word: string;
  readonly namespace: string | null;
  readonly name: string;
}

/** One operation of RFC 6902. "test" changes nothing: where another value stands, the whole patch is refused. */
export interface Operation {
  readonly op: 'add' | 'replace' | 'remove' | 'test';
  readonly path: string;
  readonly value?: unknown;
}

/** A change of objects, as data: what a remedy does when it is more than advice. */
export type Change =
  | { readonly does: 'put'; readonly object: KubeObject }
  | { readonly does: 'patch'; readonly target: Target; readonly operations: readonly Operation[] }
  /** RFC 7386. */
  | { readonly does: 'merge'; readonly target: Target; readonly patch: unknown }
  | { readonly does: 'delete'; readonly target: Target };
