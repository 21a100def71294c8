import type { TokenFlow } from '../../../e2e/emulator/limitador.ts';
import type { Caller } from './callers.ts';

/** What a Limitador has counted so far, as flows in which nothing more comes: it is read from the first of these addresses that serves it. */
export async function counted(addresses: readonly string[]): Promise<readonly TokenFlow[]> {
  for (const address of addresses) {
    const answer = await fetch(`http://${address}:8080/metrics`).catch(() => null);
    if (answer?.ok === true) return flowsIn(await answer.text());
  }
  return [];
}

/** What a caller adds from now on. */
export function going(namespace: string, labels: TokenFlow['labels'], caller: Caller['flow'], tokens: number | null): TokenFlow {
  const { limit, perSecond, limited } = caller;
  return {
    namespace,
    labels,
    tokens,
    before: 0,
    perSecond,
    ...(limit === undefined ? {} : { limit }),
    ...(limited === undefined ? {} : { limited: { before: 0, perSecond: limited.perSecond } }),
  };
}

function flowsIn(page: string): readonly TokenFlow[] {
  const found = new Map<string, { readonly labels: Readonly<Record<string, string>>; readonly values: Map<string, number> }>();
  for (const [, name = '', inside = '', value] of page.matchAll(/^(authorized_hits|authorized_calls|limited_calls)\{(.*)\} (\d+)$/gm)) {
    const series = found.get(inside) ?? { labels: labelsIn(inside), values: new Map() };
    found.set(inside, series);
    series.values.set(name, Number(value));
  }
  return [...found.values()].flatMap(({ labels: { limitador_namespace: namespace = '', ...labels }, values }) => {
    const still = { namespace, labels, perSecond: 0 };
    const [hits, calls, limited] = ['authorized_hits', 'authorized_calls', 'limited_calls'].map((name) => values.get(name) ?? 0) as [
      number,
      number,
      number,
    ];
    // one answer with all tokens, and the rest of the calls without any: the same counters
    return [
      { ...still, tokens: hits === 0 ? null : hits, before: Math.min(calls, 1) },
      { ...still, tokens: null, before: Math.max(calls - 1, 0), limited: { before: limited, perSecond: 0 } },
    ];
  });
}

/** A name that stands twice is that of two labels that became one: `user-id` and `user.id`. */
function labelsIn(inside: string): Readonly<Record<string, string>> {
  const pairs = [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = '', value = '']) => [name, value] as const);
  const isFirst = (name: string, at: number): boolean => pairs.findIndex(([each]) => each === name) === at;
  return Object.fromEntries(pairs.map(([name, value], at) => [isFirst(name, at) ? name : name.replaceAll('_', '-'), value]));
}
