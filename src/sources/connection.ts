/** TLS material for one API server, as node:tls takes it. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly servername?: string;
  readonly rejectUnauthorized: boolean;
}

/** What a request carries to be let in. */
export interface Credentials {
  /** Authorization and Impersonate-* headers; a name may repeat (Impersonate-Group). Empty over plain http, as kubectl does. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly tls: TlsMaterial;
}

/** Everything needed to talk to one API server, as kubectl would have resolved it. */
export interface Connection {
  /** Context name; null when the flags or the pod's service account made the connection. */
  readonly context: string | null;
  readonly server: URL;
  /** Namespace of the context; "default" when none is set. */
  readonly namespace: string;
  /** The proxy for this server after proxy-url, HTTPS_PROXY and NO_PROXY; null for none. */
  readonly proxy: URL | null;
  /** Running inside the cluster with its service account. */
  readonly inCluster: boolean;
  /** Current credentials; `fresh` after a 401 re-reads a token file or runs the exec plugin again. Throws ReadError. */
  credentials(fresh?: boolean): Promise<Credentials>;
}
