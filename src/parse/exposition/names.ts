import type { Scan } from './scan.ts';
import { decodeQuoted } from './scan.ts';

/** A metric name met in the body, and whether anybody wants its samples. */
export interface MetricName {
  readonly name: string;
  readonly wanted: boolean;
  readonly bytes: Buffer;
}

/** Finds the name written at [start, end), with its hash, without decoding one that was met before. */
export type NameTable = (scan: Scan, start: number, end: number, hash: number, escaped: boolean) => MetricName;

// A body of nothing but new names must not fill the memory.
const most = 4096;

export function nameTable(wanted: ((name: string) => boolean) | undefined): NameTable {
  const known = new Map<number, MetricName>();
  return (scan, start, end, hash, escaped) => {
    const met = known.get(hash);
    if (met !== undefined && same(scan.buf, start, end, met.bytes)) return met;
    const name = decodeQuoted(scan, start, end, escaped);
    const fresh = { name, wanted: wanted === undefined || wanted(name), bytes: Buffer.from(scan.buf.subarray(start, end)) };
    if (known.size >= most) known.clear();
    known.set(hash, fresh);
    return fresh;
  };
}

function same(buf: Buffer, start: number, end: number, bytes: Buffer): boolean {
  if (end - start !== bytes.length) return false;
  for (let index = 0; index < bytes.length; index += 1) if (buf[start + index] !== bytes[index]) return false;
  return true;
}

/** A hash of buf[start, end), for the name table. */
export function hashOf(buf: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (buf[at] ?? 0)) | 0;
  return hash;
}
