import type { Emission, IdentityLabel, Nouns } from '../facts/emitters.ts';
import { prometheusServers } from '../facts/prometheus.ts';
import { type ServerSeries, storedSeries } from '../facts/stored-series.ts';
import { type Targets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { escapeName } from '../parse/metric-names.ts';
import { labelSpellings, schemeOf } from '../parse/spellings.ts';
import { type Suspects, suspected, withoutBlamed } from './blamed-rule.ts';
import type { SharedIds } from './shared-ids.ts';
import { healthyKeys, metered, queryRun, selectorOf, unreadSeries, withoutSeries } from './stored.ts';
import { counted, distinctUnread } from './wording.ts';

/** Identity labels that the emitters expose and that no stored series carries. */
export function absentStoredIdentity(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.storedIdentityAbsent,
    title: 'stored token series carry the identity labels',
    hop: 'query',
    severity: 'error',
    why: 'Without the label the tokens of all tenants are one sum, or those of a single tenant. Nobody can be billed from it.',
    fix: 'Take the identity labels out of labeldrop, labelkeep and replace rules of the PodMonitor, the scrape class and remote write.',
    follows: [...ids.earlier.identity, ...ids.earlier.relabeling],
    needs: { series: storedSeries(nouns), servers: prometheusServers(nouns), emissions: nouns.emissions },
    wants: { targets: targets(nouns), coverage: suspected(nouns) },
    judge({ series, servers, emissions, targets, coverage }) {
      const none = withoutSeries(series, servers, nouns);
      if (none !== null) return none;
      const speaking = metered(emissions.read);
      const unread = unreadSeries(series);
      const bare = series
        .filter(({ names }) => names.length > 0)
        .flatMap((server) => absentOf(server).map((identity) => [server, identity] as const));
      const findings = bare.flatMap(([server, identity]) => findingsOf(server, identity, { speaking, targets, coverage }, nouns));
      if (speaking.length === 0 && emissions.unread.length === 0 && unread.length === 0)
        return { status: 'skip', because: `no ${nouns.one} has counted a token since it started` };
      return verdict(findings, bare.length > findings.length ? distinctUnread([...unread, ...emissions.unread]) : unread);
    },
  });
}

function absentOf({ identities }: ServerSeries): readonly IdentityLabel[] {
  return identities.filter(({ stored, exported }) => stored.length === 0 && exported.length === 0).map(({ identity }) => identity);
}

interface Seen {
  readonly speaking: readonly Emission[];
  readonly targets: Attempt<Targets>;
  readonly coverage: Suspects['coverage'];
}

/** Only emitters that this Prometheus scrapes can have brought the label there. */
function findingsOf(
  server: ServerSeries,
  identity: IdentityLabel,
  { speaking, targets, coverage }: Seen,
  nouns: Nouns,
): readonly Finding[] {
  const healthy = healthyKeys(server, targets);
  const carriers = speaking.filter(({ emitter, outcome }) => {
    if (healthy !== null && !healthy.has(emitter.key)) return false;
    return outcome.status === 'metered' && outcome.series.some(({ labels, count }) => count > 0 && (labels[identity.label] ?? '') !== '');
  });
  if (carriers.length === 0) return [];
  const spellings = [...new Set([identity.label, ...labelSpellings(identity.attribute)])];
  return [
    {
      subject: server.server.subject,
      message: `no stored token series carries ${identity.label}, while ${counted(carriers.length, nouns)} ${carriers.length === 1 ? 'exposes' : 'expose'} it; asked for ${spellings.join(', ')} and exported_${identity.label}`,
      evidence: { saw: `0 series with ${identity.label}`, run: queryRun(`count by (${identity.label}) (${selectorOf(nouns)})`) },
      remedy: sparing(server, identity, carriers, coverage) ?? {
        text: `look for a rule that drops or rewrites ${identity.label} in metricRelabelings, scrape classes and remote write`,
      },
      about: carriers.map(({ emitter }) => emitter.key),
    },
  ];
}

/** Without the rule of a monitor that takes the label away, in the spelling that is stored. */
function sparing(
  { server, names }: ServerSeries,
  { label, attribute }: IdentityLabel,
  carriers: readonly Emission[],
  coverage: Suspects['coverage'],
): Remedy | null {
  const spellings = new Set(names.map(({ name }) => escapeName(attribute, schemeOf(name))));
  for (const spelling of spellings) {
    const received = carriers.flatMap((emission) => {
      const series = emission.outcome.status === 'metered' ? emission.outcome.series : [];
      return series.flatMap(({ labels: { [label]: value = '', ...others } }) =>
        value === '' ? [] : [{ emission, labels: new Map([...Object.entries(others), [spelling, value]]) }],
      );
    });
    const remedy = withoutBlamed(received, (stored) => stored !== null && (stored.get(spelling) ?? '') === '', { coverage, server });
    if (remedy !== null) return remedy;
  }
  return null;
}
