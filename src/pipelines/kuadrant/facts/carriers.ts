import { kinds, listing } from '../../../facts/kinds.ts';
import { type Condition, conditionsOf } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { type Kind, type KubeObject, ReadError, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { record, records } from '../../../parse/fields.ts';

/** An object that brings the filter or its clusters into the proxies of a Gateway. */
export interface Carrier {
  readonly kind: string;
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  /** Its whole spec as JSON: what stands where in it differs by release, so that only words are looked for. */
  readonly config: string;
  readonly conditions: readonly Condition[];
}

export interface Carriers {
  readonly objects: readonly Carrier[];
  /** Kinds that the API server knows. */
  readonly served: readonly string[];
  readonly unread: readonly Unread[];
}

/** By provider: WasmPlugin of Istio up to operator 1.4, EnvoyFilter from 1.5, EnvoyExtensionPolicy and EnvoyPatchPolicy of Envoy Gateway (internal/controller/*_reconciler.go). */
const carrying: readonly Kind[] = [kinds.wasmplugins, kinds.envoyfilters, kinds.envoyextensionpolicies, kinds.envoypatchpolicies];

/** The objects that carry Kuadrant's filter: all are called "kuadrant-…". */
export const carriers = defineFact({
  id: 'filter-carriers',
  title: 'objects that carry the filter',
  reads: carrying.map(listing),
  read: async (_, { source }): Promise<Carriers> => {
    const lists = await Promise.all(carrying.map((kind) => listSoftly(source, kind)));
    return {
      objects: lists.flatMap(({ objects, kind }) => objects.filter(isOwn).map((object) => carrierOf(kind, object))),
      served: lists.flatMap(({ served, kind }) => (served ? [kind.kind] : [])),
      unread: lists.flatMap(({ unread }) => unread),
    };
  },
});

interface Listed {
  readonly kind: Kind;
  readonly objects: readonly KubeObject[];
  readonly served: boolean;
  readonly unread: readonly Unread[];
}

async function listSoftly(source: Source, kind: Kind): Promise<Listed> {
  try {
    return { kind, objects: await source.list(kind), served: true, unread: [] };
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    const absent = error.reason === 'absent';
    return { kind, objects: [], served: !absent, unread: absent ? [] : [unreadOf(error)] };
  }
}

const isOwn = ({ metadata }: KubeObject): boolean => metadata.name.startsWith('kuadrant-');

function carrierOf({ kind }: Kind, { metadata, spec, status }: KubeObject): Carrier {
  const { name, namespace = '' } = metadata;
  const own = record(status);
  const conditions = [...conditionsOf(own), ...records(own.ancestors).flatMap((ancestor) => conditionsOf(ancestor))];
  return { kind, subject: `${kind} ${namespace}/${name}`, namespace, name, config: unescaped(JSON.stringify(spec) ?? ''), conditions };
}

/** Plugin configurations are JSON inside strings: without backslashes, words inside read alike at any depth. */
function unescaped(json: string): string {
  return json.replaceAll('\\', '');
}
