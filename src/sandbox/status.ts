import { resourceName } from '../model/snapshot.ts';
import type { Kind } from '../model/source.ts';
import type { Answer } from './respond.ts';

const json = { 'content-type': 'application/json' };

export function jsonAnswer(status: number, body: unknown, contentType = 'application/json'): Answer {
  return { status, headers: { ...json, 'content-type': contentType }, body: Buffer.from(JSON.stringify(body), 'utf8') };
}

/** An error as kube-apiserver words it (apimachinery pkg/api/errors). */
export function statusAnswer(code: number, reason: string, message: string): Answer {
  return jsonAnswer(code, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code });
}

/** What a path outside every API answers: not a Status. */
export const pageNotFound: Answer = {
  status: 404,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: Buffer.from('404 page not found\n', 'utf8'),
};

export const unauthorized: Answer = statusAnswer(401, 'Unauthorized', 'Unauthorized');

export function notFound(kind: Kind, name: string): Answer {
  return statusAnswer(404, 'NotFound', `${resourceName(kind)} "${name}" not found`);
}

/** What somebody tried to do, as an authorizer sees it. */
export interface Attempt {
  readonly user: string;
  readonly verb: string;
  readonly kind: Pick<Kind, 'group' | 'resource'>;
  readonly subresource: string | null;
  readonly namespace: string | null;
  readonly name: string | null;
}

/** The sentence of apiserver pkg/endpoints/handlers/responsewriters/errors.go forbiddenMessage. */
export function forbidden({ user, verb, kind, subresource, namespace, name }: Attempt): Answer {
  const resource = subresource === null ? kind.resource : `${kind.resource}/${subresource}`;
  const what = name === null ? resourceName(kind) : `${resourceName(kind)} "${name}"`;
  const where = namespace === null ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const deed = `User "${user}" cannot ${verb} resource "${resource}" in API group "${kind.group}" ${where}`;
  return statusAnswer(403, 'Forbidden', `${what} is forbidden: ${deed}`);
}
