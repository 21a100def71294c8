import { tunnelling } from '../../../facts/kinds.ts';
import { defineFact } from '../../../model/fact.ts';
import { type Many, ReadError, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { healthPath } from '../names.ts';
import { type Instance, instances } from './instances.ts';

/** What a pod answers when it is asked whether it is well. */
export interface Health {
  readonly instance: Instance;
  /** Null: well. */
  readonly trouble: string | null;
}

/** GET /health of every pod. */
export const healths = defineFact({
  id: 'gpt-load-healths',
  title: 'health of each gpt-load pod',
  reads: tunnelling,
  needs: { instances },
  async read({ instances }, { source }): Promise<Many<Health>> {
    const all = await Promise.all(instances.read.filter(({ starting }) => !starting).map((instance) => healthOf(source, instance)));
    return {
      read: all.flatMap((each) => ('instance' in each ? [each] : [])),
      unread: [...instances.unread, ...all.flatMap((each) => ('instance' in each ? [] : [each]))],
    };
  },
});

async function healthOf(source: Source, instance: Instance): Promise<Health | Unread> {
  const { pod, port, state } = instance;
  if (pod.phase !== 'Running' || state?.state === 'waiting') {
    const reason = state?.reason == null ? '' : `, its container ${state.reason}`;
    return { instance, trouble: `the pod is ${pod.phase}${reason}` };
  }
  try {
    const reply = await source.get({ at: 'pod', namespace: pod.namespace, pod: pod.name, port }, { path: healthPath });
    await readThrough(reply.body);
    return { instance, trouble: reply.status === 200 ? null : `port ${port}${healthPath} answers HTTP ${reply.status}` };
  } catch (error) {
    if (error instanceof ReadError && error.fault !== null) return { instance, trouble: error.message };
    return unreadOf(error, `health of ${instance.key}`);
  }
}

/** An answer that is not read to its end keeps its tunnel open. */
async function readThrough(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}
