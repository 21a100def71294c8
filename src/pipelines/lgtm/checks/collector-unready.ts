import { stateText } from '../../../checks/phrases.ts';
import type { PodLogs } from '../../../facts/logs.ts';
import type { ContainerState } from '../../../facts/pods.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Attempt } from '../../../model/fact.ts';
import { number, record } from '../../../parse/fields.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { isCrashing, isStarting, lastWords, quoted } from '../../envoy-ai-gateway/container-state.ts';
import { collectorLogs, telling } from '../facts/collector-logs.ts';
import { type CollectorPod, type CollectorPods, collectorPods } from '../facts/collector-pods.ts';
import { scraping } from '../facts/scraping.ts';
import { workloadWord } from '../scrape-remedies.ts';
import { withoutCollectors } from '../verdicts.ts';

/** How long a pod may take to start before that is trouble, in seconds. */
const patience = 120;

/** Collectors that do not run, or not everywhere. */
export const collectorUnready = defineCheck({
  id: 'collector-unready',
  title: 'every pod of the collector is ready',
  hop: 'collect',
  severity: 'error',
  why: 'A collector that does not run scrapes nothing, and what is counted meanwhile is lost when a pod goes. One that starts again and again leaves holes that no query shows.',
  fix: 'Read its last words with `kubectl -n NAMESPACE logs POD --previous` and correct the configuration that they name.',
  follows: ['replacement-misescaped'],
  needs: { scraping, pods: collectorPods },
  wants: { logs: collectorLogs },
  judge: ({ scraping, pods, logs }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    if (pods.read.length === 0 && pods.unread.length === 0) return { status: 'skip', because: 'no collector looks for pods' };
    return verdict(
      pods.read.flatMap((each) => [...notRunning(each), ...unwell(each, logs), ...forbidden(each, logs)]),
      [...scraping.unread, ...pods.unread],
    );
  },
});

function aboutOf({ collector, scrapes }: CollectorPods): readonly string[] {
  return scrapes.length > 0 ? scrapes : [collector.key];
}

/** No pod at all, where there ought to be one. */
function notRunning(each: CollectorPods): readonly Finding[] {
  const { collector, pods } = each;
  const { workload } = collector;
  if (workload === null || pods.length > 0 || Object.keys(workload.selector).length === 0) return [];
  const { replicas } = record(workload.raw.spec);
  const scaled = workload.kind !== 'DaemonSet' && number(replicas) === 0;
  const word = workloadWord(collector);
  return [
    {
      subject: workload.subject,
      message: scaled ? 'the collector is scaled to zero' : 'the collector has no pods',
      evidence: { saw: scaled ? 'spec.replicas: 0' : '0 pods', run: `kubectl -n ${workload.namespace} describe ${word} ${workload.name}` },
      ...(scaled
        ? { remedy: { text: 'scale it up', command: `kubectl -n ${workload.namespace} scale ${word} ${workload.name} --replicas=1` } }
        : {}),
      about: aboutOf(each),
    },
  ];
}

function unwell(each: CollectorPods, logs: Attempt<PodLogs>): readonly Finding[] {
  const { collector, pods } = each;
  const states = pods.map((it) => ({ ...it, state: it.pod.states.find(({ name }) => name === collector.container) ?? null }));
  const bad = states.filter(({ state, pod }) => !(state?.ready ?? pod.ready));
  const restarting = states.filter(({ state }) => state?.ready && isRestless(state));
  const serving = pods.length - bad.length;
  return [
    ...bad.map((it) => unready(each, it, serving, wordsIn(logs, it.pod.name))),
    ...restarting.slice(0, 1).map(({ pod, state }) => restless(each, pod.name, state, restarting.length)),
  ];
}

type Seen = CollectorPod & { readonly state: ContainerState | null };

function unready(each: CollectorPods, { pod, state, age }: Seen, serving: number, logged: string | null): Finding {
  const { collector } = each;
  const crashing = state !== null && isCrashing(state);
  const words = logged ?? lastWords(state);
  const others = serving > 0 ? `; ${serving} other pod${serving === 1 ? ' is' : 's are'} ready` : '';
  const mild = !crashing && (serving > 0 || (isStarting(state) && age !== null && age < patience));
  const log = `kubectl -n ${pod.namespace} logs ${pod.name} -c ${shellWord(String(collector.container))}${crashing ? ' --previous' : ''}`;
  return {
    subject: `Pod ${pod.namespace}/${pod.name}`,
    message: `the collector of ${collector.workload?.subject ?? collector.subject} is not ready: ${stateText(state)}${others}${logged === null ? quoted(state) : `; its log says: ${logged}`}`,
    evidence: { saw: words ?? stateText(state), run: log },
    remedy: {
      text: crashing ? 'read why it ends, and correct what it names' : 'read what it waits for',
      command: crashing ? log : `kubectl -n ${pod.namespace} describe pod ${pod.name}`,
    },
    about: aboutOf(each),
    ...(mild ? { severity: 'warning' } : {}),
  };
}

/** What its log says that is known, when logs were asked for. */
function wordsIn(logs: Attempt<PodLogs>, pod: string): string | null {
  if (logs.status === 'unread' || logs.value.status === 'not-asked') return null;
  const finds = logs.value.read.find((log) => log.pod === pod)?.finds ?? [];
  return finds.find(({ count }) => count > 0)?.example ?? null;
}

/** A collector that runs and may not look for pods finds no targets, and says so in its log alone. */
function forbidden(each: CollectorPods, logs: Attempt<PodLogs>): readonly Finding[] {
  if (logs.status === 'unread' || logs.value.status === 'not-asked') return [];
  const names = new Set(each.pods.map(({ pod }) => pod.name));
  const log = logs.value.read.find(
    ({ pod, finds }) => names.has(pod) && finds.some(({ pattern, count }) => pattern === telling.forbidden.source && count > 0),
  );
  if (log === undefined) return [];
  const saw = log.finds.find(({ pattern }) => pattern === telling.forbidden.source)?.example ?? '';
  return [
    {
      subject: each.collector.subject,
      message: `it may not list pods, so that it finds no targets: its log says ${saw}`,
      evidence: { saw, run: `kubectl -n ${log.namespace} logs ${log.pod} -c ${log.container} --tail 500 | grep "is forbidden"` },
      remedy: { text: 'let its ServiceAccount get, list and watch pods in the namespaces that its jobs look at' },
      about: aboutOf(each),
    },
  ];
}

// A node that restarts, or one that is drained, ends with these; five and more of the others are a habit.
const harmless: ReadonlySet<number | null> = new Set([0, 143, 255, null]);
const habit = 5;

function isRestless({ restarts, last }: ContainerState): boolean {
  return restarts >= habit && last !== null && (last.reason === 'OOMKilled' || !harmless.has(last.exitCode));
}

function restless(each: CollectorPods, pod: string, state: ContainerState | null, count: number): Finding {
  const { collector } = each;
  return {
    subject: collector.workload?.subject ?? collector.subject,
    message: `pod ${pod}${count > 1 ? ` and ${count - 1} more` : ''} runs now and keeps ending: ${stateText(state)}`,
    evidence: { saw: stateText(state), run: `kubectl -n ${collector.namespace} describe pod ${pod}` },
    remedy: {
      text: state?.last?.reason === 'OOMKilled' ? 'raise its memory limit, or let it scrape less' : 'read why it ends',
      command: `kubectl -n ${collector.namespace} logs ${pod} --previous`,
    },
    about: aboutOf(each),
    severity: 'warning',
  };
}
