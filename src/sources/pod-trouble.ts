import { ReadError } from '../model/source.ts';
import { codeOf } from './address.ts';
import type { ApiDocument } from './api.ts';
import { type Question, refusedPort } from './endpoint.ts';
import type { PodEndpoint } from './pod-ports.ts';
import { excerpt, forbidden, type Permission, statusOf } from './status.ts';
import { WayClosed } from './way-closed.ts';

/** The API server did not upgrade a port-forward. */
export class UpgradeRefused extends Error {
  constructor(readonly answer: ApiDocument) {
    super(`no upgrade: ${answer.status}`);
  }
}

/** A version of Kubernetes; null when the API server did not say. */
export type ServerVersion = { readonly major: number; readonly minor: number } | null;

/** What it means that no tunnel could be opened: mostly that this way is closed. */
export function forwardTrouble(error: unknown, endpoint: PodEndpoint, question: Question, serverVersion: ServerVersion): unknown {
  const { what, from } = question;
  if (!(error instanceof UpgradeRefused))
    return error instanceof ReadError && error.fault === null && error.reason !== 'interrupted' ? new WayClosed(error, false) : error;
  const { status, text } = error.answer;
  const kube = statusOf(text);
  if (status === 403 && kube !== null) return new WayClosed(forbidden(what, forwarding(endpoint.namespace, serverVersion), kube), true);
  if (status === 401) return new ReadError('forbidden', what, 'the API server does not accept these credentials (401)');
  if (status === 404 && kube?.reason === 'NotFound') return new ReadError('unreachable', what, `${from} does not exist: ${kube.message}`);
  const said = kube?.message ?? (text.trim() === '' ? 'nothing more' : excerpt(text));
  return new WayClosed(new ReadError('unreachable', what, `the upgrade to a websocket was refused with ${status}: ${said}`), false);
}

/** Both verbs from 1.35 on: AuthorizePodWebsocketUpgradeCreatePermission, kubernetes/pkg/features/kube_features.go. */
function forwarding(namespace: string, version: ServerVersion): Permission {
  const both = version !== null && (version.major > 1 || version.minor >= 35);
  return { verbs: both ? ['get', 'create'] : ['get'], resource: 'pods/portforward', namespace };
}

/** What it means that a pod's address could not be connected to. */
export function addressTrouble(error: unknown, { what, from }: Question): unknown {
  if (!(error instanceof ReadError) || error.fault !== null || error.reason === 'interrupted') return error;
  return codeOf(error.cause) === 'ECONNREFUSED' ? refusedPort(what, from, error) : new WayClosed(error, false);
}
