import { gzipSync } from 'node:zlib';
import type { Options } from '../model/fact.ts';
import { asksMetadataOnly } from '../model/metadata-only.ts';
import { endpointName, type RecordedList, resourceName, type Snapshot } from '../model/snapshot.ts';
import { grouped } from '../parse/grouped.ts';
import { masked } from '../parse/redact.ts';
import { type Entry, tarOf } from './tar.ts';

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

/** What a reader must know too. */
export const bundleFormat = { version: 1, folder: 'tokmeter-bundle', manifest: 'tokmeter-bundle/manifest.json' } as const;
const { version: format, folder, manifest: manifestName } = bundleFormat;
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
  return [...grouped(lists, ({ kind }) => resourceName(kind))].map(([resource, entries]) => ({
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
  return [...grouped(gets, ({ endpoint }) => endpointName(endpoint))].map(([endpoint, entries], at) => ({
    name: `${folder}/answers/${String(at + 1).padStart(4, '0')}-${fileName(endpoint)}.json`,
    bytes: bytesOf(entries),
    holds: `${entries.length} answers of ${endpoint}`,
    refused: entries.filter(({ answer }) => answer.status === 'refused').length,
  }));
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

/** That a token was given says how an answer is to be judged; which one says nobody. */
function withoutCredentials(options: Options): Options {
  const { prometheus, metricsToken, grafanaToken } = options;
  return {
    ...options,
    prometheus: prometheus && { ...prometheus, headers: {} },
    ...(metricsToken === undefined ? {} : { metricsToken: masked }),
    ...(grafanaToken === undefined ? {} : { grafanaToken: masked }),
  };
}
