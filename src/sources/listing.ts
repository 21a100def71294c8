import { asksMetadataOnly, metadataOnly } from '../model/metadata-only.ts';
import { resourceName } from '../model/snapshot.ts';
import { type Kind, type KubeObject, ReadError, type Scope } from '../model/source.ts';
import { list, record, text } from '../parse/fields.ts';
import { queryText } from './address.ts';
import type { Api } from './api.ts';
import { documentOf, quotable, refusal } from './refusal.ts';

export const pageSize = 500;

/** All objects of a kind at one served version, page by page, each with apiVersion and kind and without managedFields. */
export async function listObjects(api: Api, kind: Kind, version: string, scope: Scope): Promise<readonly KubeObject[]> {
  const wish: Wish = { api, kind, version, scope, what: `list ${resourceName(kind)}` };
  try {
    return await pages(wish);
  } catch (error) {
    // The list took so long that its snapshot is gone from etcd: once from the start, as client-go's pager.
    if (!(error instanceof Expired)) throw error;
  }
  return pages(wish).catch((error) => {
    throw error instanceof Expired
      ? new ReadError('unreachable', wish.what, `${api.name} dropped the list of ${resourceName(kind)} half-way, twice (410)`)
      : error;
  });
}

interface Wish {
  readonly api: Api;
  readonly kind: Kind;
  readonly version: string;
  readonly scope: Scope;
  readonly what: string;
}

class Expired extends Error {}

async function pages(wish: Wish): Promise<KubeObject[]> {
  const objects: KubeObject[] = [];
  for (let token: string | null = ''; token !== null; ) {
    const page: Page = await pageOf(wish, token);
    objects.push(...page.objects);
    if (page.next === token) throw malformed(wish, 'the same page again and again');
    token = page.next;
  }
  return objects;
}

/** The one form that is accepted, so that nothing but metadata travels: an API server that cannot answer so says 406. apimachinery meta/v1, since Kubernetes 1.15. */
const partial = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

interface Page {
  readonly objects: readonly KubeObject[];
  readonly next: string | null;
}

async function pageOf(wish: Wish, token: string): Promise<Page> {
  const { api, kind, scope, what } = wish;
  const query = [
    ['limit', String(pageSize)],
    ...(scope.labelSelector ? [['labelSelector', scope.labelSelector]] : []),
    ...(token === '' ? [] : [['continue', token]]),
  ];
  const path = pathOf(wish) + queryText(query as [string, string][]);
  const bare = asksMetadataOnly(kind, scope);
  const answer = await api.read({ what, path, own: true, ...(bare ? { headers: { accept: partial } } : {}) });
  if (answer.status === 410 && token !== '') throw new Expired();
  if (answer.status !== 200) {
    throw refusal(api.name, what, bare ? quotable(answer) : answer, {
      verbs: ['list'],
      resource: resourceName(kind),
      namespace: scope.namespace ?? null,
    });
  }
  return parsedPage(wish, documentOf(api.name, what, answer, !bare));
}

function pathOf({ kind, version, scope }: Wish): string {
  const root = kind.group === '' ? `/api/${version}` : `/apis/${kind.group}/${version}`;
  const place = kind.namespaced && scope.namespace !== undefined ? `/namespaces/${encodeURIComponent(scope.namespace)}` : '';
  return `${root}${place}/${kind.resource}`;
}

function parsedPage(wish: Wish, value: unknown): Page {
  const page = record(value);
  const isList = (text(page.kind) ?? '').endsWith('List') && (Array.isArray(page.items) || page.items === null || page.items === undefined);
  if (!isList) throw malformed(wish, `no list but ${text(page.kind) ?? 'JSON without a kind'}`);
  const next = text(record(page.metadata).continue) ?? '';
  return { objects: list(page.items).map((item) => objectOf(wish, item)), next: next === '' ? null : next };
}

/** Built-in kinds come without apiVersion and kind in their lists, custom resources with them. */
function objectOf(wish: Wish, item: unknown): KubeObject {
  const { kind, version } = wish;
  const object = record(item);
  const metadata = record(object.metadata);
  const name = text(metadata.name);
  if (name === null) throw malformed(wish, 'an item without a name');
  const { managedFields: _, ...rest } = metadata;
  const apiVersion = kind.group === '' ? version : `${kind.group}/${version}`;
  const whole = { apiVersion, kind: kind.kind, ...object, metadata: { ...rest, name } };
  // Items are of kind PartialObjectMetadata; a server that ignored what is accepted sent everything.
  return asksMetadataOnly(kind, wish.scope) ? metadataOnly({ ...whole, apiVersion, kind: kind.kind }) : whole;
}

function malformed({ api, kind, what }: Wish, saw: string): ReadError {
  return new ReadError('malformed', what, `${api.name} answered ${saw} when asked for ${resourceName(kind)}`);
}
