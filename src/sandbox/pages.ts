import type { KubeObject } from '../model/source.ts';
import { isPartial, partialList } from './partial.ts';
import type { Answer } from './respond.ts';
import { jsonAnswer, statusAnswer } from './status.ts';
import type { ServedKind } from './store.ts';
import { tableOf } from './table.ts';

/** A list as it is, names alone, or a table with the time to tell ages by. */
export type Form = 'whole' | 'partial' | { readonly tableAt: Date };

/** Whether kubectl asks for cells to print. */
export const wantsTable = (accept: string): boolean => accept.includes('as=Table');

/** The form in which a client accepts a list: kubectl wants tables, controllers that watch names alone want no more. */
export function formOf(accept: string, now: Date): Form {
  if (isPartial(accept)) return 'partial';
  return wantsTable(accept) ? { tableAt: now } : 'whole';
}

/** One page, as `limit` and `continue` ask for it. */
export function pageAnswer(kind: ServedKind, objects: readonly KubeObject[], query: URLSearchParams, form: Form): Answer {
  const limit = Number(query.get('limit') ?? 0);
  const start = startOf(query.get('continue') ?? '');
  if (start === null) return statusAnswer(410, 'Expired', 'The provided continue parameter is too old');
  const end = limit > 0 ? start + limit : objects.length;
  const page = objects.slice(start, end);
  const left = Math.max(0, objects.length - end);
  const more = left > 0 ? { continue: Buffer.from(`from ${end}`).toString('base64'), remainingItemCount: left } : {};
  const metadata = { resourceVersion: '1', ...more };
  if (form === 'partial') return jsonAnswer(200, partialList(page, metadata));
  if (form !== 'whole') return jsonAnswer(200, tableOf(page, form.tableAt, metadata));
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
  return jsonAnswer(200, { kind: `${kind.kind}List`, apiVersion, metadata, items: isCustom(kind) ? page : page.map(bare) });
}

function startOf(token: string): number | null {
  if (token === '') return 0;
  const [, from] = /^from (\d+)$/.exec(Buffer.from(token, 'base64').toString('utf8')) ?? [];
  return from === undefined ? null : Number(from);
}

/** Custom resources, the Gateway API's included, come from CustomResourceDefinitions. */
const isCustom = ({ group }: ServedKind): boolean =>
  group === 'gateway.networking.k8s.io' || (group.includes('.') && !group.endsWith('.k8s.io'));

/** Items of built-in lists carry neither apiVersion nor kind: the types of k8s.io/api are encoded without their TypeMeta. */
function bare({ apiVersion: _apiVersion, kind: _kind, ...object }: KubeObject): unknown {
  return object;
}
