import type { Operation } from '../model/change.ts';

/** A value after the operations of a JSON patch (RFC 6902: add, replace, remove). Throws RangeError when a path leads nowhere, or a test finds another value. */
export function patched(value: unknown, operations: readonly Operation[]): unknown {
  return operations.reduce<unknown>((before, operation) => changed(before, partsOf(operation.path), operation), value);
}

/** A place in a value, as RFC 6901 writes it: "/metadata/labels/app.kubernetes.io~1name". */
export function pointer(...path: readonly (string | number)[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function partsOf(path: string): readonly string[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function changed(value: unknown, [part, ...rest]: readonly string[], operation: Operation): unknown {
  if (part === undefined && operation.op === 'test') return tested(value, operation);
  if (part === undefined) return operation.value;
  if (Array.isArray(value)) return changedList(value, part, rest, operation);
  if (typeof value !== 'object' || value === null) throw nowhere(operation);
  const fields = value as Readonly<Record<string, unknown>>;
  if (rest.length > 0 || operation.op !== 'add') {
    if (!(part in fields)) throw nowhere(operation);
  }
  if (rest.length > 0 || operation.op === 'test') return { ...fields, [part]: changed(fields[part], rest, operation) };
  if (operation.op !== 'remove') return { ...fields, [part]: operation.value };
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== part));
}

function changedList(items: readonly unknown[], part: string, rest: readonly string[], operation: Operation): unknown {
  const index = part === '-' ? items.length : Number(part);
  const last = rest.length === 0 && operation.op === 'add' ? items.length : items.length - 1;
  if (!Number.isInteger(index) || index < 0 || index > last) throw nowhere(operation);
  if (rest.length > 0 || operation.op === 'test') return items.with(index, changed(items[index], rest, operation));
  if (operation.op === 'add') return items.toSpliced(index, 0, operation.value);
  return operation.op === 'remove' ? items.toSpliced(index, 1) : items.with(index, operation.value);
}

function tested(value: unknown, operation: Operation): unknown {
  if (JSON.stringify(value, sorted) !== JSON.stringify(operation.value, sorted)) throw nowhere(operation);
  return value;
}

/** Fields in an order of their own: theirs means nothing. */
function sorted(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function nowhere({ op, path }: Operation): RangeError {
  return new RangeError(`${op} ${path}: there is no such place`);
}

/** A value after a merge patch (RFC 7386): null removes. */
export function merged(value: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
  const fields = typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : {};
  const after = new Map(Object.entries(fields));
  for (const [name, part] of Object.entries(patch)) {
    if (part === null) after.delete(name);
    else after.set(name, merged(fields[name], part));
  }
  return Object.fromEntries(after);
}
