import { outcomeOf } from '../../../facts/collector-coverage.ts';
import type { Collector } from '../../../facts/collectors.ts';
import type { Emitter } from '../../../facts/emitters.ts';
import { kinds, listing } from '../../../facts/kinds.ts';
import { defineFact } from '../../../model/fact.ts';
import type { KubeObject } from '../../../model/source.ts';
import { alloyWiring } from '../../../parse/alloy-jobs.ts';
import { AlloyError } from '../../../parse/alloy-tokens.ts';
import { CollectorConfigError, configOf } from '../../../parse/collector-config.ts';
import { expanded } from '../../../parse/collector-escaping.ts';
import { jobsOf } from '../../../parse/collector-jobs.ts';
import { record, strings } from '../../../parse/fields.ts';
import type { ScrapeJob } from '../../../parse/scrape-job.ts';
import { goesAnotherWay } from '../verdicts.ts';
import { scraping } from './scraping.ts';

/** A text in a ConfigMap with a scrape job for sidecars that no collector reads. */
export interface StrayConfig {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly kind: Collector['kind'];
  /** The sidecars that its jobs would scrape. */
  readonly emitters: readonly Emitter[];
}

/** ConfigMaps that would scrape what is not scraped. They are looked for in all namespaces, and only when a sidecar is scraped by nothing. */
export const strayConfigs = defineFact({
  id: 'stray-configs',
  title: 'scrape jobs that no collector reads',
  reads: [listing(kinds.configmaps)],
  needs: { scraping },
  async read({ scraping }, { source }): Promise<readonly StrayConfig[]> {
    const missed = scraping.emitters.filter((each) => each.scrapes.length === 0 && !goesAnotherWay(each)).map(({ emitter }) => emitter);
    if (missed.length === 0 || scraping.collectors.length === 0) return [];
    const read = new Set(
      scraping.collectors.flatMap(({ config }) => config.sources.map(({ namespace, name, key }) => placeKey(namespace, name, key ?? ''))),
    );
    const maps = await source.list(kinds.configmaps);
    // The operator keeps a few of what its collectors ran before.
    const written = maps.filter(({ metadata }) => metadata.labels?.['app.kubernetes.io/managed-by'] !== 'opentelemetry-operator');
    return written.flatMap((map) => straysIn(map, missed, read));
  },
});

function placeKey(namespace: string, name: string, key: string): string {
  return JSON.stringify([namespace, name, key]);
}

function straysIn(map: KubeObject, missed: readonly Emitter[], read: ReadonlySet<string>): readonly StrayConfig[] {
  const { namespace = '', name } = map.metadata;
  return Object.entries(strings(map.data)).flatMap(([key, text]): readonly StrayConfig[] => {
    if (read.has(placeKey(namespace, name, key)) || !/scrape_configs|prometheus\.scrape/.test(text)) return [];
    const kind = /\bprometheus\.scrape\b/.test(text) ? 'alloy' : 'otel';
    const jobs = jobsIn(text, kind);
    const emitters = missed.filter((emitter) => jobs.some((job) => outcomeOf(job, emitter, { kind, namespace }).status === 'covered'));
    return emitters.length === 0 ? [] : [{ namespace, name, key, kind, emitters }];
  });
}

function jobsIn(text: string, kind: Collector['kind']): readonly ScrapeJob[] {
  try {
    return kind === 'alloy' ? alloyWiring([text]).jobs : jobsOf(record(expanded(configOf(text), () => null)));
  } catch (error) {
    if (error instanceof CollectorConfigError || error instanceof AlloyError) return [];
    throw error;
  }
}
