import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { attemptOf, placeOf } from './api.ts';
import { type Cluster, logged, pathOf } from './cluster.ts';
import type { Trouble } from './faults.ts';
import { forwardPorts } from './port-forward.ts';
import type { Answer } from './respond.ts';
import { forbidden, notFound, pageNotFound, unauthorized } from './status.ts';

/** Answers a request for a port-forward. */
export function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, cluster: Cluster): void {
  socket.on('error', () => socket.destroy());
  const trouble = logged(request, cluster);
  if (trouble !== null && 'reset' in trouble) return void socket.destroy();
  if (trouble !== null && 'hang' in trouble) return;
  const refused = upgradeRefusal(request, trouble, cluster);
  if (refused !== null) return void socket.end(rawAnswer(refused));
  const { pod, namespace, uid } = podOf(request, cluster);
  const dial = (port: number) => cluster.backends.dial(`pod ${namespace}/${pod}:${port}`);
  // The kubelet answers a protocol it does not know with 403 and an empty body: measured on k8s.io/kubelet 1.32.
  if (!forwardPorts(request, socket, head, { pod, uid, dial })) socket.end(rawAnswer({ status: 403, headers: {}, body: Buffer.alloc(0) }));
}

function podOf(request: IncomingMessage, { holdings }: Cluster) {
  const place = placeOf(pathOf(request), holdings.store);
  const object =
    place && holdings.store.all(place.kind).find(({ metadata }) => metadata.name === place.name && metadata.namespace === place.namespace);
  return { pod: place?.name ?? '', namespace: place?.namespace ?? '', uid: object?.metadata.uid ?? '', known: object !== undefined };
}

function upgradeRefusal(request: IncomingMessage, trouble: Trouble | null, cluster: Cluster): Answer | null {
  const { holdings, backends, token } = cluster;
  const place = placeOf(pathOf(request), holdings.store);
  if (request.headers.authorization !== `Bearer ${token}`) return unauthorized;
  if (place === null || place.subresource !== 'portforward' || place.name === null) return pageNotFound;
  const attempt = attemptOf(place, request.method === 'GET' ? 'get' : 'create', holdings.user);
  if (trouble !== null && 'forbid' in trouble) return forbidden(attempt);
  if (trouble !== null && 'status' in trouble)
    return { status: trouble.status, headers: trouble.headers ?? {}, body: Buffer.from(trouble.body ?? '') };
  const { known, pod, namespace } = podOf(request, cluster);
  const ports = new URL(request.url ?? '/', 'http://sandbox').searchParams.getAll('ports').flatMap((text) => text.split(','));
  const refusals = ports.map((port) => backends.refusal(`pod ${namespace}/${pod}:${port}`));
  if (refusals.some((refusal) => refusal?.reason === 'forbidden')) return forbidden(attempt);
  return known ? null : notFound(place.kind, pod);
}

function rawAnswer({ status, headers, body }: Answer): Buffer {
  const lines = Object.entries({ ...headers, 'content-length': String(body.length), connection: 'close' }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}\r\n`, 'latin1'), body]);
}
