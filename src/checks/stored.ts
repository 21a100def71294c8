import type { Emission, Nouns } from '../facts/emitters.ts';
import type { Servers } from '../facts/prometheus.ts';
import type { ServerSeries } from '../facts/stored-series.ts';
import type { Targets } from '../facts/targets.ts';
import type { Verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { shellWord } from '../parse/shell-word.ts';
import { noPrometheus } from './prometheus-unreachable.ts';
import { distinctUnread } from './wording.ts';

/** The verdict when no Prometheus stores a token series that could be judged; null when one does. */
export function withoutSeries(series: readonly ServerSeries[], servers: Servers, nouns: Nouns): Verdict | null {
  if (series.length === 0) return { status: 'unknown', unread: [noPrometheus(servers)] };
  if (series.some(({ names }) => names.length > 0)) return null;
  const unread = distinctUnread(series.flatMap((server) => server.unread));
  return unread.length > 0 ? { status: 'unknown', unread } : { status: 'skip', because: `no token series of the ${nouns.many} is stored` };
}

/** What every Prometheus could not tell. */
export function unreadSeries(series: readonly ServerSeries[]): ReturnType<typeof distinctUnread> {
  return distinctUnread(series.flatMap((server) => server.unread));
}

/** Emissions with tokens. */
export function metered(emissions: readonly Emission[]): readonly Emission[] {
  return emissions.filter(({ outcome }) => outcome.status === 'metered' && outcome.series.some(({ count }) => count > 0));
}

/** Keys of emitters whose own path a Prometheus scrapes well; null when its targets could not be read. */
export function healthyKeys({ server }: ServerSeries, targets: Attempt<Targets>): ReadonlySet<string> | null {
  if (targets.status === 'unread') return null;
  const own = targets.value.servers.find((it) => it.server.key === server.key);
  if (own === undefined || own.unread.length > 0) return null;
  return new Set(own.targets.filter(({ ownPath, health }) => ownPath && health === 'up').map(({ emitter }) => emitter.key));
}

/** The command that asks a Prometheus again. */
export function queryRun(query: string): string {
  return `promtool query instant http://localhost:9090 ${shellWord(query)}`;
}

/** The selector of the token series. */
export function selectorOf({ family }: Nouns): string {
  return `{__name__=~"${family.sumPattern}"}`;
}
