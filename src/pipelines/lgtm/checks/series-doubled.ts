import { storedSeries } from '../../../facts/stored-series.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Copies, copies, noise } from '../facts/copies.ts';
import { ids } from '../names.ts';
import { nouns } from '../nouns.ts';

/** Counters that two scrapers bring under different labels: every sum over them is too high by a factor. */
export const seriesDoubled = defineCheck({
  id: ids.seriesDoubled,
  title: 'every counter is stored once',
  hop: 'query',
  severity: 'error',
  why: 'A counter that two jobs bring is two series, and a sum adds them up. Every tenant is billed several times for the same tokens.',
  fix: 'Take one of the scrape jobs out of the collectors, or give both the same job name and labels so that the store keeps one series.',
  needs: { copies, series: storedSeries(nouns) },
  judge({ copies, series }) {
    const unread = [...series.flatMap((server) => server.unread), ...copies.flatMap((each) => each.unread)];
    if (copies.length === 0 && unread.length === 0) return { status: 'skip', because: `no token series of the ${nouns.many} is stored` };
    const known = copies.filter(({ factor }) => factor !== null);
    if (known.length === 0 && unread.length === 0)
      return { status: 'skip', because: 'the stored series do not tell the counters of one sidecar from those of another' };
    return verdict(known.flatMap(doubled), unread);
  },
});

function doubled({ server, factor, label, values }: Copies): readonly Finding[] {
  if (factor === null || factor < noise) return [];
  const apart =
    label === null
      ? 'under labels that differ'
      : `under ${values.length} values of ${label}: ${values.map((value) => value || '""').join(', ')}`;
  const by = label ?? 'job';
  return [
    {
      subject: server.subject,
      message: `the same counters are stored ${apart}; a sum over all is ${factor.toFixed(2)} × the tokens`,
      evidence: {
        saw: `sum over all ÷ sum with every counter once = ${factor.toFixed(2)}`,
        run: `promtool query instant http://localhost:8080/prometheus 'count by (${by}) ({__name__=~"${nouns.family.sumPattern}"})'`,
      },
      remedy: {
        text:
          label === 'job' ? `take all jobs but one out of the collectors: ${values.join(', ')}` : 'let one collector scrape the sidecars',
      },
    },
  ];
}
