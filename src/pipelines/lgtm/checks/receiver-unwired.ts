import { listed } from '../../../checks/phrases.ts';
import type { Collector } from '../../../facts/collectors.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Unread } from '../../../model/source.ts';
import { pipelinesOf } from '../../../parse/collector-config.ts';
import { grouped, keysOf } from '../../envoy-ai-gateway/phrases.ts';
import { type EmitterScraping, type Scrape, scraping } from '../facts/scraping.ts';
import { lastSource, placeOf, restart, showSource } from '../scrape-remedies.ts';
import { reconfiguring } from '../text-remedies.ts';
import { goesAnotherWay, sidecars, withoutCollectors } from '../verdicts.ts';

/** Jobs whose metrics end in the collector. */
export const receiverUnwired = defineCheck({
  id: 'receiver-unwired',
  title: 'what is scraped of every sidecar reaches an exporter',
  hop: 'collect',
  severity: 'error',
  inObjects: true,
  why: 'A receiver that no pipeline names is never started, and one whose pipeline ends in the debug exporter is only printed. The collector says nothing of either, and no token arrives.',
  fix: 'Name the receiver in service.pipelines.metrics.receivers, with all the others: a later file replaces the list and does not add to it.',
  follows: ['unscraped-proxies', 'override-ignored'],
  needs: { scraping },
  judge: ({ scraping }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    const scraped = scraping.emitters.filter(({ scrapes }) => scrapes.length > 0);
    if (scraped.length === 0) return { status: 'skip', because: 'no collector scrapes a sidecar' };
    const lost = scraped.filter((each) => !goesAnotherWay(each) && each.scrapes.every(({ ends }) => ends.length === 0));
    const unsure = lost.filter(({ scrapes }) => scrapes.some(({ job }) => !job.followed));
    return verdict(findingsOf(lost.filter((each) => !unsure.includes(each))), [
      ...scraping.unread,
      ...unsure.flatMap(({ scrapes }) => scrapes.flatMap(unfollowed)),
    ]);
  },
});

function unfollowed({ collector, job }: Scrape): readonly Unread[] {
  if (job.followed) return [];
  return [
    {
      what: `exporters of ${job.receiver}`,
      reason: 'malformed',
      message: `where ${job.receiver} of ${collector.subject} forwards to cannot be followed`,
      needs: null,
    },
  ];
}

function findingsOf(lost: readonly EmitterScraping[]): readonly Finding[] {
  const ends = lost.flatMap(({ emitter, scrapes }) => scrapes.map((scrape) => ({ emitter, scrape })));
  return grouped(ends, ({ scrape }) => `${scrape.collector.key} ${scrape.job.receiver}`).flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          findingOf(
            first.scrape,
            group.map(({ emitter }) => emitter),
          ),
        ];
  });
}

function findingOf({ collector, job, through }: Scrape, emitters: Parameters<typeof sidecars>[0]): Finding {
  const last = through.at(-1) ?? collector;
  const source = lastSource(last);
  const undefinedOnes = job.wiredTo.filter((id) => !collector.exporters.some((exporter) => exporter.id === id));
  return {
    subject: collector.subject,
    message: `${job.receiver}, which scrapes ${sidecars(emitters)}, ${endOf(job.wiredTo, undefinedOnes, through)}`,
    evidence: { saw: sawOf(last), run: showSource(source, last) },
    remedy: job.wiredTo.length === 0 ? wiring(collector, job.receiver) : sending(last),
    about: keysOf(emitters),
  };
}

function endOf(wiredTo: readonly string[], undefinedOnes: readonly string[], through: readonly Collector[]): string {
  if (wiredTo.length === 0) return 'is named by no metrics pipeline';
  if (through.length > 0)
    return `is handed to ${listed(through.map(({ subject }) => subject))}, where what comes by OTLP reaches no exporter that sends it on`;
  return undefinedOnes.length > 0
    ? `is sent to ${listed(undefinedOnes)}, which is not configured`
    : `is sent to ${listed(wiredTo)} alone, which only prints`;
}

function metricsPipelines({ config }: Collector) {
  return config.status === 'read' ? pipelinesOf(config.merged).filter(({ signal }) => signal === 'metrics') : [];
}

function sawOf(collector: Collector): string {
  const seen = metricsPipelines(collector).map(
    ({ id, receivers, exporters }) => `${id}: receivers [${receivers.join(', ')}], exporters [${exporters.join(', ')}]`,
  );
  return seen.length === 0 ? 'no metrics pipeline' : seen.join('; ');
}

function wiring(collector: Collector, receiver: string): NonNullable<Finding['remedy']> {
  const [pipeline] = metricsPipelines(collector);
  const source = lastSource(collector);
  const where = source === null ? collector.subject : placeOf(source);
  if (collector.kind === 'alloy') return { text: `give ${receiver} a forward_to with the receiver of a prometheus.remote_write` };
  const id = pipeline?.id ?? 'metrics';
  const receivers = [...(pipeline?.receivers ?? []), receiver];
  const say = {
    text: `write the whole list of receivers in ${where}${again(collector)}`,
    patch: { service: { pipelines: { [id]: { receivers } } } },
  };
  return reconfiguring(collector, source, say, [{ path: ['service', 'pipelines', id, 'receivers'], value: receivers }]);
}

function sending(collector: Collector): NonNullable<Finding['remedy']> {
  const [pipeline] = metricsPipelines(collector);
  const able = collector.exporters.filter(({ kind }) => kind === 'remote-write' || kind === 'otlp').map(({ id }) => id);
  const source = lastSource(collector);
  const where = source === null ? collector.subject : placeOf(source);
  if (able.length === 0)
    return { text: `add an exporter that writes to the store to ${where}, and name it in the metrics pipeline${again(collector)}` };
  const id = pipeline?.id ?? 'metrics';
  const exporters = [...new Set([...(pipeline?.exporters ?? []), ...able])];
  const say = {
    text: `name ${listed(able)} among the exporters of the metrics pipeline in ${where}${again(collector)}`,
    patch: { service: { pipelines: { [id]: { exporters } } } },
  };
  return reconfiguring(collector, source, say, [{ path: ['service', 'pipelines', id, 'exporters'], value: exporters }]);
}

function again(collector: Collector): string {
  const command = restart(collector);
  return command === null ? '' : `, then ${command}`;
}
