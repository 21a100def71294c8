import { type Access, type Source, type Unread, unreadOf } from './source.ts';

/** What the user asked for, beyond which source. Facts and judges see it; it never changes during a run. */
export interface Options {
  /** Only this Gateway. */
  readonly gateway: { readonly namespace: string; readonly name: string } | null;
  /** Only the pipeline's own objects in this namespace; null: all namespaces. */
  readonly namespace: string | null;
  /** Kubernetes label selector over the pods that count tokens. */
  readonly selector: string | null;
  /** Identity labels that must appear, as the user wrote them. */
  readonly expectLabels: readonly string[];
  readonly prometheus: PrometheusChoice | null;
  /** A bearer token for metrics endpoints that ask for one. Secret: never printed. Absent: none was given. */
  readonly metricsToken?: string;
  /** A token of a service account of Grafana, which asks it for dashboards alone. Secret: never printed. Absent: none was given. */
  readonly grafanaToken?: string;
  /** Secrets may be listed by name, labels and annotations; their data is never asked for. Absent: no. */
  readonly secretNames?: boolean;
  /** Logs of pods may be read; only counts of known messages are kept. Absent: no. */
  readonly logs?: boolean;
}

/** --prometheus URL | NS/SERVICE[:PORT] | NS/Kind/NAME, and how to authenticate there. */
export interface PrometheusChoice {
  readonly target:
    | { readonly at: 'url'; readonly url: string }
    | { readonly at: 'service'; readonly namespace: string; readonly service: string; readonly port: number | string | null }
    | { readonly at: 'object'; readonly namespace: string; readonly kind: string; readonly name: string };
  /** Extra request headers: Authorization, X-Scope-OrgID. Secret: never printed. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What a fact that could not be read looks like to one that can do without it. */
export type Attempt<T> = { readonly status: 'read'; readonly value: T } | { readonly status: 'unread'; readonly unread: Unread };

// biome-ignore lint/suspicious/noExplicitAny: the value types of a bag of facts differ
type Bag = Readonly<Record<string, Fact<any>>>;
export type Known<N extends Bag> = { readonly [K in keyof N]: N[K] extends Fact<infer T> ? T : never };
export type Attempts<W extends Bag> = { readonly [K in keyof W]: W[K] extends Fact<infer T> ? Attempt<T> : never };

/** One thing worth knowing, read at most once per run. */
export interface Fact<T> {
  /** Unique, kebab-case noun. */
  readonly id: string;
  /** For progress lines: "PodMonitors", "metrics of each proxy". */
  readonly title: string;
  /** What `read` itself asks of the API server (not its needs): `tokmeter rbac` is the union of these. Requests to Prometheus and to /metrics need only the tunnel. */
  readonly reads: readonly Access[];
  readonly needs: readonly Fact<unknown>[];
  read(reader: Reader): Promise<T>;
}

/** What a fact may use while it is read. */
export interface Reader {
  readonly source: Source;
  readonly options: Options;
  /** Another fact, read once; throws what its reading threw. Only declared needs may be asked. */
  ask<T>(fact: Fact<T>): Promise<T>;
}

/** Declares a fact: `needs` must be readable, `wants` may fail. Facts form a graph without cycles because each names only facts defined before it. */
export function defineFact<T, N extends Bag = Record<never, never>, W extends Bag = Record<never, never>>(definition: {
  readonly id: string;
  readonly title: string;
  readonly reads?: readonly Access[];
  readonly needs?: N;
  readonly wants?: W;
  read(known: Known<N> & Attempts<W>, reader: Omit<Reader, 'ask'>): Promise<T> | T;
}): Fact<T> {
  const needs = definition.needs ?? ({} as N);
  const wants = definition.wants ?? ({} as W);
  return {
    id: definition.id,
    title: definition.title,
    reads: definition.reads ?? [],
    needs: [...Object.values(needs), ...Object.values(wants)],
    read: async (reader) => definition.read(await known(reader, needs, wants), reader),
  };
}

/** Resolves a bag of needs and a bag of wants, all at once. Throws the first need's error. */
export async function known<N extends Bag, W extends Bag>(reader: Reader, needs: N, wants: W): Promise<Known<N> & Attempts<W>> {
  const wanted = Object.entries(wants).map(async ([name, fact]) => [name, await attempt(reader, fact)] as const);
  const needed = Object.entries(needs).map(async ([name, fact]) => [name, await reader.ask(fact)] as const);
  const entries = await Promise.all([...needed, ...wanted]);
  return Object.fromEntries(entries) as Known<N> & Attempts<W>;
}

async function attempt<T>(reader: Reader, fact: Fact<T>): Promise<Attempt<T>> {
  try {
    return { status: 'read', value: await reader.ask(fact) };
  } catch (error) {
    return { status: 'unread', unread: unreadOf(error, fact.id) };
  }
}
