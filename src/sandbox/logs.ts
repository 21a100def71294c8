import type { RecordedGet, Refusal, Snapshot } from '../model/snapshot.ts';
import type { Endpoint } from '../model/source.ts';

/** What a recording knows of a container's log: the lines that were kept, at their places among empty ones. */
export type KnownLog =
  | { readonly status: 'lines'; readonly lines: readonly string[] }
  | { readonly status: 'refused'; readonly refusal: Refusal }
  | { readonly status: 'unrecorded' };

type LogEndpoint = Extract<Endpoint, { at: 'logs' }>;

/** The log of a container; of a pod's first recorded one when none is named. */
export function logIn({ gets }: Snapshot, namespace: string, pod: string, container: string | null): KnownLog {
  const own = gets.flatMap((get) => (isOf(get.endpoint, namespace, pod) ? [{ ...get, endpoint: get.endpoint }] : []));
  const named = container ?? own[0]?.endpoint.container;
  const mine = own.filter(({ endpoint }) => endpoint.container === named).map(({ answer }) => answer);
  const logs = mine.flatMap(linesOf);
  if (logs.length > 0) return { status: 'lines', lines: merged(logs) };
  const refused = mine.find((answer) => answer.status === 'refused');
  return refused === undefined ? { status: 'unrecorded' } : refused;
}

function isOf(endpoint: Endpoint, namespace: string, pod: string): endpoint is LogEndpoint {
  return endpoint.at === 'logs' && endpoint.namespace === namespace && endpoint.pod === pod;
}

function linesOf(answer: RecordedGet['answer']): readonly (readonly string[])[] {
  return answer.status === 'reply' && 'text' in answer.body ? [answer.body.text.split('\n').slice(0, -1)] : [];
}

/** Who asked for other messages kept other parts of the same last lines. */
function merged(logs: readonly (readonly string[])[]): readonly string[] {
  const length = Math.max(...logs.map((lines) => lines.length));
  return Array.from({ length }, (_, fromEnd) => {
    const parts = logs.map((lines) => lines[lines.length - length + fromEnd] ?? '');
    return [...new Set(parts.filter((part) => part !== ''))].join(' ');
  });
}
