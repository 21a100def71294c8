import { ReadError, type Via } from '../model/source.ts';

/** One way to an endpoint cannot be gone; another may be open. */
export class WayClosed extends Error {
  constructor(
    readonly error: ReadError,
    /** Closed for every pod of the namespace: a missing permission. */
    readonly everywhere: boolean,
  ) {
    super(error.message);
  }

  /** The same trouble, met while asking something. */
  about(what: string): ReadError {
    const { reason, message, needs, cause } = this.error;
    return new ReadError(reason, what, message, { cause, ...(needs === null ? {} : { needs }) });
  }
}

const names: Readonly<Record<Via, string>> = {
  'port-forward': 'port-forward',
  proxy: 'the proxy of the API server',
  direct: 'the pod address',
};

/** The error when every way is closed: all that was said, and the permission that would open the first. */
export function noWay(what: string, from: string, closed: readonly (readonly [Via, ReadError])[]): ReadError {
  const [first] = closed;
  if (closed.length === 1 && first !== undefined) return first[1];
  const forbidden = closed.find(([, error]) => error.reason === 'forbidden')?.[1];
  const said = closed.map(([via, error]) => `by ${names[via]}: ${error.message}`).join('; ');
  const reason = forbidden?.reason ?? first?.[1].reason ?? 'unreachable';
  const needs = forbidden?.needs ?? null;
  return new ReadError(reason, what, `${from} cannot be reached ${said}`, { cause: first?.[1], ...(needs === null ? {} : { needs }) });
}
