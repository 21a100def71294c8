import { type Check, defineCheck, type Finding, type Verdict, verdict } from '../../../src/model/check.ts';
import { defineFact, type Fact, type Options } from '../../../src/model/fact.ts';
import { defineView, type Installed, type Pipeline } from '../../../src/model/pipeline.ts';

export const options: Options = { gateway: null, namespace: null, selector: null, expectLabels: [], prometheus: null };

export const pods = { group: '', resource: 'pods', kind: 'Pod', namespaced: true, versions: ['v1'] } as const;
export const monitors = { group: 'monitoring.coreos.com', resource: 'podmonitors', kind: 'PodMonitor', namespaced: true } as const;

export const installedFact: Fact<Installed> = defineFact({
  id: 'installed',
  title: 'the gateway',
  read: () => ({ status: 'installed', variant: 'v1', summary: '1 proxy' }),
});

export const podNames = defineFact({
  id: 'pod-names',
  title: 'pods',
  reads: [{ verb: 'list', group: '', resource: 'pods' }],
  read: async (_, { source }) => (await source.list(pods)).map(({ metadata }) => metadata.name),
});

export const found = (message: string, about?: readonly string[]): Finding => ({
  subject: 'Pod n/a',
  message,
  evidence: { saw: 'nothing', run: 'kubectl -n n get pod a' },
  ...(about === undefined ? {} : { about }),
});

/** A check that judges as told. */
export function told(id: string, judge: () => Verdict, rest: Partial<Check> = {}, needs: Record<string, Fact<unknown>> = {}): Check {
  const check = defineCheck({ id, title: `${id} is sound`, hop: 'emit', severity: 'error', why: 'why', fix: 'fix', needs, judge });
  return { ...check, ...rest };
}

export const passing = (id: string, rest: Partial<Check> = {}): Check => told(id, () => verdict([]), rest);
export const broken = (id: string, rest: Partial<Check> = {}): Check => told(id, () => verdict([found('is broken')]), rest);

export function pipelineOf(checks: readonly Check[], installed: Fact<Installed> = installedFact): Pipeline {
  const empty = { columns: [], rows: [], items: [], unread: [], empty: 'nothing' };
  const view = (name: 'proxies' | 'monitors' | 'targets' | 'series') => defineView({ name, title: name, needs: {}, table: () => empty });
  const views = { proxies: view('proxies'), monitors: view('monitors'), targets: view('targets'), series: view('series') };
  return { id: 'fake', title: 'fake gateway', installed, checks, views };
}
