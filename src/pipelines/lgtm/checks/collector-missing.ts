import { listed } from '../../../checks/phrases.ts';
import { workloads } from '../../../facts/workloads.ts';
import { defineCheck, verdict } from '../../../model/check.ts';
import { imageOf } from '../../../parse/image.ts';
import { scraping } from '../facts/scraping.ts';
import { withoutSidecars } from '../verdicts.ts';

/** Other programs that scrape and write remotely: which of them does is not looked up. */
const scrapers = new Set([
  'prometheus',
  'vmagent',
  'agent',
  'telegraf',
  'vector',
  'fluent-bit',
  'netdata',
  'datadog-agent',
  'cluster-agent',
]);

/** Nothing between the sidecars and the store. */
export const collectorMissing = defineCheck({
  id: 'collector-missing',
  title: 'a collector brings metrics to the store',
  hop: 'discover',
  severity: 'error',
  why: 'The store scrapes nothing itself: what no collector brings is not there. Tokens are counted in the pods and nowhere else.',
  fix: 'Install an OpenTelemetry Collector or Grafana Alloy that scrapes the sidecars and writes to the store.',
  needs: { scraping },
  wants: { workloads },
  judge: ({ scraping, workloads }) => {
    const none = withoutSidecars(scraping);
    if (none !== null) return none;
    if (scraping.collectors.length > 0) return { status: 'pass', note: listed(scraping.collectors.map(({ subject }) => subject)) };
    const direct = scraping.emitters.flatMap(({ prometheuses }) => prometheuses.map(({ subject }) => subject));
    if (direct.length > 0)
      return { status: 'skip', because: `there is no collector; ${listed([...new Set(direct)])} scrapes the sidecars` };
    if (scraping.emitters.every(({ pushes }) => pushes !== null))
      return { status: 'skip', because: 'there is no collector; the sidecars push their metrics' };
    const read = workloads.status === 'read' ? workloads.value.read : [];
    const other = read.find(({ containers }) => containers.some(({ image }) => scrapers.has(imageOf(image).name)));
    if (other !== undefined)
      return { status: 'skip', because: `there is no collector; ${other.subject} may do its work, and is not looked into` };
    if (scraping.unread.length > 0) return { status: 'unknown', unread: scraping.unread };
    return verdict([
      {
        subject: scraping.emitters[0]?.emitter.subject ?? 'Cluster',
        message: 'no workload of the cluster runs an OpenTelemetry Collector or a Grafana Alloy, and no Prometheus takes the sidecars',
        evidence: {
          saw: `${read.length} Deployments, StatefulSets and DaemonSets, none of them a collector`,
          run: 'kubectl get deployments,daemonsets,statefulsets -A -o wide | grep -iE "otel|opentelemetry|alloy"',
        },
        remedy: { text: 'install a collector that writes to the store, and give it a scrape job for the sidecars' },
      },
    ]);
  },
});
