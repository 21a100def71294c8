import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import type { Options } from '../model/fact.ts';
import { asksMetadataOnly } from '../model/metadata-only.ts';
import { endpointName, inOrder, type RecordedGet, type RecordedList, resourceName, type Snapshot } from '../model/snapshot.ts';
import { ReadError } from '../model/source.ts';
import { list, record, records, text } from '../parse/fields.ts';
import { masked } from '../parse/redact.ts';
import { type Entry, tarOf, untar } from './tar.ts';

/** A recording that travels as one file, with what was asked for and what is inside. */
export interface Bundle {
  readonly snapshot: Snapshot;
  /** What the run was asked to look at; without request headers. */
  readonly options: Options;
  /** What was replaced on request: "names". */
  readonly redacted: readonly string[];
  /** The version that made it. */
  readonly version: string;
}

const format = 1;
const folder = 'tokmeter-bundle';
const manifestName = `${folder}/manifest.json`;
// 300 proxies are 310 files and 30 MB; what is larger than this is no bundle but an attack on memory.
const limits = {
  files: 20_000,
  bytes: 256 * 1024 * 1024,
  name: /^tokmeter-bundle\/(?:(?:lists|answers)\/)?[a-z0-9][a-z0-9.-]{0,70}\.json$/,
};
const largestFile = 128 * 1024 * 1024;
// RFC 1952 §2.3: the tenth byte names the operating system; 255 is "unknown".
const operatingSystem = 9;

/** A bundle as a .tgz: the manifest first. The same bundle is the same bytes. */
export function encodeBundle(bundle: Bundle): Buffer {
  const files = [...listFiles(bundle.snapshot), ...answerFiles(bundle.snapshot)];
  const entries = [{ name: manifestName, bytes: bytesOf(manifestOf(bundle, files)) }, ...files.map(({ name, bytes }) => ({ name, bytes }))];
  const packed = gzipSync(tarOf(entries), { level: 9 });
  packed[operatingSystem] = 255;
  return packed;
}

interface File extends Entry {
  /** For a person. */
  readonly holds: string;
  readonly refused: number;
}

function listFiles({ lists }: Snapshot): readonly File[] {
  const grouped = groupedBy(lists, ({ kind }) => resourceName(kind));
  return [...grouped].map(([resource, entries]) => ({
    name: `${folder}/lists/${fileName(resource)}.json`,
    bytes: bytesOf(entries),
    holds: `${entries.every(({ kind, scope }) => asksMetadataOnly(kind, scope)) ? 'names of ' : ''}${objectsIn(entries)} ${resource}`,
    refused: entries.filter(({ answer }) => answer.status === 'refused').length,
  }));
}

function objectsIn(lists: readonly RecordedList[]): number {
  return lists.reduce((sum, { answer }) => sum + (answer.status === 'objects' ? answer.objects.length : 0), 0);
}

function answerFiles({ gets }: Snapshot): readonly File[] {
  const grouped = groupedBy(gets, ({ endpoint }) => endpointName(endpoint));
  return [...grouped].map(([endpoint, entries], at) => ({
    name: `${folder}/answers/${String(at + 1).padStart(4, '0')}-${fileName(endpoint)}.json`,
    bytes: bytesOf(entries),
    holds: `${entries.length} answers of ${endpoint}`,
    refused: entries.filter(({ answer }) => answer.status === 'refused').length,
  }));
}

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

const fileName = (words: string): string =>
  words
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 60) || 'it';

