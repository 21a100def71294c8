import { ReadError } from '../model/source.ts';
import { jsonOf, number, record, text } from '../parse/fields.ts';

/** What the API server says of a request it did not grant: a Status object, meta/v1. */
export interface KubeStatus {
  readonly code: number;
  readonly reason: string;
  readonly message: string;
}

/** The Status in a body; null when it is something else. */
export function statusOf(body: string): KubeStatus | null {
  const value = record(jsonOf(body));
  if (value.kind !== 'Status' || value.apiVersion !== 'v1') return null;
  return { code: number(value.code) ?? 0, reason: text(value.reason) ?? '', message: text(value.message) ?? '' };
}

/** A permission, as RBAC names it. */
export interface Permission {
  readonly verbs: readonly string[];
  /** "podmonitors.monitoring.coreos.com", "pods/portforward". */
  readonly resource: string;
  /** null: all namespaces. */
  readonly namespace: string | null;
}

/** "list podmonitors.monitoring.coreos.com in all namespaces". */
export function permissionText({ verbs, resource, namespace }: Permission): string {
  return `${verbs.map((verb) => `${verb} ${resource}`).join(' and ')} ${placeText(namespace)}`;
}

function placeText(namespace: string | null): string {
  return namespace === null ? 'in all namespaces' : `in namespace ${namespace}`;
}

/** Who was refused, after apiserver/pkg/endpoints/handlers/responsewriters/errors.go: `User "dev" cannot list resource …`. */
export function refusedUser(message: string): string | null {
  return /User "((?:[^"\\]|\\.)*)" cannot /.exec(message)?.[1] ?? null;
}

/** The error of a 403: who may not do what. */
export function forbidden(what: string, permission: Permission, status: KubeStatus | null): ReadError {
  const user = refusedUser(status?.message ?? '');
  const who = user === null ? '' : ` for "${user}"`;
  // An admission or a webhook authorizer says why; plain RBAC only repeats the request.
  const why = user === null && status !== null && status.message !== '' ? `: ${status.message}` : '';
  const needs = `needs ${permission.verbs.join(' and ')} ${placeText(permission.namespace)}`;
  return new ReadError('forbidden', what, `${permission.resource} is forbidden${who} (${needs})${why}`, {
    needs: permissionText(permission),
  });
}

/** The first words of an unexpected body, for a sentence. */
export function excerpt(body: string, length = 80): string {
  return JSON.stringify(body.trim().slice(0, length));
}

/** What kind of wrong text this is, for a sentence: "an HTML page", "text that is no JSON: …". */
export function natureOf(body: string, contentType: string): string {
  if (body.trim() === '') return 'nothing';
  if (contentType.includes('html') || /^\s*<(!doctype|html|head|body)/i.test(body)) return `an HTML page${titleOf(body)}`;
  return `no JSON: ${excerpt(body)}`;
}

function titleOf(html: string): string {
  const title = /<title[^>]*>([^<]{1,80})/i.exec(html)?.[1]?.trim() ?? '';
  return title === '' ? '' : ` (${JSON.stringify(title)})`;
}
