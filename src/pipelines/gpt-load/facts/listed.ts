import { ReadError, type Unread } from '../../../model/source.ts';

/** Throws again what was caught. */
export function raise(unread: Unread): never {
  if (unread.reason === 'bug') throw new Error(unread.message);
  throw new ReadError(unread.reason, unread.what, unread.message, unread.needs === null ? {} : { needs: unread.needs });
}
