import type { Emission, TokenSeries } from '../../facts/emitters.ts';

type Metered = Extract<Emission['outcome'], { status: 'metered' }>;

/** An emission of a sidecar that has counted tokens. */
export interface Busy {
  readonly emission: Emission;
  readonly outcome: Metered;
  /** Its series without the one that overflow was folded into, which has lost all labels. */
  readonly series: readonly TokenSeries[];
}

/** otel-go sdk/metric/internal/aggregate/limit.go. */
const overflowLabel = 'otel_metric_overflow';
export const isOverflow = ({ labels }: TokenSeries): boolean => labels[overflowLabel] === 'true';

/** The sidecars that have counted tokens of at least one request. */
export function busy(emissions: readonly Emission[]): readonly Busy[] {
  return emissions.flatMap((emission) => {
    const { outcome } = emission;
    if (outcome.status !== 'metered') return [];
    const series = outcome.series.filter((entry) => !isOverflow(entry) && entry.count > 0);
    return series.length === 0 ? [] : [{ emission, outcome, series }];
  });
}

/** Input and output: the other types are parts of these (recorded.md, "Tokens"). */
const isTotal = ({ labels }: TokenSeries): boolean => /(^|;)(input|output)$/.test(labels.gen_ai_token_type ?? '');

/** Tokens of some series; their observations where none has any tokens. */
export function weighed(series: readonly TokenSeries[]): {
  weigh(part: readonly TokenSeries[]): number;
  readonly unit: 'tokens' | 'requests';
} {
  const sum = (part: readonly TokenSeries[]): number => part.filter(isTotal).reduce((total, entry) => total + entry.sum, 0);
  const count = (part: readonly TokenSeries[]): number => part.reduce((total, entry) => total + entry.count, 0);
  return sum(series) > 0 ? { weigh: sum, unit: 'tokens' } : { weigh: count, unit: 'requests' };
}

/** The command that shows what an emitter serves. */
export function showMetrics({ emitter }: Emission, filter = 'gen_ai'): string {
  const { pod, port, path } = emitter;
  return `kubectl get --raw /api/v1/namespaces/${pod.namespace}/pods/${pod.name}:${port}/proxy${path} | grep ${filter}`;
}
