import type { Kind, KubeObject, Metadata, Scope } from './source.ts';

/** Whether a list holds names, labels and annotations alone: asked so, and always of Secrets, whose data is never wanted. */
export function asksMetadataOnly({ group, resource }: Pick<Kind, 'group' | 'resource'>, scope: Scope = {}): boolean {
  return scope.metadataOnly === true || (group === '' && resource === 'secrets');
}

/** An object without everything but what it is called: no spec, no data, and no annotation in which kubectl keeps the whole object once more. */
export function metadataOnly({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata: bareMetadata(metadata) };
}

/** The objects of a list, without more than was asked for. */
export function asAsked(kind: Pick<Kind, 'group' | 'resource'>, scope: Scope, objects: readonly KubeObject[]): readonly KubeObject[] {
  return asksMetadataOnly(kind, scope) ? objects.map(metadataOnly) : objects;
}

const fields = [
  'name',
  'namespace',
  'uid',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'labels',
  'annotations',
  'ownerReferences',
] as const satisfies readonly (keyof Metadata)[];

const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

function bareMetadata(metadata: Metadata): Metadata {
  const kept = Object.fromEntries(fields.flatMap((field) => (metadata[field] === undefined ? [] : [[field, metadata[field]]])));
  const bare = { ...kept, name: metadata.name };
  if (typeof metadata.annotations !== 'object' || metadata.annotations === null) return bare;
  const { [lastApplied]: _whole, ...annotations } = metadata.annotations;
  return { ...bare, annotations };
}
