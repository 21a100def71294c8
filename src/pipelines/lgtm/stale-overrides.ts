import type { ConfigSource } from '../../facts/collector-texts.ts';
import type { Finding } from '../../model/check.ts';
import { plainId } from '../../parse/collector-config.ts';
import type { SelfMetricsRead } from './facts/collector-metrics.ts';
import type { CollectorPod, CollectorPods } from './facts/collector-pods.ts';
import type { Scraping } from './facts/scraping.ts';
import { restart, showSource } from './scrape-remedies.ts';

// Objects of one deployment are made within seconds of each other.
const together = 60_000;
/** Seconds after which a receiver has scraped. */
const warmUp = 60;

/**
 * Collectors whose pods run since before a ConfigMap of theirs was made: an OpenTelemetry Collector reads its configuration once. A receiver that its
 * own metrics show at work is proof of the contrary, and one that they do not show among others that are is proof; without either it is deduced.
 */
export function staleOverrides(pods: readonly CollectorPods[], metrics: SelfMetricsRead | null, scraping: Scraping): readonly Finding[] {
  return pods.flatMap((each): readonly Finding[] => {
    const { collector } = each;
    if (collector.kind === 'alloy' || collector.config.status === 'unknown' || each.scrapes.length === 0) return [];
    const late = each.pods.flatMap((it) =>
      collector.config.sources.filter((source) => isLater(source, it, collector.container)).map((source) => ({ it, source })),
    );
    const [first] = late;
    if (first === undefined) return [];
    const evidence = evidenceOf(each, metrics, scraping);
    if (evidence === 'at work') return [];
    const again = restart(collector);
    const count = new Set(late.map(({ it }) => it.pod.name)).size;
    return [
      {
        subject: collector.subject,
        message: `${count === 1 ? `pod ${first.it.pod.name} runs` : `${count} pods run`} since before ${first.source.subject} was made, and ${count === 1 ? 'has' : 'have'} read nothing of it`,
        evidence: {
          saw: `pod made ${first.it.pod.metadata.creationTimestamp}, ConfigMap made ${first.source.createdAt}`,
          run: showSource(first.source, collector),
        },
        remedy: { text: 'let the collector read its configuration again', ...(again === null ? {} : { command: again }) },
        about: each.scrapes,
        ...(evidence === 'missing' ? {} : { severity: 'warning' }),
      },
    ];
  });
}

function isLater({ text, createdAt }: ConfigSource, { pod }: CollectorPod, container: string | null): boolean {
  const made = Date.parse(createdAt ?? '');
  const started = Date.parse(pod.metadata.creationTimestamp ?? '');
  const restarted = Date.parse(pod.states.find(({ name }) => name === container)?.startedAt ?? '');
  return text !== null && made - started > together && !(restarted > made);
}

function evidenceOf({ collector }: CollectorPods, metrics: SelfMetricsRead | null, { emitters }: Scraping): 'at work' | 'missing' | 'none' {
  const own = (metrics?.read ?? []).filter((self) => self.collector.key === collector.key);
  const wanted = new Set(
    emitters.flatMap(({ scrapes }) =>
      scrapes.filter((scrape) => scrape.collector.key === collector.key).map(({ job }) => plainId(job.receiver)),
    ),
  );
  if (own.some(({ receivers }) => receivers.some((id) => wanted.has(plainId(id))))) return 'at work';
  const busy = own.filter(({ receivers, uptime }) => receivers.length > 0 && (uptime ?? 0) > warmUp);
  return busy.length > 0 ? 'missing' : 'none';
}