function bytesOf(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 1)}\n`, 'utf8');
}

function manifestOf({ snapshot, options, redacted, version }: Bundle, files: readonly File[]): unknown {
  const { origin, now, server, requests } = snapshot;
  return {
    format,
    tool: { name: 'tokmeter', version },
    origin,
    now,
    server,
    redacted,
    options: withoutCredentials(options),
    requests,
    files: files.map(({ name, bytes, holds, refused }) => ({ name, bytes: bytes.length, holds, refused })),
    refusals: refusalsOf(snapshot),
  };
}

/** What could not be read, and why. */
export function refusalsOf({
  lists,
  gets,
}: Snapshot): readonly { readonly what: string; readonly reason: string; readonly message: string }[] {
  return [...lists, ...gets].flatMap(({ answer }) =>
    answer.status === 'refused' ? [{ what: answer.refusal.what, reason: answer.refusal.reason, message: answer.refusal.message }] : [],
  );
}

/** Reads a bundle from a file, or from stdin for "-". Throws ReadError `malformed` with one sentence about what is wrong with it. */
export async function readBundle(file: string): Promise<Bundle> {
  const name = file === '-' ? 'stdin' : file;
  try {
    return bundleOf(await untar(await unzipped(file), limits));
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
  const input = file === '-' ? createReadStream('', { fd: 0 }) : createReadStream(file);
  return Readable.from(pieces(input));
}

/** What gzip holds, a chunk at a time: whoever stops reading stops the unpacking. */
async function* pieces(input: Readable): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
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

function bundleOf(entries: readonly Entry[]): Bundle {
  const [first] = entries;
  if (first?.name !== manifestName) throw new Error('it does not begin with a manifest');
  const manifest = record(jsonOf(first));
  if (manifest.format !== format) {
    const made = text(record(manifest.tool).version);
    throw new Error(
      `its format is ${JSON.stringify(manifest.format)}${made === null ? '' : `, made by tokmeter ${made},`} and this program reads ${format}`,
    );
  }
  const rest = entries.slice(1);
  const promised = new Map(records(manifest.files).map(({ name, bytes }) => [name, bytes]));
  for (const { name, bytes } of rest)
    if (promised.get(name) !== bytes.length) throw new Error(`${JSON.stringify(name)} is not as its manifest says`);
  if (promised.size !== rest.length) throw new Error('a file that its manifest names is missing');
  const of = (part: string): readonly unknown[] =>
    rest.filter(({ name }) => name.startsWith(`${folder}/${part}/`)).flatMap((entry) => list(jsonOf(entry)));
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
    snapshot: inOrder(snapshot),
    options: optionsOf(record(manifest.options)),
    redacted: list(manifest.redacted).map(String),
    version: text(record(manifest.tool).version) ?? 'unknown',
  };
}

function jsonOf({ name, bytes }: Entry): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
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
    (isText(body.text) || isText(body.base64)) &&
    isTexts(said.headers) &&
    isText(said.via);
  const whole = said.cut === null || said.status !== 'reply' || isRefusal(said.cut);
  const at = ['pod', 'service', 'url', 'logs'].includes(String(record(endpoint).at));
  if (!asked || !at || !whole || !(reply || (said.status === 'refused' && isRefusal(said.refusal))))
    throw new Error('an answer in it is none');
  return value as RecordedGet;
}

/** That a token was given says how an answer is to be judged; which one says nobody. */
function withoutCredentials(options: Options): Options {
  const { prometheus, metricsToken } = options;
  return {
    ...options,
    prometheus: prometheus && { ...prometheus, headers: {} },
    ...(metricsToken === undefined ? {} : { metricsToken: masked }),
  };
}

function optionsOf(value: Readonly<Record<string, unknown>>): Options {
  const { namespace, gateway, selector, expectLabels, prometheus, metricsToken, secretNames, logs } = value;
  return {
    namespace: text(namespace),
    gateway: gateway === null || gateway === undefined ? null : (record(gateway) as unknown as Options['gateway']),
    selector: text(selector),
    expectLabels: list(expectLabels).map(String),
    prometheus: prometheus === null || prometheus === undefined ? null : (record(prometheus) as unknown as Options['prometheus']),
    ...(typeof metricsToken === 'string' ? { metricsToken: masked } : {}),
    ...(secretNames === true ? { secretNames } : {}),
    ...(logs === true ? { logs } : {}),
  };
}
