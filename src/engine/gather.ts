import type { Fact, Options, Reader } from '../model/fact.ts';
import { type Access, ReadError, type Source, type Unread, unreadOf, type Via } from '../model/source.ts';
import { endingOf } from './ending.ts';
import { type Observer, observed, type RequestEvent } from './observe.ts';

/** What happens during a run, for the progress line and -v. */
export type Event =
  | { readonly type: 'reading' | 'read'; readonly fact: string; readonly title: string }
  | { readonly type: 'request'; readonly fact: string; readonly request: RequestEvent };

export interface GatherSettings {
  /** Cuts the run short: its reason, a ReadError, becomes that of everything not yet read. */
  readonly signal?: AbortSignal;
  /** Milliseconds; a constant one makes reports that are equal byte for byte. */
  readonly clock?: () => number;
  readonly onEvent?: (event: Event) => void;
}

/** The facts of one run: each is read when first asked for, and once. */
export interface Gathering {
  readonly reader: Reader;
  /** Forgets facts, what they are made of and what was made of them, so that the next question reads them again. */
  forget(facts: readonly Fact<unknown>[]): void;
  /** What each fact was seen to ask of the API server, by fact id. */
  observed(): ReadonlyMap<string, readonly Access[]>;
  /** How endpoints were reached, most used first. */
  via(): readonly Via[];
  /** Facts whose reading broke for a reason of ours. */
  bugs(): ReadonlyMap<Fact<unknown>, Unread>;
  clock(): number;
  /** Milliseconds since the run began. */
  elapsed(): number;
}

interface Notes {
  readonly accesses: Map<string, Map<string, Access>>;
  readonly ways: Map<Via, number>;
  readonly bugs: Map<Fact<unknown>, Unread>;
}

/** Starts a run over a source. The source's clock goes on by the time that passed between two looks. */
export function gather(source: Source, options: Options, settings: GatherSettings = {}): Gathering {
  const { signal, clock = () => 0, onEvent = () => undefined } = settings;
  const ending = endingOf(signal);
  const notes: Notes = { accesses: new Map(), ways: new Map(), bugs: new Map() };
  const memo = new Map<Fact<unknown>, Promise<unknown>>();
  const started = clock();
  let looked = started;
  const now = (): Date => new Date(source.now.getTime() + Math.round(looked - started));
  const sourceFor = (fact: string): Source => observed(source, observer(notes, fact, clock, onEvent), ending, now);

  const read = async (fact: Fact<unknown>): Promise<unknown> => {
    const { id, title } = fact;
    onEvent({ type: 'reading', fact: id, title });
    try {
      return await ending.soon(title, () => fact.read({ source: sourceFor(id), options, ask }));
    } catch (error) {
      if (!(error instanceof ReadError)) notes.bugs.set(fact, unreadOf(error, id));
      throw error;
    } finally {
      onEvent({ type: 'read', fact: id, title });
    }
  };

  function ask<T>(fact: Fact<T>): Promise<T> {
    const value = memo.get(fact) ?? read(fact);
    // Node ends a process with a promise that rejects before anyone awaits it.
    value.catch(() => undefined);
    memo.set(fact, value);
    return value as Promise<T>;
  }

  return {
    reader: { source: sourceFor(''), options, ask },
    forget: (facts) => {
      looked = clock();
      for (const fact of stale([...memo.keys()], facts)) {
        memo.delete(fact);
        notes.bugs.delete(fact);
      }
    },
    observed: () => new Map([...notes.accesses].map(([id, seen]) => [id, [...seen.values()]])),
    via: () => [...notes.ways].sort((a, b) => b[1] - a[1]).map(([via]) => via),
    bugs: () => notes.bugs,
    clock,
    elapsed: () => Math.round(clock() - started),
  };
}

/** Every fact that is asked for, directly or through others; what a fact is made of comes before it. */
export function closure(facts: Iterable<Fact<unknown>>): readonly Fact<unknown>[] {
  const seen = new Set<Fact<unknown>>();
  const visit = (fact: Fact<unknown>): void => {
    if (seen.has(fact)) return;
    fact.needs.forEach(visit);
    seen.add(fact);
  };
  for (const fact of facts) visit(fact);
  return [...seen];
}

function stale(remembered: readonly Fact<unknown>[], named: readonly Fact<unknown>[]): readonly Fact<unknown>[] {
  const below = new Set(closure(named));
  return remembered.filter((fact) => closure([fact]).some((part) => below.has(part)));
}

function observer(notes: Notes, fact: string, clock: () => number, onEvent: (event: Event) => void): Observer {
  return {
    clock,
    access: (access) => {
      const seen = notes.accesses.get(fact) ?? new Map<string, Access>();
      notes.accesses.set(fact, seen.set(`${access.verb} ${access.group}/${access.resource}`, access));
    },
    via: (reply) => notes.ways.set(reply.via, (notes.ways.get(reply.via) ?? 0) + 1),
    request: (request) => onEvent({ type: 'request', fact, request }),
  };
}
