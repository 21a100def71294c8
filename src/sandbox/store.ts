import { asksMetadataOnly } from '../model/metadata-only.ts';
import { listKey, type RecordedList, type Refusal, resourceName, type Snapshot } from '../model/snapshot.ts';
import type { Kind, KubeObject, Scope } from '../model/source.ts';
import { builtIns, fallbackVersions } from './built-ins.ts';

/** A kind that the sandbox's API server has, with the version it serves. */
export interface ServedKind extends Kind {
  readonly version: string;
}

export type Listing =
  /** `exact` when the scope itself was recorded; else all objects known, still to be selected from. */
  | { readonly status: 'objects'; readonly objects: readonly KubeObject[]; readonly exact: boolean }
  | { readonly status: 'refused'; readonly refusal: Refusal }
  /** The cluster has the kind, and the recording knows nothing of it. */
  | { readonly status: 'unrecorded' };

/** The objects of a recording, as an API server holds them. */
export interface Store {
  readonly kinds: readonly ServedKind[];
  find(group: string, version: string, resource: string): ServedKind | null;
  /** A scope that was recorded is answered from its recording; any other (kubectl's) from all objects known. */
  list(kind: Kind, scope: Scope): Listing;
  /** Every object of a kind that some list held. */
  all(kind: Pick<Kind, 'group' | 'resource'>): readonly KubeObject[];
}

export function storeOf(snapshot: Snapshot): Store {
  const lists = new Map(snapshot.lists.map((entry) => [listKey(entry.kind, entry.scope), entry]));
  const kinds = kindsOf(snapshot);
  const all = (kind: Pick<Kind, 'group' | 'resource'>): readonly KubeObject[] => {
    const known = objectsOf(snapshot.lists.filter((entry) => resourceName(entry.kind) === resourceName(kind)));
    return known.length === 0 && resourceName(kind) === 'namespaces' ? namespacesOf(snapshot) : known;
  };
  return {
    kinds,
    find: (group, version, resource) =>
      kinds.find((kind) => kind.group === group && kind.resource === resource && kind.version === version) ?? null,
    all,
    list: (kind, scope) => {
      const exact = lists.get(listKey(kind, scope))?.answer;
      if (exact !== undefined) return exact.status === 'objects' ? { ...exact, exact: true } : exact;
      const others = snapshot.lists.filter((entry) => resourceName(entry.kind) === resourceName(kind)).map(({ answer }) => answer);
      const objects = all(kind);
      const refused = others.find((answer) => answer.status === 'refused');
      if (objects.length > 0 || others.some(({ status }) => status === 'objects')) return { status: 'objects', objects, exact: false };
      return refused ?? { status: 'unrecorded' };
    },
  };
}

function objectsOf(lists: readonly RecordedList[]): readonly KubeObject[] {
  const byName = new Map<string, KubeObject>();
  // What is known whole goes before what is known by name.
  const partFirst = lists.toSorted((a, b) => Number(asksMetadataOnly(b.kind, b.scope)) - Number(asksMetadataOnly(a.kind, a.scope)));
  for (const { answer } of partFirst) {
    if (answer.status === 'refused') continue;
    for (const object of answer.objects) byName.set(`${object.metadata.namespace ?? ''}/${object.metadata.name}`, object);
  }
  return [...byName.values()];
}

function namespacesOf(snapshot: Snapshot): readonly KubeObject[] {
  const names = objectsOf(snapshot.lists).flatMap(({ metadata }) => metadata.namespace ?? []);
  return [...new Set(names)].sort().map((name) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name } },
    status: { phase: 'Active' },
  }));
}

/** Recorded kinds but those that the cluster said it does not serve, and the built-in ones, which every cluster has. */
function kindsOf(snapshot: Snapshot): readonly ServedKind[] {
  const absent = ({ answer }: RecordedList): boolean => answer.status === 'refused' && answer.refusal.reason === 'absent';
  const recorded = snapshot.lists.filter((entry) => !absent(entry)).map(({ kind }) => kind);
  const byName = new Map([...builtIns, ...recorded].map((kind) => [resourceName(kind), kind]));
  return [...byName.values()].map((kind) => ({ ...kind, version: versionOf(kind, snapshot) }));
}

function versionOf(kind: Kind, snapshot: Snapshot): string {
  const own = snapshot.lists.filter((entry) => resourceName(entry.kind) === resourceName(kind));
  const seen = objectsOf(own)[0]?.apiVersion.split('/').at(-1);
  return seen ?? kind.versions?.[0] ?? fallbackVersions[kind.group] ?? 'v1';
}
