import type { KubeObject } from '../model/source.ts';
import { record, text } from '../parse/fields.ts';
import type { Api } from './api.ts';
import { documentOf, refusal } from './refusal.ts';

/** Where pods live, from lists where one was made. */
export interface PodAddresses {
  remember(pods: readonly KubeObject[]): void;
  /** Null for a pod without an address. */
  of(namespace: string, pod: string): Promise<string | null>;
}

export function podAddresses(api: Api): PodAddresses {
  const known = new Map<string, Promise<string | null>>();
  return {
    remember: (pods) => {
      for (const { metadata, status } of pods)
        known.set(`${metadata.namespace}/${metadata.name}`, Promise.resolve(text(record(status).podIP)));
    },
    of: (namespace, pod) => {
      const key = `${namespace}/${pod}`;
      const address = known.get(key) ?? read(api, namespace, pod);
      known.set(key, address);
      // One that could not be read may be readable the next time.
      return address.catch((error) => {
        known.delete(key);
        throw error;
      });
    },
  };
}

async function read(api: Api, namespace: string, pod: string): Promise<string | null> {
  const what = `get pod ${namespace}/${pod}`;
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
  const answer = await api.read({ what, path, own: true });
  if (answer.status !== 200) throw refusal(api.name, what, answer, { verbs: ['get'], resource: 'pods', namespace });
  return text(record(record(documentOf(api.name, what, answer)).status).podIP);
}
