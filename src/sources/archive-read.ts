import { isAscii } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { Options } from '../model/fact.ts';
import type { RecordedGet, RecordedList, Snapshot } from '../model/snapshot.ts';
import { ReadError } from '../model/source.ts';
import { list, record, records, text } from '../parse/fields.ts';
import { masked } from '../parse/redact.ts';
import { answersIn } from './answers-json.ts';
import { type Bundle, bundleFormat } from './archive.ts';
import { isLate } from './late-text.ts';
import { type Entry, untar } from './tar.ts';

const { version: format, folder, manifest: manifestName } = bundleFormat;
// 300 proxies are 310 files and 30 MB; what is larger than this is no bundle but an attack on memory.
const limits = {
  files: 20_000,
  bytes: 256 * 1024 * 1024,
  name: /^tokmeter-bundle\/(?:(?:lists|answers)\/)?[a-z0-9][a-z0-9.-]{0,70}\.json$/,
};
const largestFile = 128 * 1024 * 1024;
// Small pieces cost turns of the event loop, and between two that were read the thread that unpacks has nothing to do.
const readSize = 1024 * 1024;
const pieceSize = 4 * 1024 * 1024;

/** Reads a bundle from a file, or from stdin for "-". Throws ReadError `malformed` with one sentence about what is wrong with it. */
export async function readBundle(file: string): Promise<Bundle> {
  const name = file === '-' ? 'stdin' : file;
  try {
    return await bundleFrom(untar(await unzipped(file), limits));
  } catch (error) {
    throw new ReadError('malformed', `read ${name}`, `${name} is no bundle of tokmeter collect: ${reasonOf(error)}`, { cause: error });
  }
}

async function unzipped(file: string): Promise<AsyncIterable<Uint8Array>> {
  if (file !== '-') {
    const about = await stat(file);
    if (!about.isFile() && !about.isFIFO()) throw new Error('it is no file');
    if (about.size > largestFile) throw new Error(`it is larger than ${largestFile / 1024 / 1024} MB`);
  }
  const input = file === '-' ? createReadStream('', { fd: 0 }) : createReadStream(file, { highWaterMark: readSize });
  return pieces(input);
}

/** What gzip holds, a chunk at a time: whoever stops reading stops the unpacking. */
async function* pieces(input: Readable): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip({ chunkSize: pieceSize });
  input.on('error', (error) => gunzip.destroy(error));
  input.pipe(gunzip);
  try {
    for await (const chunk of gunzip) yield chunk as Uint8Array;
  } finally {
    input.destroy();
    gunzip.destroy();
  }
}

/** The trouble in words that do not name a library. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'it may not be read';
  if (code === 'Z_DATA_ERROR') return message.includes('incorrect header check') ? 'it is not gzipped' : 'it is damaged';
  if (code === 'Z_BUF_ERROR') return 'it ends in the middle';
  return message;
}

/** A file of the archive, parsed while the next ones are unpacked. */
interface Parsed {
  readonly name: string;
  readonly bytes: number;
  readonly items: readonly unknown[];
}

async function bundleFrom(entries: AsyncIterable<Entry>): Promise<Bundle> {
  let manifest: Readonly<Record<string, unknown>> | null = null;
  const files: Parsed[] = [];
  for await (const entry of entries) {
    if (manifest === null) manifest = manifestIn(entry);
    else files.push({ name: entry.name, bytes: entry.bytes.length, items: list(jsonOf(entry)) });
  }
  if (manifest === null) throw new Error('it does not begin with a manifest');
  return bundleOf(manifest, files);
}

function manifestIn(entry: Entry): Readonly<Record<string, unknown>> {
  if (entry.name !== manifestName) throw new Error('it does not begin with a manifest');
  const manifest = record(jsonOf(entry));
  if (manifest.format !== format) {
    const made = text(record(manifest.tool).version);
    throw new Error(
      `its format is ${JSON.stringify(manifest.format)}${made === null ? '' : `, made by tokmeter ${made},`} and this program reads ${format}`,
    );
  }
  return manifest;
}

