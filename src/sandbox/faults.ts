/** Something that goes wrong on purpose, for tests. */
export interface Fault {
  /** Matched against "GET /api/v1/pods?limit=500" for the API server and "GET pod ns/name:1064/metrics" for what stands behind it. */
  readonly on: RegExp;
  /** How often; always when absent. */
  readonly times?: number;
  readonly does: Trouble;
}

export type Trouble =
  /** Answers this instead. An upgrade is refused with it. */
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Uint8Array }
  /** kube's own 403, with the sentence of the authorizer. */
  | { readonly forbid: true }
  /** Waits before it answers as usual. */
  | { readonly delayMs: number }
  /** Never answers. */
  | { readonly hang: true }
  /** Closes the connection without an answer. */
  | { readonly reset: true }
  /** Sends so many bytes of the body, then closes the connection. */
  | { readonly truncate: number }
  /** Sends the body a byte at a time, one each so many milliseconds. */
  | { readonly dripMs: number }
  /** Says something that is no HTTP. */
  | { readonly garbage: true }
  /** Nothing listens on the pod port. */
  | { readonly refuse: true };

export interface Faults {
  /** The trouble that the next request of this kind meets. */
  meet(asked: string): Trouble | null;
  /** Whether nothing listens behind this pod port now: "CONNECT pod ns/name:1064". */
  refuses(asked: string): boolean;
}

/** Each fault counts down its own `times`. */
export function faultsOf(faults: readonly Fault[]): Faults {
  const left = new Map(faults.map((fault) => [fault, fault.times ?? Number.POSITIVE_INFINITY]));
  const next = (asked: string, connecting: boolean): Trouble | null => {
    const fault = faults.find((one) => 'refuse' in one.does === connecting && (left.get(one) ?? 0) > 0 && one.on.test(asked));
    if (fault === undefined) return null;
    left.set(fault, (left.get(fault) ?? 0) - 1);
    return fault.does;
  };
  return { meet: (asked) => next(asked, false), refuses: (asked) => next(asked, true) !== null };
}
