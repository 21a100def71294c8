import { type Coverage, coverage, type MonitorCoverage, seenBy } from '../facts/coverage.ts';
import type { Emitter, Nouns } from '../facts/emitters.ts';
import { resourceOf } from '../facts/monitors.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import type { Reason, Selection } from '../facts/selection.ts';
import { type Targets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import type { Unread } from '../model/source.ts';
import { scrapedKeys } from './scraped.ts';
import type { SharedIds } from './shared-ids.ts';
import { counted, distinct, distinctUnread, keysOf, monitorOf, withoutEmitters } from './wording.ts';

/** PodMonitors that match emitters and that no Prometheus takes. */
export function unselectedMonitors(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.unselected,
    title: `a Prometheus takes the ${monitorOf(nouns)}s of every ${nouns.one}`,
    hop: 'discover',
    severity: 'error',
    inObjects: true,
    why: 'A PodMonitor that no Prometheus selects is a file in a drawer. Its pods are scraped by nobody, and no event says so.',
    fix: 'Give the PodMonitor the labels and the namespace that podMonitorSelector and podMonitorNamespaceSelector of the Prometheus ask for.',
    follows: [ids.operatorMissing],
    needs: { coverage: coverage(nouns) },
    wants: { targets: targets(nouns) },
    judge({ coverage, targets }) {
      const none = withoutEmitters(coverage.emitters, coverage.unread, nouns);
      if (none !== null) return none;
      if (coverage.objects.length === 0 && coverage.objectsUnread.length === 0)
        return { status: 'skip', because: 'there is no Prometheus object that could select' };
      const covering = coverage.monitors.filter(({ endpoints }) => endpoints.some(({ covers }) => covers.length > 0));
      if (covering.length === 0) return { status: 'skip', because: `no ${monitorOf(nouns)} matches the ${nouns.many}` };
      const open = untaken(covering, targets);
      const findings = coverage.objectsUnread.length > 0 ? [] : open.flatMap((emitters) => findingOf(emitters, coverage, targets, nouns));
      const unread = covering.flatMap(({ selections }) => selections.flatMap(doubtsAbout));
      const taken = open.length === 0;
      return verdict(
        findings,
        distinctUnread([...(taken ? [] : coverage.objectsUnread), ...(taken && allSelected(covering, targets) ? [] : unread)]),
      );
    },
  });
}

type Untaken = readonly [MonitorCoverage, readonly Emitter[]];

/** Each monitor with the emitters that it matches and that reach no Prometheus through any monitor. */
function untaken(covering: readonly MonitorCoverage[], targets: Attempt<Targets>): readonly Untaken[] {
  const reached = new Set([...scrapedKeys(targets), ...covering.flatMap((monitor) => [...takenKeys(monitor, targets)])]);
  return covering.flatMap((monitor): readonly Untaken[] => {
    const left = emittersOf(monitor).filter(({ key }) => !reached.has(key));
    return left.length > 0 ? [[monitor, left]] : [];
  });
}

function emittersOf({ endpoints }: MonitorCoverage): readonly Emitter[] {
  return distinct(endpoints.flatMap(({ covers }) => covers.map(({ emitter }) => emitter)));
}

/** Keys of emitters for which nothing is held against some object; what could not be read or is not the operator's is not held against it. */
function takenKeys(monitor: MonitorCoverage, targets: Attempt<Targets>): ReadonlySet<string> {
  const possible = monitor.selections.filter((selection) => reasonsOf(selection, monitor, targets).length === 0);
  return new Set(
    possible.flatMap(({ object, outcome }) =>
      monitor.endpoints.flatMap((endpoint) =>
        (outcome.status === 'unmanaged' ? endpoint.covers : seenBy(object, endpoint)).map(({ emitter }) => emitter.key),
      ),
    ),
  );
}

function allSelected(covering: readonly MonitorCoverage[], targets: Attempt<Targets>): boolean {
  const scraped = scrapedKeys(targets);
  return covering.every(
    (monitor) =>
      monitor.selections.some(({ outcome }) => outcome.status === 'selected' && outcome.unread.length === 0) ||
      emittersOf(monitor).every(({ key }) => scraped.has(key)),
  );
}

