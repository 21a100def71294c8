import { Agent, request } from 'undici';
import { resourceOf } from './resources.ts';

/** An object as written in a manifest. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly [more: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** The API server as its administrator sees it: plain requests, nothing of tokmeter. */
export interface Api {
  send(method: string, path: string, body?: unknown, type?: string): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Creates or replaces spec and status; returns what the server made of it. */
  apply(object: Manifest): Promise<Manifest>;
  patchStatus(object: Manifest, status: unknown): Promise<void>;
  get(object: Manifest): Promise<Manifest | null>;
  list(path: string): Promise<readonly Manifest[]>;
  remove(object: Manifest): Promise<void>;
}

/** A client of the API server with a bearer token. */
export function apiOf(server: string, ca: string, token: string): Api {
  const dispatcher = new Agent({ connect: { ca } });

  async function send(method: string, path: string, body?: unknown, type = 'application/json'): ReturnType<Api['send']> {
    const answer = await request(server + path, {
      method: method as 'GET',
      dispatcher,
      headers: { authorization: `Bearer ${token}`, 'content-type': type },
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text };
  }

  async function get(object: Manifest): Promise<Manifest | null> {
    const { status, body } = await send('GET', pathOf(object));
    return status === 200 ? (body as Manifest) : null;
  }

  async function apply(object: Manifest): Promise<Manifest> {
    const { status: wanted, ...rest } = object;
    const made = await written(rest as Manifest);
    if (wanted !== undefined) await patchStatus(object, wanted);
    return made;
  }

  /** POST and, where it exists, PUT: server-side apply refuses pods that name one port twice. */
  async function written(object: Manifest): Promise<Manifest> {
    const created = await send('POST', collectionOf(object), object);
    if (created.status === 201) return created.body as Manifest;
    if (created.status !== 409) throw refusal('create', object, created);
    const present = await get(object);
    const version = (present?.metadata as { resourceVersion?: string } | undefined)?.resourceVersion;
    const replaced = await send('PUT', pathOf(object), { ...object, metadata: { ...object.metadata, resourceVersion: version } });
    if (replaced.status !== 200) throw refusal('replace', object, replaced);
    return replaced.body as Manifest;
  }

  async function patchStatus(object: Manifest, status: unknown): Promise<void> {
    const sub = await send('PATCH', `${pathOf(object)}/status`, { status }, 'application/merge-patch+json');
    if (sub.status === 200) return;
    if (sub.status !== 404) throw refusal('patch the status of', object, sub);
    const whole = await send('PATCH', pathOf(object), { status }, 'application/merge-patch+json');
    if (whole.status !== 200) throw refusal('patch', object, whole);
  }

  async function remove(object: Manifest): Promise<void> {
    const grace = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0, propagationPolicy: 'Background' };
    const { status } = await send('DELETE', pathOf(object), grace);
    if (status === 404) return;
    const finalizers = [['metadata', { finalizers: null }]];
    await send('PATCH', pathOf(object), Object.fromEntries(finalizers), 'application/merge-patch+json');
    if (object.kind === 'Namespace') await send('PUT', `${pathOf(object)}/finalize`, { ...object, spec: { finalizers: [] } });
  }

  async function list(path: string): Promise<readonly Manifest[]> {
    const { status, body } = await send('GET', path);
    return status === 200 ? ((body as { items?: Manifest[] }).items ?? []) : [];
  }

  return { send, apply, patchStatus, get, list, remove };
}

function refusal(verb: string, object: Manifest, answer: { readonly status: number; readonly body: unknown }): Error {
  const message = (answer.body as { message?: string }).message ?? String(answer.body);
  return new Error(`cannot ${verb} ${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}: ${answer.status} ${message}`);
}

/** "/apis/apps/v1/namespaces/NS/deployments". */
export function collectionOf(object: Manifest): string {
  const { plural, namespaced } = resourceOf(object.kind);
  const root = object.apiVersion.includes('/') ? `/apis/${object.apiVersion}` : `/api/${object.apiVersion}`;
  return namespaced ? `${root}/namespaces/${object.metadata.namespace ?? 'default'}/${plural}` : `${root}/${plural}`;
}

/** The path of one object. */
export function pathOf(object: Manifest): string {
  return `${collectionOf(object)}/${object.metadata.name}`;
}
