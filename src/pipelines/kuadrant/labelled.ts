import type { Emission, IdentityLabel, TokenSeries } from '../../facts/emitters.ts';
import { type Finding, type Verdict, verdict } from '../../model/check.ts';
import type { Attempt } from '../../model/fact.ts';
import type { Many } from '../../model/source.ts';
import type { Policies, TelemetryPolicy } from './facts/policies.ts';
import type { Scene } from './facts/scene.ts';
import { routeLabel } from './meter.ts';
import { nameOf } from './phrases.ts';
import { labelsAt } from './telemetry.ts';
import { tokenSeries } from './traffic.ts';

/** Where an identity label ought to be. */
export interface Labelled {
  readonly identity: IdentityLabel;
  /** Token series that ought to carry it. */
  readonly series: readonly TokenSeries[];
}

interface Surroundings {
  readonly emissions: readonly Emission[];
  readonly scene: Attempt<Scene>;
  readonly policies: readonly TelemetryPolicy[];
}

/** For each identity label the token series that ought to carry it: those of routes whose Gateway's TelemetryPolicies ask for it, or of all limited routes for one that the user expects. Where routes are not known, all. */
function labelledSeries(identity: readonly IdentityLabel[], { emissions, scene, policies }: Surroundings): readonly Labelled[] {
  const all = tokenSeries(emissions);
  const paths = scene.status === 'read' ? scene.value.paths : [];
  return identity.map((label) => {
    const asked = paths.filter(({ gateway }) => labelsAt(gateway, policies).some((each) => each.label === label.label));
    const named = new Set((asked.length > 0 ? asked : paths).map(({ route }) => nameOf(route)));
    const own = all.filter(({ labels }) => named.size === 0 || labels[routeLabel] === undefined || named.has(labels[routeLabel]));
    return { identity: label, series: own };
  });
}

interface Known {
  readonly emissions: Many<Emission>;
  readonly identity: readonly IdentityLabel[];
  readonly scene: Attempt<Scene>;
  readonly telemetryPolicies: Attempt<Policies<TelemetryPolicy>>;
}

/** The verdict over every identity label on the series that ought to carry it; `findingOf` says what is wrong with one. */
export function labelVerdict(
  { emissions, identity, scene, telemetryPolicies }: Known,
  findingOf: (labelled: Labelled, emissions: readonly Emission[]) => readonly Finding[],
): Verdict {
  if (identity.length === 0) return { status: 'skip', because: 'no TelemetryPolicy asks for a label of the caller and none is expected' };
  const policies = telemetryPolicies.status === 'read' ? telemetryPolicies.value.policies : [];
  const labelled = labelledSeries(identity, { emissions: emissions.read, scene, policies });
  if (labelled.every(({ series }) => series.length === 0) && emissions.unread.length === 0)
    return { status: 'skip', because: 'no token has been counted yet' };
  return verdict(
    labelled.flatMap((each) => findingOf(each, emissions.read)),
    emissions.unread,
  );
}

/** The emitters whose token series these are, for commands that show one. */
export function holderOf(emissions: readonly Emission[], series: readonly TokenSeries[]): Emission | undefined {
  return emissions.find(({ outcome }) => outcome.status === 'metered' && outcome.series.some((entry) => series.includes(entry)));
}

export const tokensOf = (series: readonly TokenSeries[]): number => series.reduce((sum, entry) => sum + entry.sum, 0);
