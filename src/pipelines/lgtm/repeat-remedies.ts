import type { Emitter } from '../../facts/emitters.ts';
import type { Remedy } from '../../model/check.ts';
import { list } from '../../parse/fields.ts';
import type { YamlChange } from '../../parse/yaml-splice.ts';
import type { Scrape } from './facts/scraping.ts';
import { rejobbing } from './job-remedies.ts';
import { nodeVariable } from './scrape-remedies.ts';

/** Lets a job drop emitters that another brings as well, by a rule at the end, where addresses are what is scraped: it may have other targets, and a collector without any job does not start. */
export function once(scrape: Scrape, where: string, emitters: readonly Emitter[]): Remedy {
  const namespaces = [...new Set(emitters.map(({ pod }) => pod.namespace))];
  const ports = [...new Set(emitters.map(({ port }) => port))];
  const regex = `(${namespaces.join('|')});.+:(${ports.join('|')})`;
  const rule = { source_labels: ['__meta_kubernetes_namespace', '__address__'], regex, action: 'drop' };
  const { name, receiver } = scrape.job;
  const say = {
    text: `keep one of them: let job ${name || receiver}${where} drop these targets, or remove it, or the other`,
    patch: { relabel_configs: [rule] },
  };
  return rejobbing(scrape, say, ({ written }) => (list(written.kubernetes_sd_configs).length === 0 ? null : [atEnd(written, rule)]));
}

/** Lets each of several pods that scrape everything take a part: those of a DaemonSet the pods of their own nodes. */
export function everyoneItsOwn(scrape: Scrape, where: string): Remedy {
  const { collector, job } = scrape;
  if (collector.kind === 'alloy')
    return { text: `add clustering { enabled = true } to ${job.receiver} in ${where}, and run Alloy as a cluster` };
  if (collector.workload?.kind !== 'DaemonSet')
    return { text: `run it with one replica, or let a target allocator share the targets of job ${job.name} out` };
  const variable = nodeVariable(collector);
  const rule = { source_labels: ['__meta_kubernetes_pod_node_name'], regex: `\${env:${variable ?? 'K8S_NODE_NAME'}}`, action: 'keep' };
  const set = variable === null ? ', and set K8S_NODE_NAME of its container from spec.nodeName' : '';
  const say = { text: `add this rule to job ${job.name} in ${where}${set}`, patch: { relabel_configs: [rule] } };
  if (variable === null) return say;
  return rejobbing(scrape, say, ({ written }) => [atEnd(written, rule)]);
}

function atEnd(written: Readonly<Record<string, unknown>>, rule: unknown): YamlChange {
  return list(written.relabel_configs).length === 0
    ? { path: ['relabel_configs'], value: [rule] }
    : { path: ['relabel_configs', '-'], value: rule };
}
