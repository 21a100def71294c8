import { type PodLogs, podLogs, readingLogs } from '../../../facts/logs.ts';
import { defineFact } from '../../../model/fact.ts';
import { collectorPods } from './collector-pods.ts';

/**
 * What a collector says when it does not start, or cannot send: recorded from the collector 0.165 and Mimir 3.0. A name between quotes is of the
 * configuration, never of a request.
 */
export const telling = {
  expansion: /environment variable "[\w.-]{1,40}" has invalid name/,
  reference: /references (?:receiver|exporter|processor|connector|extension) "[\w./-]{1,80}" which is not configured/,
  keys: /has invalid keys: [\w., -]{1,80}/,
  tenant: /no org id/,
  refused: /err-mimir-[a-z-]{1,60}/,
  forbidden: /pods is forbidden: User \\?"[\w:.@-]{1,99}\\?" cannot (?:list|watch) resource/,
  scrape: /Failed to scrape Prometheus endpoint/,
} as const;

// A DaemonSet has a pod on every node, and they run one configuration.
const most = 3;

/** Known messages in the logs of collectors, when logs are asked for. */
export const collectorLogs = defineFact({
  id: 'collector-logs',
  title: 'logs of collectors',
  reads: [readingLogs],
  needs: { pods: collectorPods },
  read: ({ pods }, reader): Promise<PodLogs> => {
    const places = pods.read.flatMap(({ collector, pods }) =>
      pods
        .slice(0, most)
        .flatMap(({ pod }) =>
          collector.container === null ? [] : [{ namespace: pod.namespace, pod: pod.name, container: collector.container }],
        ),
    );
    return podLogs(reader, places, Object.values(telling));
  },
});
