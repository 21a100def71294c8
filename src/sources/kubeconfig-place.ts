/** A value somewhere in a kubeconfig, which can say where it stands. */
export interface Place {
  readonly value: unknown;
  at(key: string | number): Place;
  /** Throws with the file and line of the value. */
  fail(message: string): never;
}

export type Path = readonly (string | number)[];

export function placeOf(value: unknown, path: Path, blame: (path: Path, message: string) => never): Place {
  const inner = (key: string | number): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key) ? (value as Record<string | number, unknown>)[key] : undefined;
  return {
    value,
    at: (key) => placeOf(inner(key), [...path, key], blame),
    fail: (message) => blame(path, message),
  };
}

const absent = (value: unknown): value is null | undefined => value === null || value === undefined;

export function textAt(place: Place): string {
  if (absent(place.value)) return '';
  if (typeof place.value !== 'string') place.fail(`must be a string, not ${kindOf(place.value)}: put it in quotes`);
  return place.value as string;
}

export function flagAt(place: Place): boolean {
  if (absent(place.value)) return false;
  if (typeof place.value !== 'boolean') place.fail(`must be true or false, not ${kindOf(place.value)}`);
  return place.value as boolean;
}

/** What encoding/json makes of a []byte: standard base64 with padding, line breaks ignored. */
export function bytesAt(place: Place): Buffer {
  const text = textAt(place).replace(/[\r\n]/g, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) place.fail('is not base64');
  return Buffer.from(text, 'base64');
}

export function listAt(place: Place): readonly Place[] {
  if (absent(place.value)) return [];
  if (!Array.isArray(place.value)) return place.fail(`must be a list, not ${kindOf(place.value)}`);
  return place.value.map((_, index) => place.at(index));
}

/** A mapping, or nothing at all. */
export function mapAt(place: Place): Place {
  if (absent(place.value)) return place;
  if (typeof place.value !== 'object' || Array.isArray(place.value)) place.fail(`must be a mapping, not ${kindOf(place.value)}`);
  return place;
}

export function entriesAt(place: Place): readonly (readonly [name: string, place: Place])[] {
  const { value } = mapAt(place);
  return typeof value === 'object' && value !== null ? Object.keys(value).map((key) => [key, place.at(key)] as const) : [];
}

export function kindOf(value: unknown): string {
  if (absent(value)) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return `a ${typeof value}`;
}
