import { hasVariable, withGroups } from '../parse/collector-escaping.ts';
import { PatternError } from '../parse/re2/state.ts';
import { type Labels, RelabelError, type RelabelRule, relabel, relabelRule } from '../parse/relabel.ts';
import type { JobDiscovery, ScrapeJob } from '../parse/scrape-job.ts';
import { addressOf } from './coverage.ts';
import { discoveredOf } from './discovery.ts';
import type { Emitter } from './emitters.ts';

/** What a scrape job makes of an emitter. */
export type JobOutcome =
  /** It is scraped. `sure` is false when part of the configuration is only known when it runs; `perNode` when each collector takes the pods of its own node. */
  | { readonly status: 'covered'; readonly jobLabel: string; readonly sure: boolean; readonly perNode: boolean }
  /** A rule (from 0) drops it, and without that rule it would be scraped. */
  | { readonly status: 'dropped'; readonly rule: number; readonly raw: ScrapeJob['rules'][number]; readonly value: string }
  /** It would be scraped if its namespace were looked at. */
  | { readonly status: 'outside'; readonly namespaces: readonly string[] }
  /** It is scraped at its port, at another path. */
  | { readonly status: 'path'; readonly path: string }
  /** The job scrapes the pod, at other addresses. */
  | { readonly status: 'elsewhere'; readonly addresses: readonly string[] }
  | { readonly status: 'unknown'; readonly what: string }
  | { readonly status: 'none' };

/** Where a job runs. */
export interface Surroundings {
  readonly kind: 'otel' | 'alloy';
  readonly namespace: string;
}

/** What a job makes of an emitter, by the most telling of its discoveries. PodMonitors are told by the coverage fact instead. */
export function outcomeOf(job: ScrapeJob, emitter: Emitter, around: Surroundings): JobOutcome {
  const outcomes = job.discovery.map((discovery) => discovered(job, discovery, emitter, around));
  return order.flatMap((status) => outcomes.filter((outcome) => outcome.status === status))[0] ?? { status: 'none' };
}

const order: readonly JobOutcome['status'][] = ['covered', 'unknown', 'path', 'dropped', 'outside', 'elsewhere', 'none'];

function discovered(job: ScrapeJob, discovery: JobDiscovery, emitter: Emitter, around: Surroundings): JobOutcome {
  switch (discovery.by) {
    case 'unknown':
      return { status: 'unknown', what: discovery.what };
    case 'podmonitors':
      return { status: 'none' };
    case 'static':
      return ofAddresses(job, discovery.targets, emitter);
    case 'kubernetes':
      return discovery.role === 'pod' ? ofPods(job, discovery, emitter, around) : ofServices(job, discovery.role);
  }
}

/** Words by which a job shows that it is meant for these sidecars: their port, its names, their metrics, their gateway. */
const meant = /\b1064\b|aigw|ext-?proc|gen_?ai|ai-?gateway|envoy-?gateway|envoyproxy/i;

/** Whether a job is written for sidecars like this one, whatever it does. */
export function isMeant(job: ScrapeJob): boolean {
  return meant.test(JSON.stringify([job.name, job.receiver, job.discovery, job.rules]));
}

/** Services, endpoints and nodes are not looked up. */
function ofServices(job: ScrapeJob, role: string): JobOutcome {
  return isMeant(job) ? { status: 'unknown', what: `the role ${role}` } : { status: 'none' };
}

