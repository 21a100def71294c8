import { nearNames } from '../parse/near.ts';

/** The name that was most likely meant; null when none is near. */
export function nearest(name: string, names: readonly string[]): string | null {
  return nearNames(name, names)[0] ?? null;
}
