import type { Fact, Options, Reader } from '../../../../src/model/fact.ts';
import type { Source } from '../../../../src/model/source.ts';

/** Nothing asked for beyond the source. */
export const noOptions: Options = { gateway: null, namespace: null, selector: null, expectLabels: [], prometheus: null };

/** A reader that remembers, as a run has one. */
export function readerOf(source: Source, options: Partial<Options> = {}): Reader {
  const memo = new Map<Fact<unknown>, Promise<unknown>>();
  const reader: Reader = {
    source,
    options: { ...noOptions, ...options },
    ask: <T>(fact: Fact<T>): Promise<T> => {
      const known = memo.get(fact) ?? fact.read(reader);
      memo.set(fact, known);
      return known as Promise<T>;
    },
  };
  return reader;
}

/** One fact of a source. */
export function ask<T>(fact: Fact<T>, source: Source, options: Partial<Options> = {}): Promise<T> {
  return readerOf(source, options).ask(fact);
}
