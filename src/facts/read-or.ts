import { ReadError, type Unread, unreadOf } from '../model/source.ts';

/** What is asked for; where it cannot be read something else, and `unread` tells of it. */
export async function readOr<T, Other>(ask: () => Promise<T>, other: Other, unread: Unread[]): Promise<T | Other> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    unread.push(unreadOf(error));
    return other;
  }
}
