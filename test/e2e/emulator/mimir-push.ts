import { framed, unframed } from './snappy.ts';

/** What Mimir stores of a push, and how it refuses the first series that it does not. */
export interface Admitted {
  readonly body: Buffer;
  readonly refused: string | null;
}

/**
 * Series by series as grafana/mimir pkg/distributor/validate.go: names that the old scheme does not allow are refused, the rest of the batch
 * is stored. Only prometheus.WriteRequest of remote write 1.0 is looked into: field 1 holds a series, its field 1 a label of name and value.
 */
export function admitted(body: Buffer, contentType: string): Admitted {
  if (contentType.includes('io.prometheus.write.v2')) return { body, refused: null };
  const fields = fieldsOf(unframed(body));
  const kept: Buffer[] = [];
  let refused: string | null = null;
  for (const { number, raw, content } of fields) {
    const reason = number === 1 ? reasonOf(labelsOf(content)) : null;
    if (reason === null) kept.push(raw);
    else refused ??= reason;
  }
  return refused === null ? { body, refused } : { body: framed(Buffer.concat(kept)), refused };
}

type Labels = readonly (readonly [name: string, value: string])[];

function reasonOf(labels: Labels): string | null {
  const metric = labels.find(([name]) => name === '__name__')?.[1] ?? '';
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(metric))
    return `received a series with invalid metric name: '${metric.slice(0, 200)}' (err-mimir-metric-name-invalid)`;
  const odd = labels.find(([name]) => !/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name));
  if (odd === undefined) return null;
  const others = labels.filter(([name]) => name !== '__name__').map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const series = `${metric}{${others.join(', ')}}`;
  return `received a series with an invalid label: '${odd[0].slice(0, 200)}' series: '${series.slice(0, 200)}' (err-mimir-label-invalid)`;
}

function labelsOf(series: Buffer): Labels {
  return fieldsOf(series)
    .filter(({ number }) => number === 1)
    .map(({ content }) => {
      const parts = fieldsOf(content);
      const at = (wanted: number): string => parts.find(({ number }) => number === wanted)?.content.toString() ?? '';
      return [at(1), at(2)] as const;
    });
}

interface Field {
  readonly number: number;
  /** With its tag and length. */
  readonly raw: Buffer;
  readonly content: Buffer;
}

/** The fields of a protobuf message; those that are no bytes have no content. */
function fieldsOf(message: Buffer): readonly Field[] {
  const fields: Field[] = [];
  let at = 0;
  while (at < message.length) {
    const start = at;
    const tag = varint(message, at);
    at = tag.next;
    const number = Math.floor(tag.value / 8);
    const from = tag.value % 8 === 2 ? varint(message, at) : null;
    at = from === null ? skipped(message, at, tag.value % 8) : from.next + from.value;
    fields.push({ number, raw: message.subarray(start, at), content: message.subarray(from?.next ?? at, at) });
  }
  return fields;
}

function skipped(message: Buffer, at: number, type: number): number {
  if (type === 1) return at + 8;
  if (type === 5) return at + 4;
  return varint(message, at).next;
}

/** A base-128 number; those above 2⁵³ lose digits and are only walked over. */
export function varint(bytes: Buffer, from: number): { readonly value: number; readonly next: number } {
  let value = 0;
  let at = from;
  for (let unit = 1; at < bytes.length; unit *= 128) {
    const byte = bytes[at++] ?? 0;
    value += (byte % 128) * unit;
    if (byte < 128) break;
  }
  return { value, next: at };
}
