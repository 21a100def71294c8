import type { Emission, Nouns } from '../facts/emitters.ts';
import { reconciliation, type ServerCounts } from '../facts/reconciliation.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import { times } from './wording.ts';

// Rounding and what passed between the two readings beyond the measured growth.
const tolerance = 0.02;

/** The sidecars' own counters against what Prometheus holds of them. */
export function countsDisagree(nouns: Nouns, ids: { readonly countsDisagree: string; readonly earlier: readonly string[] }) {
  return defineCheck({
    id: ids.countsDisagree,
    title: `Prometheus holds the tokens that the ${nouns.many} counted, once`,
    hop: 'query',
    severity: 'error',
    why: 'The bill is made of the stored counters. When they say more than was counted, tenants pay for tokens that they never used; when less, somebody pays for them.',
    fix: 'Mend the failing check of the hops collect and discover: duplicates multiply, relabeling and missing targets lose.',
    follows: ids.earlier,
    needs: { emissions: nouns.emissions, counts: reconciliation(nouns) },
    judge({ emissions, counts }) {
      const unread = [...emissions.unread, ...counts.flatMap((server) => server.unread)];
      const whole = counts.filter((server) => isWhole(server, emissions.read));
      const compared = whole.map((server) => ({ server, own: own(server, emissions.read) })).filter(({ own }) => own.length > 0);
      if (compared.length === 0 && unread.length === 0)
        return {
          status: 'skip',
          because:
            whole.length < counts.length ? `not all ${nouns.many} say what they counted` : `no ${nouns.one} with tokens is scraped and up`,
        };
      return verdict(
        compared.flatMap(({ server, own }) => disagreement(server, own, nouns)),
        unread,
      );
    },
  });
}

/** Whether both sides are known of all emitters: what could not be asked is not zero. */
function isWhole(server: ServerCounts, emissions: readonly Emission[]): boolean {
  const said = new Set(emissions.filter(({ outcome }) => outcome.status !== 'unreadable').map(({ emitter }) => emitter.key));
  return server.unread.length === 0 && server.emitters.every((key) => said.has(key));
}

function own(server: ServerCounts, emissions: readonly Emission[]): readonly Emission[] {
  return emissions.filter((emission) => emission.outcome.status === 'metered' && server.emitters.includes(emission.emitter.key));
}

/** About no emitter: one sum over all of them, which a fault of any of them changes. */
function disagreement(server: ServerCounts, emissions: readonly Emission[], nouns: Nouns): readonly Finding[] {
  const counted = tokens(emissions, nouns, () => true);
  const slack = server.growth + counted * tolerance;
  if (counted === 0 || Math.abs(server.stored - counted) <= slack) return [];
  const factor = server.stored / counted;
  return [
    {
      subject: server.server.subject,
      message: `it holds ${times(factor)} the tokens that ${emissions.length} ${emissions.length === 1 ? nouns.one : nouns.many} counted (${server.stored} stored, ${counted} counted)${money(server, emissions, nouns)}`,
      evidence: {
        saw: `${server.stored} stored, ${counted} counted, ${Math.round(server.growth)} of it may be on the way`,
        run: `tokmeter get series; curl -s 'http://localhost:9090/api/v1/query' --data-urlencode 'query=sum({__name__=~"${nouns.family.sumPattern}"})'`,
      },
    },
  ];
}

/** "team-a is billed 2.00 × its tokens": the tenant that is hurt most. */
function money(server: ServerCounts, emissions: readonly Emission[], nouns: Nouns): string {
  if (server.tenants === null) return '';
  const { label, stored } = server.tenants;
  const rows = [...stored].flatMap(([tenant, value]) => {
    const counted = tokens(emissions, nouns, (labels) => (labels[label.label] ?? '') === tenant);
    return tenant === '' || counted === 0 ? [] : [{ tenant, factor: value / counted }];
  });
  const [worst] = rows.sort((a, b) => Math.abs(Math.log(b.factor)) - Math.abs(Math.log(a.factor)) || (a.tenant < b.tenant ? -1 : 1));
  return worst === undefined ? '' : `: ${worst.tenant} is billed ${times(worst.factor)} its tokens`;
}

function tokens(emissions: readonly Emission[], { family }: Nouns, wanted: (labels: Readonly<Record<string, string>>) => boolean): number {
  const { total } = family;
  const series = emissions.flatMap(({ outcome }) => (outcome.status === 'metered' ? outcome.series : []));
  return series
    .filter(({ labels }) => (total === null || total.values.includes(labels[total.label] ?? '')) && wanted(labels))
    .reduce((sum, one) => sum + one.sum, 0);
}
