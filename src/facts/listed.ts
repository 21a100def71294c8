import type { Options } from '../model/fact.ts';
import { type Kind, type KubeObject, type Metadata, ReadError, type Scope, type Source, type Unread, unreadOf } from '../model/source.ts';

/** All objects of a kind; when that is refused and one namespace was asked for, those of the namespace. */
export async function listed(source: Source, options: Options, kind: Kind, scope: Scope = {}): Promise<readonly KubeObject[]> {
  try {
    return await source.list(kind, scope);
  } catch (error) {
    if (options.namespace === null || !(error instanceof ReadError) || error.reason !== 'forbidden') throw error;
    return source.list(kind, { ...scope, namespace: options.namespace });
  }
}

/** Like `listed`, but null when the API server does not serve the kind: that is knowledge. */
export async function listedIfServed(
  source: Source,
  options: Options,
  kind: Kind,
  scope: Scope = {},
): Promise<readonly KubeObject[] | null> {
  try {
    return await listed(source, options, kind, scope);
  } catch (error) {
    if (error instanceof ReadError && error.reason === 'absent') return null;
    throw error;
  }
}

/** Throws again what an attempt caught. */
export function raise(unread: Unread): never {
  if (unread.reason === 'bug') throw new Error(unread.message);
  throw new ReadError(unread.reason, unread.what, unread.message, unread.needs === null ? {} : { needs: unread.needs });
}

/** The objects of a kind; one that is not served has none, and what is refused is told beside them. */
export async function softly(source: Source, kind: Kind, scope: Scope, unread: Unread[]): Promise<readonly KubeObject[]> {
  try {
    return await source.list(kind, scope);
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    if (error.reason !== 'absent') unread.push(unreadOf(error));
    return [];
  }
}

/** Seconds since an object was made; null when that cannot be told. */
export function ageOf({ creationTimestamp }: Metadata, now: Date): number | null {
  const created = Date.parse(creationTimestamp ?? '');
  return Number.isNaN(created) ? null : Math.max(0, Math.round((now.getTime() - created) / 1000));
}
