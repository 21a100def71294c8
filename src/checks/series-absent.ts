import type { Emission, Nouns } from '../facts/emitters.ts';
import { prometheusServers } from '../facts/prometheus.ts';
import { type ServerSeries, storedSeries } from '../facts/stored-series.ts';
import { type Targets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { ageText } from '../parse/duration.ts';
import { escapeName } from '../parse/metric-names.ts';
import { writeLabel } from '../parse/promql.ts';
import { labelSpellings, schemeOf } from '../parse/spellings.ts';
import { type Suspects, suspected, withoutBlamed } from './blamed-rule.ts';
import { noPrometheus } from './prometheus-unreachable.ts';
import type { SharedIds } from './shared-ids.ts';
import { isHistogram } from './simulation.ts';
import { healthyKeys, metered, queryRun, selectorOf, unreadSeries } from './stored.ts';
import { counted, distinctUnread } from './wording.ts';

/** A Prometheus that stores no token series under any spelling, while emitters have tokens to show. */
export function absentSeries(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.seriesAbsent,
    title: 'Prometheus stores token series',
    hop: 'query',
    severity: 'error',
    why: 'Dashboards, alerts and bills are queries over stored series. Without any, all of them are empty, and an empty sum looks like no usage.',
    fix: 'Mend the earlier link that keeps the series out; when all of them hold, look for a relabeling that drops them.',
    follows: [
      ...ids.earlier.silent,
      ...ids.earlier.ports,
      ids.portUndeclared,
      ids.operatorMissing,
      ids.unmonitored,
      ids.unselected,
      ids.rejected,
      ids.poolAbsent,
      ids.targetsMissing,
      ids.targetsDown,
      ...ids.earlier.relabeling,
    ],
    needs: { series: storedSeries(nouns), servers: prometheusServers(nouns) },
    wants: { emissions: nouns.emissions, targets: targets(nouns), coverage: suspected(nouns) },
    judge({ series, servers, emissions, targets, coverage }) {
      if (series.length === 0) return { status: 'unknown', unread: [noPrometheus(servers)] };
      const empty = series.filter(({ names, unread }) => names.length === 0 && unread.length === 0);
      if (empty.length === 0) return verdict([], unreadSeries(series), spellingNote(series, nouns));
      if (emissions.status === 'unread') return { status: 'unknown', unread: [emissions.unread] };
      const speaking = metered(emissions.value.read);
      const silent = distinctUnread([...unreadSeries(series), ...emissions.value.unread]);
      if (speaking.length === 0 && silent.length > 0) return { status: 'unknown', unread: silent };
      if (speaking.length === 0 && empty.length === series.length)
        return { status: 'skip', because: `no ${nouns.one} has counted a token since it started` };
      return verdict(
        empty.flatMap((server) => findingsOf(server, series, { speaking, targets, coverage }, nouns)),
        unreadSeries(series),
      );
    },
  });
}

/** How to ask this Prometheus for the tokens of each tenant: the spelling that is stored there. */
function spellingNote(series: readonly ServerSeries[], { family }: Nouns): string | undefined {
  const [server] = series;
  const [most] = [...(server?.names ?? [])].sort((a, b) => b.series - a.series);
  if (server === undefined || most === undefined) return undefined;
  const scheme = schemeOf(most.name);
  const label = (attribute: string): string => writeLabel(escapeName(attribute, scheme));
  const type = family.total === null ? [] : [`${label(family.total.attribute)}=~"${family.total.values.join('|')}"`];
  const plain = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(most.name);
  const matchers = [...(plain ? [] : [`__name__="${most.name}"`]), ...type].join(',');
  const identities = server.identities.filter(({ stored }) => stored.length > 0).map(({ stored }) => writeLabel(stored[0] ?? ''));
  const by = identities.length === 0 ? '' : ` by (${identities.join(', ')})`;
  return `ask for them as sum${by} (increase(${plain ? most.name : ''}{${matchers}}[1h]))`;
}

interface Seen {
  readonly speaking: readonly Emission[];
  readonly targets: Attempt<Targets>;
  readonly coverage: Suspects['coverage'];
}

/** A server that scrapes none of the speaking emitters is to blame only when no other does either. */
function findingsOf(
  server: ServerSeries,
  all: readonly ServerSeries[],
  { speaking, targets, coverage }: Seen,
  nouns: Nouns,
): readonly Finding[] {
  const healthy = healthyKeys(server, targets);
  const scraped = speaking.filter(({ emitter }) => healthy?.has(emitter.key));
  const elsewhere = all.some(
    (other) =>
      other !== server && (other.names.length > 0 || speaking.some(({ emitter }) => healthyKeys(other, targets)?.has(emitter.key))),
  );
  if (speaking.length === 0 || (scraped.length === 0 && healthy !== null && elsewhere)) return [];
  const { subject } = server.server;
  const last = server.lastAge === null ? '' : `; the last sample is ${ageText(server.lastAge)} old`;
  const dotted = dottedName(server, speaking);
  const finding = {
    subject,
    message: `no token series is stored, while ${counted(speaking.length, nouns)} ${speaking.length === 1 ? 'has' : 'have'} counted tokens; asked for ${nouns.family.spellings.join(', ')}${last}${dotted === null ? '' : `; they expose ${dotted}, and Mimir refuses names with dots one by one (err-mimir-metric-name-invalid)`}`,
    evidence: { saw: 'an empty result', run: queryRun(`count by (__name__) (${selectorOf(nouns)})`) },
    ...(dotted === null ? {} : { remedy: { text: underscored } }),
  };
  const remedy = sparing(speaking, { coverage, server: server.server }, nouns);
  const mended = remedy === null ? finding : { ...finding, remedy };
  // About emitters whose targets are up, nothing earlier can be to blame but what concerns exactly these.
  return [scraped.length > 0 ? { ...mended, about: scraped.map(({ emitter }) => emitter.key) } : mended];
}

/** A name with dots that is exposed where the store takes none: recorded in real/mimir/prometheus-remote-write-utf8.log. */
function dottedName({ server }: ServerSeries, speaking: readonly Emission[]): string | null {
  if (!server.shards.some(({ build }) => build.product === 'mimir')) return null;
  const families = speaking.flatMap(({ outcome }) => (outcome.status === 'metered' ? [outcome.family] : []));
  return families.find((family) => family.includes('.')) ?? null;
}

const underscored =
  'let the collector write names with underscores: translation_strategy: UnderscoreEscapingWithSuffixes of its remote-write exporter';

/** Without the rule of a monitor that drops all token series, under whichever name a scraper asks for them. */
function sparing(speaking: readonly Emission[], suspects: Suspects, nouns: Nouns): Remedy | null {
  const families = new Set(speaking.flatMap(({ outcome }) => (outcome.status === 'metered' ? [outcome.family] : [])));
  const names = [...families].flatMap((family) =>
    labelSpellings(family).map((name) => `${name}${isHistogram(nouns, family) ? '_sum' : ''}`),
  );
  for (const name of names) {
    const received = speaking.flatMap((emission) =>
      emission.outcome.status === 'metered'
        ? emission.outcome.series.map(({ labels }) => ({ emission, labels: new Map([...Object.entries(labels), ['__name__', name]]) }))
        : [],
    );
    const remedy = withoutBlamed(received, (stored) => stored === null, suspects);
    if (remedy !== null) return remedy;
  }
  return null;
}
