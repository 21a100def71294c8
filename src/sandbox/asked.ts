import type { IncomingHttpHeaders } from 'node:http';

/** A request that was made of the sandbox's API server, or of what stands behind it. */
export interface Asked {
  readonly at: 'api' | 'backend';
  readonly method: string;
  /** Path and query; "pod ns/name:1064/metrics" behind the API server. */
  readonly url: string;
  readonly agent: string;
  readonly headers: IncomingHttpHeaders;
}
