import { listed } from '../../../checks/phrases.ts';
import type { ConfigSource } from '../../../facts/collector-texts.ts';
import type { Collector } from '../../../facts/collectors.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { keysOf } from '../../envoy-ai-gateway/phrases.ts';
import { collectorMetrics } from '../facts/collector-metrics.ts';
import { collectorPods } from '../facts/collector-pods.ts';
import { scraping } from '../facts/scraping.ts';
import { type StrayConfig, strayConfigs } from '../facts/stray-configs.ts';
import { lastSource, placeOf, restart } from '../scrape-remedies.ts';
import { staleOverrides } from '../stale-overrides.ts';
import { thenRead } from '../text-remedies.ts';
import { doubtsAsUnread, sidecars, withoutCollectors } from '../verdicts.ts';

/** A scrape job that stands where no collector looks for it. */
export const overrideIgnored = defineCheck({
  id: 'override-ignored',
  title: 'collectors read every scrape job that is written for the sidecars',
  hop: 'discover',
  severity: 'error',
  why: 'A collector reads the keys that its volumes name and no others, and an optional one that is missing counts as empty. The job looks deployed, nothing complains, and nothing is scraped.',
  fix: 'Put the text under the namespace, name and key of the ConfigMap that the collector mounts, and restart the collector.',
  follows: ['collector-missing'],
  needs: { scraping },
  wants: { strays: strayConfigs, pods: collectorPods, metrics: collectorMetrics },
  judge: ({ scraping, strays, pods, metrics }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    if (strays.status === 'unread') return { status: 'unknown', unread: [strays.unread] };
    const doubts = doubtsAsUnread(scraping);
    if (strays.value.length > 0 && doubts.length > 0) return { status: 'unknown', unread: doubts };
    const stale = pods.status === 'read' ? staleOverrides(pods.value.read, metrics.status === 'read' ? metrics.value : null, scraping) : [];
    return verdict([...strays.value.map((stray) => findingOf(stray, scraping.collectors)), ...stale], scraping.unread);
  },
});

function findingOf(stray: StrayConfig, collectors: readonly Collector[]): Finding {
  const { namespace, name, key, emitters } = stray;
  const able = collectors.filter(({ kind, config }) => kind === stray.kind && config.sources.some((source) => source.key !== null));
  const awaiting = able.flatMap((collector) =>
    collector.config.sources.filter(({ text }) => text === null).map((source) => ({ collector, source })),
  );
  const expected = awaiting.toSorted((a, b) => likeness(b.source, stray) - likeness(a.source, stray))[0] ?? null;
  return {
    subject: `ConfigMap ${namespace}/${name}`,
    message: `key ${key} holds a scrape job for ${sidecars(emitters)}, and no collector reads it: ${expected === null ? readsOf(able) : awaits(expected.collector, expected.source)}`,
    evidence: { saw: `key ${key} with a scrape job`, run: `kubectl -n ${namespace} get configmap ${name} -o yaml` },
    remedy: expected === null ? { text: mendOf(able) } : moved(stray, expected.collector, expected.source),
    about: keysOf(emitters),
  };
}

/** How much of the place is right. */
function likeness(source: ConfigSource, stray: StrayConfig): number {
  return Number(source.namespace === stray.namespace) + Number(source.name === stray.name) + Number(source.key === stray.key);
}

function awaits({ subject }: Collector, source: ConfigSource): string {
  return `${subject} looks for ${placeOf(source)}, which does not exist`;
}

function readsOf(able: readonly Collector[]): string {
  const reads = able.map(({ subject, config }) => `${subject} reads ${listed(config.sources.map(placeOf))}`);
  return reads.length === 0 ? 'none reads ConfigMaps of this kind' : listed(reads);
}

/** Within one ConfigMap the key is renamed; else the text is copied, for who made the other ConfigMap keeps it. */
function moved(stray: StrayConfig, collector: Collector, source: ConfigSource): Remedy {
  const again = restart(collector);
  const text = `move the text to ${placeOf(source)}${again === null ? '' : `, then ${again}`}`;
  if (source.key === null) return { text };
  const { namespace, name, key } = stray;
  const [from, to] = [key, source.key].map((each) => JSON.stringify(each)) as [string, string];
  const get = `kubectl -n ${shellWord(namespace)} get configmap ${shellWord(name)} -o json`;
  if (source.namespace === namespace && source.name === name)
    return {
      text,
      command: thenRead(
        collector,
        `${get} | jq ${shellWord(`.data |= if has(${from}) and (has(${to}) | not) then .[${to}] = .[${from}] | del(.[${from}]) else ${changed} end`)} | kubectl replace -f -`,
      ),
    };
  const metadata = JSON.stringify({ namespace: source.namespace, name: source.name });
  const copy = `{apiVersion, kind, metadata: ${metadata}, data: {${to}: (.data[${from}] // ${changed})}}`;
  return { text, command: thenRead(collector, `${get} | jq ${shellWord(copy)} | kubectl apply --server-side -f -`) };
}

const changed = 'error("the text is not where it was read")';

function mendOf([first]: readonly Collector[]): string {
  const source = first === undefined ? null : lastSource(first);
  return source === null
    ? 'mount the ConfigMap in the collector and name its file with --config'
    : `move the job into ${placeOf(source)}, or mount the ConfigMap and name its file with --config`;
}
