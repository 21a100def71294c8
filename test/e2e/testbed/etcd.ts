import { request } from 'undici';
import type { Manifest } from './api.ts';
import { resourceOf } from './resources.ts';

/** Writes an object past the API server, which serves it all the same. */
export async function put(etcd: string, key: string, value: Manifest): Promise<void> {
  await sent(etcd, 'put', { key: base64(key), value: base64(JSON.stringify(value)) });
}

/** Makes an object look as if it had been there for so many seconds: the API server would say now. Only for custom resources, which it stores as JSON. */
export async function aged(etcd: string, { apiVersion, kind, metadata }: Manifest, seconds: number): Promise<void> {
  const [group = ''] = apiVersion.split('/');
  const key = `/registry/${group}/${resourceOf(kind).plural}/${metadata.namespace}/${metadata.name}`;
  const { kvs = [] } = (await sent(etcd, 'range', { key: base64(key) })) as { readonly kvs?: readonly { readonly value: string }[] };
  const [found] = kvs;
  if (found === undefined) throw new Error(`etcd has no ${key}`);
  const object = JSON.parse(Buffer.from(found.value, 'base64').toString('utf8')) as Manifest;
  const creationTimestamp = new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
  await put(etcd, key, { ...object, metadata: { ...object.metadata, creationTimestamp } });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Through etcd's JSON gateway. */
async function sent(etcd: string, verb: 'put' | 'range', body: object): Promise<unknown> {
  const answer = await request(`${etcd}/v3/kv/${verb}`, { method: 'POST', body: JSON.stringify(body) });
  const said = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`etcd does not take ${verb}: ${answer.statusCode} ${said}`);
  return JSON.parse(said) as unknown;
}
