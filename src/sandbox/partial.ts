import { metadataOnly } from '../model/metadata-only.ts';
import type { KubeObject } from '../model/source.ts';

const apiVersion = 'meta.k8s.io/v1';

/** Whether names, labels and annotations alone are accepted: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1". */
export function isPartial(accept: string): boolean {
  return /^application\/json;as=PartialObjectMetadata(List)?;g=meta\.k8s\.io;v=v1\b/.test(accept);
}

/** An object as apiserver pkg/endpoints/handlers/response.go asPartialObjectMetadata has it. */
export function partialOf(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: metadataOnly(object).metadata };
}

/** A list as asPartialObjectMetadataList has it: each item says what it is. */
export function partialList(objects: readonly KubeObject[], metadata: unknown): unknown {
  return { kind: 'PartialObjectMetadataList', apiVersion, metadata, items: objects.map(partialOf) };
}
