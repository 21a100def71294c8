import type { IdentityLabel, TokenSeries } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { identity } from '../facts/identity.ts';
import { type Busy, busy, showMetrics, weighed } from '../traffic.ts';

/** Below this share of tokens without identity there is a note and no warning: a probe or a smoke test is not a leak. */
const tolerated = 0.01;

/** Tokens that some requests leave without identity. */
export const identityPartial = defineCheck({
  id: 'identity-partial',
  title: 'all tokens carry every identity label',
  hop: 'emit',
  severity: 'warning',
  why: 'A request without the header, with an empty one or with a value that is not UTF-8 leaves tokens that belong to nobody. The sum over users is then less than the sum over models.',
  fix: 'Let a SecurityPolicy set the header on every route and refuse requests without identity.',
  follows: ['mapping-invalid', 'mapping-ineffective', 'mapping-hazard', 'identity-unsourced', 'identity-overridden'],
  needs: { emissions, identity },
  judge: ({ emissions, identity }) => {
    if (identity.length === 0) return { status: 'skip', because: 'no header is mapped to a label and none is expected' };
    const pods = busy(emissions.read);
    if (pods.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no sidecar has counted tokens yet' };
    const gaps = pods.flatMap((pod) => identity.flatMap((label) => gapOf(pod, label) ?? []));
    const small = gaps.filter(({ share }) => share < tolerated);
    const note = small.length === 0 ? undefined : small.map((gap) => `${gap.pod.emission.emitter.pod.name}: ${gapText(gap)}`).join('; ');
    return verdict(gaps.filter(({ share }) => share >= tolerated).map(findingOf), emissions.unread, note);
  },
});

interface Gap {
  readonly pod: Busy;
  readonly label: IdentityLabel;
  readonly share: number;
  readonly absent: number;
  readonly empty: number;
  readonly total: number;
  readonly unit: string;
}

/** Null when nothing lacks the label, and when everything does: that is identity-absent. */
function gapOf(pod: Busy, label: IdentityLabel): Gap | null {
  const held = ({ labels }: TokenSeries): string | undefined => labels[label.label];
  if (pod.series.every((entry) => (held(entry) ?? '') === '')) return null;
  const { weigh, unit } = weighed(pod.series);
  const total = weigh(pod.series);
  const absent = weigh(pod.series.filter((entry) => held(entry) === undefined));
  const empty = weigh(pod.series.filter((entry) => held(entry) === ''));
  return absent + empty === 0 ? null : { pod, label, share: (absent + empty) / total, absent, empty, total, unit };
}

function findingOf(gap: Gap): Finding {
  const { emission } = gap.pod;
  const { label, header } = gap.label;
  return {
    subject: emission.emitter.subject,
    message: gapText(gap),
    evidence: {
      saw: `${gap.absent} of ${gap.total} ${gap.unit} without ${label}, ${gap.empty} with an empty one`,
      run: showMetrics(emission, `_sum | grep -v '${label}="[^"]'`),
    },
    remedy: {
      text:
        header === null
          ? `let every request carry what ${label} is made from`
          : `let a SecurityPolicy set ${header} on every route, and refuse requests without identity`,
    },
    about: [emission.emitter.key, `label ${label}`],
  };
}

function gapText({ label, share, absent, empty, total, unit }: Gap): string {
  const parts = [
    absent === 0 ? '' : `${percent(absent / total)} without the label`,
    empty === 0 ? '' : `${percent(empty / total)} with an empty one`,
  ].filter(Boolean);
  return `${percent(share)} of the ${unit} have no ${label.label} (${parts.join(', ')})`;
}

function percent(share: number): string {
  const value = share * 100;
  return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value < 0.01 ? '< 0.01' : Number(value.toPrecision(2))} %`;
}
