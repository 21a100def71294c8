import type { Emission, TokenSeries } from '../../facts/emitters.ts';
import { routeLabel } from './meter.ts';
import { nameOf } from './phrases.ts';

/** What all Limitadors together counted of one route. */
export interface Traffic {
  readonly calls: number;
  readonly hits: number;
  readonly series: readonly TokenSeries[];
}

/** What was counted of a route, by the label that names it. */
export function trafficOf(emissions: readonly Emission[], route: { readonly namespace: string; readonly name: string }): Traffic {
  const name = nameOf(route);
  const outcomes = emissions.flatMap(({ outcome }) => (outcome.status === 'metered' ? [outcome] : []));
  const series = outcomes.flatMap((outcome) => outcome.series).filter(({ labels }) => labels[routeLabel] === name);
  const requests = outcomes.flatMap((outcome) => outcome.requests).filter(({ labels }) => labels[routeLabel] === name);
  return {
    calls: requests.reduce((sum, { count }) => sum + count, 0),
    hits: series.reduce((sum, entry) => sum + entry.sum, 0),
    series: series.filter(({ sum }) => sum > 0),
  };
}

/** All token series with tokens, whatever their route. */
export function tokenSeries(emissions: readonly Emission[]): readonly TokenSeries[] {
  return emissions.flatMap(({ outcome }) => (outcome.status === 'metered' ? outcome.series.filter(({ sum }) => sum > 0) : []));
}
