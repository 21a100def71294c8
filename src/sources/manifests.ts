import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { asAsked, metadataOnly } from '../model/metadata-only.ts';
import { type Kind, type KubeObject, ReadError, type Scope, type Source } from '../model/source.ts';
import { record, records, strings, text } from '../parse/fields.ts';
import { labelTest } from '../parse/label-test.ts';

// A repository of a whole company's manifests is some MB; what is larger was meant otherwise.
const largest = 64 * 1024 * 1024;

/** The objects of YAML or JSON files, of a folder of them, or of stdin for "-"; those without a namespace get the given one. Throws ReadError `malformed` with one sentence. */
export async function readManifests(places: readonly string[], namespace: string): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const place of places) for (const file of await filesOf(place)) objects.push(...objectsOf(await textOf(file), file, namespace));
  if (objects.length === 0) throw malformed(places.join(', '), 'it holds no Kubernetes objects');
  return objects;
}

async function filesOf(place: string): Promise<readonly string[]> {
  if (place === '-') return [place];
  const about = await stat(place).catch((error: NodeJS.ErrnoException) => {
    throw malformed(place, error.code === 'ENOENT' ? 'there is no such file or folder' : (error.code ?? error.message));
  });
  if (!about.isDirectory()) return [place];
  const entries = await readdir(place, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() && /\.(ya?ml|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return names.filter((name) => !/(^|\/)\.(?!\.?\/)/.test(name.slice(place.length))).sort();
}

async function textOf(file: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of file === '-' ? createReadStream('', { fd: 0 }) : createReadStream(file)) {
      size += chunk.length;
      if (size > largest) throw malformed(file, `it is larger than ${largest / 1024 / 1024} MB`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw error instanceof ReadError ? error : malformed(file, (error as NodeJS.ErrnoException).code ?? String(error), error);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function objectsOf(yaml: string, file: string, namespace: string): readonly KubeObject[] {
  const documents = parseAllDocuments(yaml, { logLevel: 'error' });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [wrong] = document.errors;
    if (wrong !== undefined) {
      const hint = yaml.includes('{{') ? '; render templates first, as helm template does' : '';
      throw malformed(file, `line ${wrong.linePos?.[0].line ?? 1}: ${wrong.message.split('\n')[0]?.replace(/ at line.*/, '')}${hint}`);
    }
    return flattened(plain(document, file)).map((value) => objectOf(value, file, namespace));
  });
}

function plain(document: { toJS(options: { readonly maxAliasCount: number }): unknown }, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw malformed(file, error instanceof Error ? error.message : String(error), error);
  }
}

/** A list's items; nothing for an empty document and for what only tells kustomize what to do. */
function flattened(value: unknown): readonly unknown[] {
  const { kind, apiVersion, items } = record(value);
  if (value === null || value === undefined) return [];
  if (String(apiVersion).startsWith('kustomize.config.k8s.io/')) return [];
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items) ? items.flatMap(flattened) : [value];
}

// Kinds that have no namespace, of those that a repository is likely to hold.
const clusterWide =
  /^(?:Namespace|Node|CustomResourceDefinition|\w+WebhookConfiguration|Cluster\w+|GatewayClass|PersistentVolume|\w*StorageClass|PriorityClass|IngressClass|RuntimeClass|APIService|CSIDriver|ValidatingAdmissionPolic\w+)$/;

function objectOf(value: unknown, file: string, fallback: string): KubeObject {
  const { apiVersion, kind, metadata } = record(value);
  const { name, namespace, labels, annotations, ownerReferences } = record(metadata);
  if (text(apiVersion) === null || text(kind) === null || text(name) === null)
    throw malformed(file, 'it holds something without apiVersion, kind and metadata.name');
  const own = text(namespace) ?? (clusterWide.test(String(kind)) ? null : fallback);
  const whole: KubeObject = {
    ...(value as KubeObject),
    metadata: {
      ...(metadata as KubeObject['metadata']),
      ...(own === null ? {} : { namespace: own }),
      labels: strings(labels),
      annotations: strings(annotations),
      ownerReferences: records(ownerReferences) as NonNullable<KubeObject['metadata']['ownerReferences']>,
    },
  };
  return kind === 'Secret' ? metadataOnly(whole) : whole;
}

function malformed(file: string, why: string, cause?: unknown): ReadError {
  const name = file === '-' ? 'stdin' : file;
  return new ReadError('malformed', `read ${name}`, `${name}: ${why}`, { cause });
}

/** Manifests alone as a source: what is not among them is not known to be absent. */
export function manifestsSource(objects: readonly KubeObject[], name: string, now: Date): Source {
  return {
    origin: { kind: 'manifests', name },
    now,
    requests: { kubernetes: 0, tunnels: 0, prometheus: 0 },
    list: async (kind, scope = {}) => {
      const own = objects.filter((object) => isOf(object, kind));
      if (own.length === 0) throw new ReadError('unrecorded', `list ${kind.resource}`, `no ${kind.kind} is among the manifests`);
      return asAsked(kind, scope, own).filter((object) => inScope(object, kind, scope));
    },
    get: async () => {
      throw new ReadError('unrecorded', 'GET', 'manifests alone do not tell what runs');
    },
  };
}

function isOf({ apiVersion, kind }: KubeObject, wanted: Kind): boolean {
  return kind === wanted.kind && (apiVersion.includes('/') ? apiVersion.split('/')[0] : '') === wanted.group;
}

function inScope({ metadata }: KubeObject, { namespaced }: Kind, { namespace, labelSelector = '' }: Scope): boolean {
  if (namespaced && namespace !== undefined && metadata.namespace !== namespace) return false;
  return labelTest(labelSelector)?.(metadata.labels ?? {}) ?? true;
}
