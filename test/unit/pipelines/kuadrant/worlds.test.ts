import { describe, expect, it } from 'vitest';
import { consequences } from '../../../../src/engine/consequence.ts';
import { gather } from '../../../../src/engine/gather.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { ReadError } from '../../../../src/model/source.ts';
import { kuadrant } from '../../../../src/pipelines/kuadrant/index.ts';
import { clusterOf } from '../../../worlds/cluster.ts';
import { kuadrantWorlds } from '../../../worlds/kuadrant/index.ts';
import { optionsOf } from '../../../worlds/replayed.ts';
import type { Backend, ContainerLog, OtherWorld } from '../../../worlds/world.ts';
import { type Answer, faulty, type Memory, memorySource } from '../../memory-source.ts';

const hops = new Set(['configure', 'emit', 'expose', 'discover']);
const subnet = '127.0.171';

/** What answers behind a pod, asked once. */
async function answerOf({ address, port, start }: Backend): Promise<Answer> {
  const running = await start?.();
  if (running === undefined) return faulty('refused', 'connection refused');
  try {
    const reply = await fetch(`http://${address}:${port}/metrics`);
    const body = await reply.text();
    return { status: reply.status, headers: { 'content-type': reply.headers.get('content-type') ?? '' }, body };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return faulty('truncated', 'connection reset');
  } finally {
    await running.stop();
  }
}

function logOf({ pod, container, lines }: ContainerLog): readonly [string, Answer] {
  return [`logs ${pod.namespace}/${pod.name}/${container}`, { body: `${lines.join('\n')}\n` }];
}

/** The objects of a world as its API server would list them, and the metrics behind its pods; no Prometheus answers. */
async function memoryOf(world: OtherWorld): Promise<Memory> {
  const cluster = clusterOf(world, subnet);
  const pages = await Promise.all(
    cluster.backends.map(
      async (backend) => [`${backend.namespace}/${backend.name}:${backend.port}/metrics`, await answerOf(backend)] as const,
    ),
  );
  const istio = cluster.systems.includes('istio') ? [] : ['wasmplugins', 'envoyfilters'];
  const absent = [...istio, ...cluster.absent.map((name) => name.split('.')[0] ?? '')];
  return {
    now: '2026-11-24T12:00:00Z',
    objects: cluster.objects.map((object) => ({
      ...object,
      metadata: { creationTimestamp: '2026-11-24T11:59:30Z', ...object.metadata },
    })) as readonly KubeObject[],
    endpoints: Object.fromEntries([...pages, ...(cluster.logs ?? []).map(logOf)]),
    refused: Object.fromEntries(absent.map((resource) => [resource, 'absent' as const])),
  };
}

/** The roots of the hops that need no Prometheus. */
async function rootsOf(world: OtherWorld): Promise<readonly string[]> {
  const { reader } = gather(memorySource(await memoryOf(world)), optionsOf(world));
  const judged = await Promise.all(
    kuadrant.checks.map(async ({ id, hop, severity, follows, examine }) => {
      const verdict = await examine(reader).catch((error: unknown) => {
        if (!(error instanceof ReadError)) throw error;
        return { status: 'unknown' as const, unread: [] };
      });
      return { id, hop, severity, follows, status: verdict.status, findings: verdict.status === 'fail' ? verdict.findings : [] };
    }),
  );
  const roots = consequences(judged);
  return judged.filter(({ id, hop, status }) => status === 'fail' && hops.has(hop) && !roots.has(id)).map(({ id }) => id);
}

const judgedAt = new Map(kuadrant.checks.map(({ id, hop }) => [id, hop]));

/** Only a Prometheus that answers can tell that something else than a monitor scrapes Limitador. */
const scrapedElsewhere = new Set(['kuadrant-two-jobs']);

describe('a staged world, before Prometheus is asked', () => {
  // What happens after the first scrapes is not staged here.
  it.each(
    kuadrantWorlds
      .filter(({ name, later }) => later === undefined && !scrapedElsewhere.has(name))
      .map((world) => [world.name, world] as const),
  )('%s', async (_, world) => {
    const expected = [world.expect.brokenAt, ...(world.expect.also ?? [])].filter((id) => id !== null && hops.has(judgedAt.get(id) ?? ''));
    expect(await rootsOf(world)).toEqual(expected);
  });
});
