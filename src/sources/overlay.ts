import type { Change, Target } from '../model/change.ts';
import { asAsked } from '../model/metadata-only.ts';
import { type Endpoint, type Kind, type KubeObject, ReadError, type Request, type Scope, type Source } from '../model/source.ts';
import { labelTest } from '../parse/label-test.ts';
import { merged, patched } from '../parse/patch.ts';

/** A source as if changes were applied to it: its objects changed, everything else as it is. What a Prometheus will hold after them cannot be told before. */
export function overlay(source: Source, changes: readonly Change[]): Source {
  return {
    origin: source.origin,
    get now() {
      return source.now;
    },
    get requests() {
      return source.requests;
    },
    list: async (kind, scope = {}) => {
      const own = changes.filter((change) => concerns(change, kind));
      if (own.length === 0) return source.list(kind, scope);
      const all = await listed(source, kind, scope, own);
      return asAsked(kind, scope, own.reduce(applied, all)).filter((object) => inScope(object, kind, scope));
    },
    get: (endpoint, request) => source.get(endpoint, request),
  };
}

/** The same, where the past is asked of Prometheus: it has not seen the changes yet. */
export function withoutPast(source: Source, because: string): Source {
  return {
    ...source,
    get now() {
      return source.now;
    },
    get requests() {
      return source.requests;
    },
    get: (endpoint: Endpoint, request: Request) => {
      // What server it is stays the same.
      if (request.peer !== 'prometheus' || request.path.endsWith('/status/buildinfo')) return source.get(endpoint, request);
      return Promise.reject(new ReadError('unrecorded', `GET ${request.path}`, because));
    },
  };
}

/** A change of labels may bring an object into a scope, so that all are listed where that is possible. */
async function listed(source: Source, kind: Kind, scope: Scope, changes: readonly Change[]): Promise<readonly KubeObject[]> {
  try {
    return await source.list(kind, scope.labelSelector === undefined ? scope : withoutSelector(scope));
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    if (error.reason === 'unrecorded') return source.list(kind, scope);
    // A kind that is not served yet, and that the changes bring.
    if (error.reason === 'absent' && changes.some(({ does }) => does === 'put')) return [];
    throw error;
  }
}

const withoutSelector = ({ labelSelector: _, ...scope }: Scope): Scope => scope;

function inScope({ metadata }: KubeObject, { namespaced }: Kind, { namespace, labelSelector = '' }: Scope): boolean {
  if (namespaced && namespace !== undefined && metadata.namespace !== namespace) return false;
  const test = labelTest(labelSelector);
  return test === null || test(metadata.labels ?? {});
}

function concerns(change: Change, kind: Kind): boolean {
  if (change.does === 'put') return change.object.kind === kind.kind && groupOf(change.object) === kind.group;
  const { word } = change.target;
  return [kind.kind.toLowerCase(), kind.resource, `${kind.resource}.${kind.group}`].includes(word);
}

function groupOf({ apiVersion }: KubeObject): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

function applied(objects: readonly KubeObject[], change: Change): readonly KubeObject[] {
  if (change.does === 'put') return [...objects.filter((object) => !sameName(object, change.object)), placed(objects, change.object)];
  const named = (object: KubeObject): boolean => isTarget(object, change.target);
  if (change.does === 'delete') return objects.filter((object) => !named(object));
  const after = (object: KubeObject): unknown =>
    change.does === 'patch' ? patched(object, change.operations) : merged(object, change.patch);
  return objects.map((object) => (named(object) ? generationOn(object, after(object) as KubeObject) : object));
}

/** What is applied over an object keeps what the API server gave it: uid, times and status. */
function placed(objects: readonly KubeObject[], object: KubeObject): KubeObject {
  const before = objects.find((other) => sameName(other, object));
  if (before === undefined) return object;
  const status = before.status === undefined ? {} : { status: before.status };
  return generationOn(before, { ...status, ...object, metadata: { ...before.metadata, ...object.metadata } });
}

/** A new generation, so that what controllers said of the old one no longer counts. */
function generationOn({ metadata }: KubeObject, after: KubeObject): KubeObject {
  return metadata.generation === undefined ? after : { ...after, metadata: { ...after.metadata, generation: metadata.generation + 1 } };
}

function sameName(left: KubeObject, right: KubeObject): boolean {
  return left.metadata.name === right.metadata.name && (left.metadata.namespace ?? '') === (right.metadata.namespace ?? '');
}

function isTarget({ metadata }: KubeObject, { namespace, name }: Target): boolean {
  return metadata.name === name && (namespace === null || metadata.namespace === namespace);
}