function bundleOf(manifest: Readonly<Record<string, unknown>>, files: readonly Parsed[]): Bundle {
  const promised = new Map(records(manifest.files).map(({ name, bytes }) => [name, bytes]));
  for (const { name, bytes } of files)
    if (promised.get(name) !== bytes) throw new Error(`${JSON.stringify(name)} is not as its manifest says`);
  if (promised.size !== files.length) throw new Error('a file that its manifest names is missing');
  const of = (part: string): readonly unknown[] =>
    files.filter(({ name }) => name.startsWith(`${folder}/${part}/`)).flatMap(({ items }) => items);
  const { kubernetes = 0, tunnels = 0, prometheus = 0 } = record(manifest.requests) as Partial<Snapshot['requests']>;
  const snapshot: Snapshot = {
    format: 1,
    origin: { kind: 'bundle', name: text(record(manifest.origin).name) ?? 'unknown' },
    now: instant(manifest.now),
    server: text(manifest.server),
    requests: { kubernetes, tunnels, prometheus },
    lists: of('lists').map(listOf),
    gets: of('answers').map(getOf),
  };
  return {
    snapshot,
    options: optionsOf(record(manifest.options)),
    redacted: list(manifest.redacted).map(String),
    version: text(record(manifest.tool).version) ?? 'unknown',
  };
}

function jsonOf({ name, bytes }: Entry): unknown {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (name.startsWith(`${folder}/answers/`)) return answersIn(text);
    // Half of the time of decoding, and most bundles are ASCII.
    return JSON.parse(isAscii(text) ? text.toString('latin1') : text.toString('utf8'));
  } catch (cause) {
    throw new Error(`${JSON.stringify(name)} in it is no JSON`, { cause });
  }
}

function instant(value: unknown): string {
  if (typeof value !== 'string' || Number.isNaN(Date.parse(value))) throw new Error('it does not say when it was made');
  return value;
}

const reasons = new Set(['absent', 'forbidden', 'unreachable', 'timeout', 'malformed', 'unrecorded', 'interrupted']);

function isRefusal(value: unknown): boolean {
  const { reason, what, message } = record(value);
  return reasons.has(String(reason)) && typeof what === 'string' && typeof message === 'string';
}

function listOf(value: unknown): RecordedList {
  const { kind, scope, answer } = record(value);
  const said = record(answer);
  const named = typeof record(kind).group === 'string' && typeof record(kind).resource === 'string' && scope !== undefined;
  const objects = said.status === 'objects' && Array.isArray(said.objects) && said.objects.every(isObject);
  if (!named || !(objects || (said.status === 'refused' && isRefusal(said.refusal)))) throw new Error('a list in it is none');
  return value as RecordedList;
}

function isObject(value: unknown): boolean {
  const { apiVersion, kind, metadata } = record(value);
  const { name, namespace = '', labels = {}, annotations = {}, ownerReferences = [] } = record(metadata);
  const owned = Array.isArray(ownerReferences) && ownerReferences.every((owner) => typeof record(owner).name === 'string');
  return [apiVersion, kind, name, namespace].every(isText) && [labels, annotations].every(isTexts) && owned;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isTexts = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.values(value).every(isText);

function getOf(value: unknown): RecordedGet {
  const { endpoint, question, answer } = record(value);
  const said = record(answer);
  const asked = typeof record(question).path === 'string' && Array.isArray(record(question).query);
  const body = record(said.body);
  const reply =
    said.status === 'reply' &&
    typeof said.code === 'number' &&
    (isLate(body) || isText(body.text) || isText(body.base64)) &&
    isTexts(said.headers) &&
    isText(said.via);
  const whole = said.cut === null || said.status !== 'reply' || isRefusal(said.cut);
  const at = ['pod', 'service', 'url', 'logs'].includes(String(record(endpoint).at));
  if (!asked || !at || !whole || !(reply || (said.status === 'refused' && isRefusal(said.refusal))))
    throw new Error('an answer in it is none');
  return value as RecordedGet;
}

function optionsOf(value: Readonly<Record<string, unknown>>): Options {
  const { namespace, gateway, selector, expectLabels, prometheus, metricsToken, grafanaToken, secretNames, logs } = value;
  return {
    namespace: text(namespace),
    gateway: gateway === null || gateway === undefined ? null : (record(gateway) as unknown as Options['gateway']),
    selector: text(selector),
    expectLabels: list(expectLabels).map(String),
    prometheus: prometheus === null || prometheus === undefined ? null : (record(prometheus) as unknown as Options['prometheus']),
    ...(typeof metricsToken === 'string' ? { metricsToken: masked } : {}),
    ...(typeof grafanaToken === 'string' ? { grafanaToken: masked } : {}),
    ...(secretNames === true ? { secretNames } : {}),
    ...(logs === true ? { logs } : {}),
  };
}