/** Addresses as they stand: a pod's own, or a name whose pods are not known. */
function ofAddresses(job: ScrapeJob, targets: readonly string[], emitter: Emitter): JobOutcome {
  const port = String(emitter.port);
  const own = targets.find((target) => target === addressOf(emitter));
  const named = targets.find((target) => target.endsWith(`:${port}`) && !/^(localhost|127\.|\[::1\]|\$\{)/.test(target));
  if (own === undefined && named === undefined) return { status: 'none' };
  return { status: 'covered', jobLabel: job.name, sure: own !== undefined && job.rules.length === 0, perNode: false };
}

type Pods = Extract<JobDiscovery, { readonly by: 'kubernetes' }>;

function ofPods(job: ScrapeJob, discovery: Pods, emitter: Emitter, around: Surroundings): JobOutcome {
  const { pod } = emitter;
  const names = [...(discovery.namespaces ?? []), ...(discovery.own ? [around.namespace] : [])];
  const inside = (discovery.namespaces === null && !discovery.own) || names.includes(pod.namespace) || names.some(hasVariable);
  const selected = selectedBy(discovery, pod.labels);
  if (selected === 'no') return { status: 'none' };
  const outcome = ofTargets(job, emitter, around);
  if (outcome.status !== 'covered') return inside ? outcome : { status: 'none' };
  if (!inside) return { status: 'outside', namespaces: names };
  const perNode = outcome.perNode || discovery.selectors.some(({ field }) => /spec\.nodeName=/.test(field));
  return { ...outcome, perNode, sure: outcome.sure && selected === 'yes' && !names.some(hasVariable) };
}

function selectedBy({ selectors }: Pods, labels: Readonly<Record<string, string>>): 'yes' | 'no' | 'unsure' {
  const parts = selectors.flatMap(({ label }) => label.split(',').map((part) => part.trim())).filter((part) => part !== '');
  let answer: 'yes' | 'unsure' = 'yes';
  for (const part of parts) {
    const [, key = '', operator, value = ''] = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(part) ?? [];
    if (operator === undefined) answer = 'unsure';
    else if ((labels[key] === value) === (operator === '!=')) return 'no';
  }
  return answer;
}

interface Run {
  readonly labels: Labels | null;
  /** The rule that dropped the target. */
  readonly dropped: number | null;
  readonly value: string;
  readonly sure: boolean;
  readonly perNode: boolean;
}

function ofTargets(job: ScrapeJob, emitter: Emitter, around: Surroundings): JobOutcome {
  const runs = discoveredOf(emitter.pod).map((found) => {
    const labels = startOf(job, found.labels, around);
    return { found, labels, run: runOf(job, labels, null) };
  });
  const hit = runs.map(({ run }) => run).find((run) => reaches(run, job, emitter));
  if (hit !== undefined) return { status: 'covered', jobLabel: hit.labels?.get('job') || job.name, sure: hit.sure, perNode: hit.perNode };
  const astray = runs.map(({ run }) => run.labels).find((labels) => labels?.get('__address__') === addressOf(emitter));
  if (astray != null) return { status: 'path', path: astray.get('__metrics_path__') || job.path };
  for (const { labels, run } of runs) {
    if (run.dropped === null) continue;
    const raw = job.rules[run.dropped];
    if (raw !== undefined && reaches(runOf(job, labels, run.dropped), job, emitter))
      return { status: 'dropped', rule: run.dropped, raw, value: run.value };
  }
  const addresses = runs.flatMap(({ run }) => (run.labels === null ? [] : [run.labels.get('__address__') ?? '']));
  return addresses.length > 0 ? { status: 'elsewhere', addresses: [...new Set(addresses)] } : { status: 'none' };
}

/** The labels before any rule: Prometheus gives the job's own first, Alloy's discovery.relabel runs before there is a job. */
function startOf(job: ScrapeJob, found: Labels, { kind }: Surroundings): Labels {
  if (kind === 'alloy') return found;
  return new Map([...found, ['job', job.name], ['__scheme__', 'http'], ['__metrics_path__', job.path]]);
}

function reaches({ labels }: Run, job: ScrapeJob, emitter: Emitter): boolean {
  if (labels === null) return false;
  return labels.get('__address__') === addressOf(emitter) && (labels.get('__metrics_path__') || job.path) === emitter.path;
}

function runOf(job: ScrapeJob, start: Labels, without: number | null): Run {
  const { rules, sure, perNode } = compiledOf(job);
  const left = rules.filter(({ index }) => index !== without);
  const labels = relabel(
    start,
    left.map(({ rule }) => rule),
  );
  return labels === null ? { ...droppedBy(left, start), labels, sure, perNode } : { labels, dropped: null, value: '', sure, perNode };
}

/** Which rule it was: one after the other, which takes longer. */
function droppedBy(rules: Compiled['rules'], start: Labels): Pick<Run, 'dropped' | 'value'> {
  let labels = start;
  for (const { index, rule } of rules) {
    const next = relabel(labels, [rule]);
    if (next === null) return { dropped: index, value: joinedValue(rule, labels) };
    labels = next;
  }
  return { dropped: null, value: '' };
}

/** The rules of a job that can be run here. */
interface Compiled {
  readonly rules: readonly { readonly index: number; readonly rule: RelabelRule }[];
  readonly sure: boolean;
  readonly perNode: boolean;
}

const compiled = new WeakMap<ScrapeJob, Compiled>();

function compiledOf(job: ScrapeJob): Compiled {
  const known = compiled.get(job);
  if (known !== undefined) return known;
  const all = job.rules.map((raw, index) => ({ index, raw, rule: ruleOf(raw) }));
  const unknowable = all.filter(({ rule, raw }) => rule === null || isUnknowable(rule, raw));
  const fresh = {
    rules: all.flatMap((each) => (each.rule === null || unknowable.includes(each) ? [] : [{ index: each.index, rule: each.rule }])),
    sure: unknowable.every(({ rule }) => rule !== null && ofNode(rule)),
    perNode: unknowable.some(({ rule }) => rule !== null && ofNode(rule)),
  };
  compiled.set(job, fresh);
  return fresh;
}

function joinedValue({ sourceLabels, separator }: RelabelRule, labels: Labels): string {
  return sourceLabels.map((name) => labels.get(name) ?? '').join(separator);
}

/**
 * A rule that its scraper refuses is no rule: the collector does not start with it, which shows elsewhere. Groups are taken as they are meant,
 * however often the dollar sign is written: what is wrong with that is told elsewhere too.
 */
function ruleOf(raw: ScrapeJob['rules'][number]): RelabelRule | null {
  const meantTo = typeof raw.replacement === 'string' ? { ...raw, replacement: withGroups(raw.replacement) } : raw;
  try {
    return relabelRule(meantTo);
  } catch (error) {
    if (error instanceof RelabelError || error instanceof PatternError || error instanceof RangeError) return null;
    throw error;
  }
}

const filters: readonly RelabelRule['action'][] = ['keep', 'drop', 'keepequal', 'dropequal'];

/** A filter over what is only known where the collector runs: the node, a variable. */
function isUnknowable(rule: RelabelRule, raw: ScrapeJob['rules'][number]): boolean {
  if (!filters.includes(rule.action)) return false;
  return (
    ofNode(rule) ||
    hasVariable(raw.regex) ||
    rule.sourceLabels.some((name) => /^__meta_kubernetes_namespace_(label|annotation)|container_id$/.test(name))
  );
}

function ofNode({ sourceLabels }: RelabelRule): boolean {
  return sourceLabels.some((name) => /^__meta_kubernetes_(pod_node_name|pod_host_ip|node_)/.test(name));
}
