import { readEmissions } from '../../../facts/emissions.ts';
import type { Emission, Emitter } from '../../../facts/emitters.ts';
import { tunnelling } from '../../../facts/kinds.ts';
import type { Page } from '../../../facts/metrics-page.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Many } from '../../../model/source.ts';
import { meter } from '../meter.ts';
import { emitters } from './emitters.ts';

/** What Limitador says of itself besides what it counted. */
export type Gauges = Readonly<Record<string, number>>;

interface Told {
  readonly emissions: Many<Emission>;
  /** By the emitter's key. */
  readonly gauges: ReadonlyMap<string, Gauges>;
}

/** What /metrics of every Limitador says, read once. */
const told = defineFact({
  id: 'limitador-pages',
  title: 'metrics of each Limitador',
  reads: tunnelling,
  needs: { emitters },
  read: async ({ emitters }, { source }): Promise<Told> => {
    const gauges = new Map<string, Gauges>();
    const emissions = await readEmissions(source, emitters, { meter, accept: 'text/plain;version=0.0.4' }, (emitter, page) => {
      gauges.set(emitter.key, page.gauges ?? {});
      return emissionOf(emitter, page);
    });
    return { emissions, gauges };
  },
});

/** Token counters of every Limitador. */
export const emissions = defineFact({
  id: 'limitador-emissions',
  title: 'token counters of each Limitador',
  needs: { told },
  read: ({ told }): Many<Emission> => told.emissions,
});

/** limitador_up and datastore_partitioned of every Limitador, by the emitter's key. */
export const gauges = defineFact({
  id: 'limitador-gauges',
  title: 'state of each Limitador',
  needs: { told },
  read: ({ told }): ReadonlyMap<string, Gauges> => told.gauges,
});

/** limitador_up is always there: samples/real/limitador idle-metrics.http. */
function emissionOf(emitter: Emitter, { family, series, labelNames, requests, gauges = {} }: Page): Emission {
  if (family === null && requests.length === 0) {
    if ('limitador_up' in gauges) return { emitter, outcome: { status: 'idle' }, target: {} };
    const message = `port ${emitter.port} serves metrics of another program: neither limitador_up nor authorized_hits`;
    return { emitter, outcome: { status: 'unreadable', problem: 'not-metrics', message }, target: {} };
  }
  const counted = series.map((entry) => ({ ...entry, count: entry.sum }));
  return {
    emitter,
    outcome: { status: 'metered', family: family ?? 'authorized_hits', series: counted, labelNames, requests },
    target: {},
  };
}
