import { nearest } from './nearest.ts';

/** The command line asks for something that cannot be: one sentence, exit code 64. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** "unknown check "foo"; did you mean "food"?", or the names there are when none is near. */
export function unknownName(what: string, name: string, names: readonly string[]): UsageError {
  const near = nearest(name, names);
  if (near !== null) return new UsageError(`unknown ${what} "${name}"; did you mean "${near}"?`);
  const some = names.length <= 24 ? `; there are ${names.join(', ')}` : '';
  return new UsageError(`unknown ${what} "${name}"${some}`);
}