/** What keeps a monitor out of a Prometheus. A configuration that the operator does not write, or not any more, counts when it is seen to lack the pods. */
function reasonsOf(selection: Selection, monitor: MonitorCoverage, targets: Attempt<Targets>): readonly Reason[] {
  const { object, outcome } = selection;
  if (outcome.status === 'passed-over') return outcome.reasons;
  const server = targets.status === 'read' ? targets.value.servers.find((it) => it.server.object?.key === object.key) : undefined;
  if (outcome.status === 'unmanaged') return server === undefined || server.unread.length > 0 ? [] : [unmanaged];
  const pools = server?.pools ?? null;
  if (outcome.status !== 'selected' || !object.paused || pools === null) return [];
  return monitor.endpoints.some(({ pool }) => pools.includes(pool)) ? [] : [paused(object)];
}

const unmanaged: Reason = {
  text: 'podMonitorSelector and all its other selectors are absent, so that the operator leaves its configuration alone, and that does not scrape them',
  saw: 'podMonitorSelector: null, serviceMonitorSelector: null, probeSelector: null, scrapeConfigSelector: null',
  mend: null,
};

function paused({ agent, namespace, name }: PrometheusObject): Reason {
  return {
    text: 'it is paused, so the operator has not written the monitor into its configuration',
    saw: 'paused: true',
    mend: {
      text: 'let the operator go on',
      command: `kubectl -n ${namespace} patch ${agent ? 'prometheusagent' : 'prometheus'} ${name} --type merge -p '{"spec":{"paused":false}}'`,
    },
  };
}

/** What might still speak against a selection. */
function doubtsAbout({ object, outcome }: Selection): readonly Unread[] {
  if ('unread' in outcome) return outcome.unread;
  if (outcome.status !== 'unmanaged') return [];
  const message = `the configuration of ${object.subject} is not the operator's, and its targets could not be read`;
  return [{ what: `configuration of ${object.subject}`, reason: 'absent', message, needs: null }];
}

function findingOf([monitor, emitters]: Untaken, { objects }: Coverage, targets: Attempt<Targets>, nouns: Nouns): readonly Finding[] {
  const { subject, namespace, name, key } = monitor.monitor;
  const because = monitor.selections
    .map((selection) => ({
      object: selection.object,
      reasons: withScope(selection, monitor, reasonsOf(selection, monitor, targets), nouns),
    }))
    .filter(({ reasons }) => reasons.length > 0)
    .sort((a, b) => a.reasons.length - b.reasons.length);
  const [nearest] = because;
  if (nearest === undefined) return [];
  const texts = because.slice(0, 3).map(({ object, reasons }) => `${object.subject}: ${reasons.map(({ text }) => text).join(', and ')}`);
  const mends = nearest.reasons.flatMap(({ mend }) => (mend === null ? [] : [mend]));
  const more = objects.length > 3 ? `; and ${objects.length - 3} more` : '';
  return [
    {
      subject,
      message: `no Prometheus takes it, so ${counted(emitters.length, nouns)} ${emitters.length === 1 ? 'is' : 'are'} not scraped (${texts.join('; ')}${more})`,
      evidence: {
        saw: nearest.reasons.map(({ saw }) => saw).join(', '),
        run: `kubectl -n ${namespace} get ${resourceOf(monitor.monitor)} ${name} --show-labels && ${specOf(nearest.object)}`,
      },
      ...(mends.length > 0
        ? { remedy: { text: mends.map(({ text }) => text).join(', and '), command: mends.map(({ command }) => command).join(' && ') } }
        : {}),
      about: [key, ...keysOf(emitters)],
    },
  ];
}

/** An object that takes the monitor and yet does not see its pods. */
function withScope(
  { object, outcome }: Selection,
  { monitor }: MonitorCoverage,
  reasons: readonly Reason[],
  nouns: Nouns,
): readonly Reason[] {
  if (reasons.length > 0 || outcome.status !== 'selected' || !object.ignoresNamespaceSelectors) return reasons;
  return [
    {
      text: `it ignores namespace selectors, so the ${monitor.kind} sees only ${nouns.many} in its own namespace ${monitor.namespace}`,
      saw: 'ignoreNamespaceSelectors: true',
      mend: null,
    },
  ];
}

function specOf({ agent, namespace, name }: PrometheusObject): string {
  return `kubectl -n ${namespace} get ${agent ? 'prometheusagent' : 'prometheus'} ${name} -o yaml`;
}
