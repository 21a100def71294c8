import type { Collector } from '../../../facts/collectors.ts';
import { kinds, listing } from '../../../facts/kinds.ts';
import { ageOf } from '../../../facts/listed.ts';
import { type Pod, podOf } from '../../../facts/pods.ts';
import { defineFact } from '../../../model/fact.ts';
import { type Many, type Source, unreadOf } from '../../../model/source.ts';
import { record, text } from '../../../parse/fields.ts';
import type { ScrapeJob } from '../../../parse/scrape-job.ts';
import { withoutArguments } from '../../envoy-ai-gateway/guess.ts';
import { type Scrape, type Scraping, scraping } from './scraping.ts';

/** A collector that has to do with the sidecars, and its pods. */
export interface CollectorPods {
  readonly collector: Collector;
  readonly pods: readonly CollectorPod[];
  /** Keys of the sidecars whose metrics pass through it; empty: it may be the one that should scrape them. */
  readonly scrapes: readonly string[];
}

/** A pod of a collector. */
export interface CollectorPod {
  readonly pod: Pod;
  readonly node: string | null;
  /** Seconds since it was created. */
  readonly age: number | null;
}

/** The collectors whose health matters: those that scrape a sidecar; while none does, all that look for pods. */
function concerned({ collectors, emitters }: Scraping): readonly Collector[] {
  const keys = new Set(
    emitters.flatMap(({ scrapes }) => scrapes.flatMap(({ collector, through }) => [collector, ...through].map(({ key }) => key))),
  );
  return keys.size > 0
    ? collectors.filter(({ key }) => keys.has(key))
    : collectors.filter(({ jobs, config }) => jobs.some(looksForPods) || config.status === 'unknown');
}

/** Not a job that asks the collector itself alone, as every chart has one. */
function looksForPods({ discovery }: ScrapeJob): boolean {
  return discovery.some(({ by }) => by !== 'static');
}

/** The pods of every collector that has to do with the sidecars. */
export const collectorPods = defineFact({
  id: 'collector-pods',
  title: 'pods of collectors',
  reads: [listing(kinds.pods)],
  needs: { scraping },
  async read({ scraping }, { source }): Promise<Many<CollectorPods>> {
    const settled = await Promise.all(concerned(scraping).map((collector) => podsOf(collector, scraping, source)));
    return {
      read: settled.flatMap((each) => ('pods' in each ? [each] : [])),
      unread: settled.flatMap((each) => ('pods' in each ? [] : [each])),
    };
  },
});

/** Whether metrics pass through a collector, first or later. */
export function passesThrough(scrapes: readonly Scrape[], { key }: Collector): boolean {
  return scrapes.some(({ collector, through }) => collector.key === key || through.some((each) => each.key === key));
}

async function podsOf(collector: Collector, { emitters }: Scraping, source: Source) {
  const scrapes = emitters.flatMap(({ emitter, scrapes }) => (passesThrough(scrapes, collector) ? [emitter.key] : []));
  const { workload } = collector;
  if (workload === null || Object.keys(workload.selector).length === 0) return { collector, pods: [], scrapes };
  const labelSelector = Object.entries(workload.selector)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');
  try {
    const objects = await source.list(kinds.pods, { namespace: workload.namespace, labelSelector });
    const pods = objects.map((object) => {
      const pod = podOf(object);
      return {
        pod: { ...pod, containers: withoutArguments(pod.containers) },
        node: text(record(object.spec).nodeName),
        age: ageOf(pod.metadata, source.now),
      };
    });
    const living = pods.filter(({ pod }) => !pod.deleting && pod.phase !== 'Failed' && pod.phase !== 'Succeeded');
    return { collector, pods: living, scrapes };
  } catch (error) {
    return unreadOf(error, `pods of ${collector.subject}`);
  }
}
