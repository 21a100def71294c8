/** A Kubernetes resource type; its version is not part of it: a source picks the newest served one. */
export interface Kind {
  /** API group, '' for the core group. */
  readonly group: string;
  /** Plural name as in URLs, for example "podmonitors". */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Versions we understand, most wanted first; used only to choose among the served ones. Absent: the server's preferred version. */
  readonly versions?: readonly string[];
}

/** What part of a kind to list. */
export interface Scope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  /** Names, labels and annotations alone: nothing else of the objects travels or is kept. Secrets are never listed otherwise. */
  readonly metadataOnly?: true;
}

export interface Metadata {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly uid?: string;
    readonly controller?: boolean;
  }[];
}

/** One object of a list; spec and status are untrusted and read defensively. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly [field: string]: unknown;
}

/** Where an HTTP request goes. A pod port is reached without a local port. */
export type Endpoint =
  | { readonly at: 'pod'; readonly namespace: string; readonly pod: string; readonly port: number; readonly scheme?: 'http' | 'https' }
  | {
      readonly at: 'service';
      readonly namespace: string;
      readonly service: string;
      readonly port: number | string;
      readonly scheme?: 'http' | 'https';
    }
  /** A base URL such as https://prom.example/prometheus. */
  | { readonly at: 'url'; readonly url: string }
  /** The last lines of a container's log, the oldest first, within 256 kB. Of them only what `keep` of the request finds leaves the source. */
  | {
      readonly at: 'logs';
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
      /** At most 500. */
      readonly tailLines: number;
    };

/** A GET. `path` begins with '/'; the order of `query` is kept. */
export interface Request {
  readonly path: string;
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Who answers, for the count of requests in the report; absent: a metrics endpoint. */
  readonly peer?: 'prometheus';
  /** Regular expressions, of logs: the answer has of each line only what the first of them finds, and an empty line where none finds anything. */
  readonly keep?: readonly string[];
}

/** How the bytes travelled. */
export type Via = 'port-forward' | 'proxy' | 'direct';

/** An HTTP answer of any status. The body is already gunzipped; iterating it may throw ReadError (cut short, timed out). It must be read or destroyed. */
export interface Reply {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
  readonly via: Via;
}

/** One kind of permission a run needs, as in a ClusterRole. */
export interface Access {
  readonly verb: 'get' | 'list' | 'create';
  readonly group: string;
  /** Plural resource, with its subresource: "pods", "pods/portforward". */
  readonly resource: string;
  /** Only asked for when the user wants it: `tokmeter rbac` leaves it out otherwise. */
  readonly optIn?: OptIn;
}

/** What is read only when the user says so: by --secret-names, by --logs. */
export type OptIn = 'secretNames' | 'logs';

/** The outside world as tokmeter sees it: two verbs and a clock. Nothing here can write. */
export interface Source {
  /** Where the answers come from: a bundle can never pass for a cluster. */
  readonly origin: { readonly kind: 'cluster' | 'bundle' | 'manifests' | 'demo'; readonly name: string };
  /** One moment for the whole run: the API server's clock when the source was opened, or the time of the recording. */
  readonly now: Date;
  /** Requests made so far. */
  readonly requests: { readonly kubernetes: number; readonly tunnels: number; readonly prometheus: number };
  /** All objects of a kind. Throws ReadError: `absent` when the API server does not serve the kind, `forbidden`, `unreachable`, `timeout`, `malformed`. */
  list(kind: Kind, scope?: Scope): Promise<readonly KubeObject[]>;
  /** One GET. An HTTP error status is a Reply, not an error. Throws ReadError when no answer came. */
  get(endpoint: Endpoint, request: Request): Promise<Reply>;
}

export type ReadReason = 'absent' | 'forbidden' | 'unreachable' | 'timeout' | 'malformed' | 'unrecorded' | 'interrupted';

/** We could not look: never a verdict about the cluster. The message says what, about which object, and what would help. */
/**
 * The endpoint was reached and its own answer was the trouble: nothing listens on the port (reason `unreachable`), the answer was cut short or
 * the connection reset (`malformed`), no whole answer came in time (`timeout`), what answers is no HTTP/1.1 server (`malformed`). That is a finding
 * about the endpoint; without it we could not look.
 */
export type Fault = 'refused' | 'truncated' | 'slow' | 'not-http';

export class ReadError extends Error {
  override readonly name = 'ReadError';
  constructor(
    readonly reason: ReadReason,
    /** What was asked, for example "list podmonitors.monitoring.coreos.com". */
    readonly what: string,
    message: string,
    options: {
      readonly cause?: unknown /** The missing permission: "list podmonitors.monitoring.coreos.com in all namespaces". */;
      readonly needs?: string;
      /** Set by `get` and by its body when the endpoint itself is at fault. */
      readonly fault?: Fault;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.needs = options.needs ?? null;
    this.fault = options.fault ?? null;
  }
  readonly needs: string | null;
  readonly fault: Fault | null;
}

/** Something that could not be read, as data. */
export interface Unread {
  readonly what: string;
  readonly reason: ReadReason | 'bug';
  readonly message: string;
  readonly needs: string | null;
  /** Absent when the endpoint is not at fault. */
  readonly fault?: Fault;
}

/** Turns what was thrown into data; anything but a ReadError is a bug of ours. */
export function unreadOf(error: unknown, what = 'judge'): Unread {
  if (error instanceof ReadError) return unreadOfReadError(error);
  return { what, reason: 'bug', message: error instanceof Error ? error.message : String(error), needs: null };
}

function unreadOfReadError({ what, reason, message, needs, fault }: ReadError): Unread {
  return fault === null ? { what, reason, message, needs } : { what, reason, message, needs, fault };
}

/** Several things of one kind: those that could be read, beside those that could not. */
export interface Many<T> {
  readonly read: readonly T[];
  readonly unread: readonly Unread[];
}
