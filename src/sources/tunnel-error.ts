import { record, text } from '../parse/fields.ts';

/** What went wrong in a tunnel after it was opened: `refused` and `reset` speak of the pod's port, `lost` of the way to it. */
export type TunnelProblem = 'refused' | 'reset' | 'gone' | 'lost';

/** An error of the tunnel's error channel, or of its end. */
export class TunnelError extends Error {
  override readonly name = 'TunnelError';
  constructor(
    readonly problem: TunnelProblem,
    /** As the kubelet said it; empty when it said nothing. */
    readonly said: string,
  ) {
    super(said === '' ? `tunnel ${problem}` : said);
  }
}

// Texts of the kubelet's port-forward: containerd pkg/cri/server/sandbox_portforward_linux.go, cri-o internal/oci/runtime_oci.go (socat), kwok pkg/kwok/server/portforward.go.
const texts: readonly (readonly [RegExp, TunnelProblem])[] = [
  [/connection refused/i, 'refused'],
  [/reset by peer|broken pipe|ECONNRESET|unexpected EOF/i, 'reset'],
  [/not found|not running|no such|cannot be found/i, 'gone'],
];

/** Reads the plain text of an error channel (JSON with a message, in a change proposed upstream). */
export function tunnelError(raw: string, code?: number): TunnelError {
  const said = messageOf(raw).trim().slice(0, 1000);
  const problem = texts.find(([pattern]) => pattern.test(said))?.[1] ?? 'lost';
  return new TunnelError(problem, said === '' && code !== undefined ? `the websocket ended with code ${code}` : said);
}

function messageOf(raw: string): string {
  if (!raw.startsWith('{')) return raw;
  try {
    return text(record(JSON.parse(raw)).message) ?? raw;
  } catch {
    return raw;
  }
}
