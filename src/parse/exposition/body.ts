import { isAscii, isUtf8 } from 'node:buffer';
import { type Block, block, nothingTwice } from './block.ts';
import { hash, lessThan, newline } from './bytes.ts';
import { readComment, readDescriptor } from './comment.ts';
import { ExpositionError } from './fault.ts';
import { nameTable } from './names.ts';
import { readPlainLine } from './plain-lines.ts';
import { type Recorder, recorder } from './records.ts';
import { readSample } from './sample-line.ts';
import { fail, type Scan, skipBlanks } from './scan.ts';
import type { DuplicateLabel, ExpositionOptions, Sample } from './types.ts';

/** The longest line that is read: with header values of 4 kB a sidecar's lines stay below 10 kB. */
export const longestLine = 1 << 20;
const mostDuplicates = 20;

/** A body while it is read. Mutable, one per parser. */
export interface Body {
  readonly scan: Scan;
  readonly labels: Block;
  readonly record: Recorder;
  readonly sample: (sample: Sample) => void;
  readonly counts: { samples: number; wanted: number };
  readonly duplicates: DuplicateLabel[];
  /** "# EOF" was read. */
  ended: boolean;
}

export function openBody(options: ExpositionOptions): Body {
  const strict = options.format === 'openmetrics';
  const nothing = Buffer.alloc(0);
  return {
    scan: {
      strict,
      buf: nothing,
      end: 0,
      ascii: true,
      valid: true,
      line: 1,
      lineStart: 0,
      contentStart: 0,
      newlines: 0,
      escaped: false,
      // No small integer, so that the first large value does not change the shape of the object under functions compiled for it.
      value: Number.NaN,
    },
    labels: block(nameTable(options.wanted)),
    record: recorder(),
    sample: options.sample,
    counts: { samples: 0, wanted: 0 },
    duplicates: [],
    ended: false,
  };
}

/** Reads the whole lines of buf[0, end) and returns how far it came: short of the end only when a quoted string is still open there. */
export function readLines(body: Body, buf: Buffer, end: number): number {
  const { scan } = body;
  const run = buf.subarray(0, end);
  scan.buf = buf;
  scan.end = end;
  scan.ascii = isAscii(run);
  scan.valid = scan.ascii || isUtf8(run);
  try {
    for (let at = 0; at < end; ) at = readPlain(body, at) ?? readLine(body, at);
  } catch (error) {
    if (!(error instanceof ExpositionError) || error.reason !== 'unclosed') throw error;
    // The labels were left half read: there is nothing to compare the line with when it comes again.
    body.labels.base.length = 0;
    return scan.lineStart;
  }
  return end;
}

function readPlain(body: Body, at: number): number | null {
  const next = body.ended ? null : readPlainLine(body.scan, body.labels, at);
  if (next === null || next - at > longestLine) return null;
  deliver(body);
  body.scan.line += 1;
  return next;
}

/** Reads one line and returns where the next begins. */
function readLine(body: Body, at: number): number {
  const { scan } = body;
  scan.lineStart = at;
  scan.newlines = 0;
  if (body.ended) fail(scan, at, 'unexpected text after # EOF');
  const end = readContent(body, at);
  if (end - at > longestLine) fail(scan, at, 'the line is longer than 1 MiB', 'too-long');
  scan.line += 1 + scan.newlines;
  return end + 1;
}

function readContent(body: Body, at: number): number {
  const { scan } = body;
  const first = skipBlanks(scan, at);
  const byte = scan.buf[first];
  if (byte === hash) return readHash(body, first);
  if (byte === newline && !scan.strict) return first;
  if (byte === lessThan && body.counts.samples === 0) fail(scan, first, 'this is an HTML page, not metrics', 'html');
  scan.contentStart = first;
  const end = readSample(scan, body.labels, first);
  deliver(body);
  return end;
}

function readHash(body: Body, at: number): number {
  if (!body.scan.strict) return readComment(body.scan, at);
  const { end, ended } = readDescriptor(body.scan, at);
  body.ended = ended;
  return end;
}

function deliver(body: Body): void {
  const { scan, labels } = body;
  const { metric } = labels;
  if (metric === null) return;
  body.counts.samples += 1;
  if (labels.twice !== nothingTwice) noteDuplicates(body, metric.name);
  if (!metric.wanted) return;
  body.counts.wanted += 1;
  body.sample({ name: metric.name, labels: body.record(scan, labels), value: scan.value, line: scan.line });
}

function noteDuplicates(body: Body, name: string): void {
  const { twice, bound } = body.labels;
  for (const label of twice.base) noteDuplicate(body, name, label);
  if (bound.name !== null && twice[bound.name] && !twice.base.includes(bound.name)) noteDuplicate(body, name, bound.name);
}

function noteDuplicate(body: Body, name: string, label: string): void {
  if (body.duplicates.length < mostDuplicates) body.duplicates.push({ line: body.scan.line, name, label });
}
