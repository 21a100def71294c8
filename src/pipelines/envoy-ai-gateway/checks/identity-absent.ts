import { counted, listed } from '../../../checks/phrases.ts';
import type { IdentityLabel } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { identity } from '../facts/identity.ts';
import { type Busy, busy, showMetrics } from '../traffic.ts';

/** An identity label that no token series of a busy sidecar carries; one that is always empty counts as absent, because Prometheus stores it as such. */
export const identityAbsent = defineCheck({
  id: 'identity-absent',
  title: 'every identity label appears on the token series of every busy sidecar',
  hop: 'emit',
  severity: 'error',
  why: 'The tokens of this proxy are counted without saying whose they are. Such tokens cannot be attributed later, whatever the dashboards ask.',
  fix: 'See that the mapped header reaches the sidecar: that the policy which sets it applies to the route, and that the sidecar runs the mapping.',
  follows: [
    'mapping-missing',
    'mapping-invalid',
    'mapping-ineffective',
    'mapping-hazard',
    'identity-unsourced',
    'identity-overridden',
    'stale-mapping',
  ],
  needs: { emissions, identity },
  judge: ({ emissions, identity }) => {
    if (identity.length === 0) return { status: 'skip', because: 'no header is mapped to a label and none is expected' };
    const pods = busy(emissions.read);
    if (pods.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no sidecar has counted tokens yet' };
    return verdict(
      identity.flatMap((label) => absentLabel(label, pods)),
      emissions.unread,
    );
  },
});

function absentLabel(label: IdentityLabel, pods: readonly Busy[]): readonly Finding[] {
  const without = pods.filter(({ series }) => series.every(({ labels }) => (labels[label.label] ?? '') === ''));
  const [first] = without;
  if (first === undefined) return [];
  const everywhere = without.length === pods.length;
  const { emission, series } = first;
  const empty = series.some(({ labels }) => labels[label.label] === '');
  const where =
    everywhere && pods.length > 1
      ? `any of the ${counted(pods.length, 'busy proxy', 'busy proxies')}`
      : listed(without.map(({ emission }) => emission.emitter.pod.name));
  const present = [...new Set(series.flatMap(({ labels }) => Object.keys(labels)))].sort();
  return [
    {
      subject: emission.emitter.subject,
      message: `label ${label.label} ${empty ? 'is empty on every' : 'is on no'} token series of ${where}: ${causeOf(label)}`,
      evidence: { saw: `labels: ${present.join(', ')}`, run: showMetrics(emission, '_sum') },
      remedy: remedyOf(label),
      about: everywhere ? [`label ${label.label}`] : without.map(({ emission }) => emission.emitter.key),
    },
  ];
}

function causeOf({ header }: IdentityLabel): string {
  return header === null
    ? 'no header is mapped to it, or none arrives'
    : `header ${header} did not arrive on any request, or its value was not UTF-8`;
}

function remedyOf({ header, attribute }: IdentityLabel): NonNullable<Finding['remedy']> {
  return header === null
    ? { text: `map a header to ${attribute} by --metricsRequestHeaderAttributes=HEADER:${attribute} on the controller` }
    : {
        text: `let a SecurityPolicy set ${header} on every route (claimToHeaders, forwardClientIDHeader or headersToBackend)`,
        command: 'kubectl get securitypolicies -A -o yaml',
      };
}
