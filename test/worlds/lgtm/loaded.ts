import { type Grafana, startGrafana } from '../../e2e/emulator/grafana.ts';
import { names } from '../objects/namespaces.ts';
import type { Cluster, Expected, OtherWorld } from '../world.ts';
import { lgtm } from './healthy.ts';
import { stack } from './stack.ts';

/** The token of a service account of Grafana. */
export const grafanaToken = 'glsa_tokenOfTheTest0123456789_0a1b2c3d';

const loaded = { uid: 'nebari-llm-token-usage', title: 'LLM Per-User Token Usage' };
const other = { uid: 'node-exporter', title: 'Node Exporter / Nodes' };

/** What answers behind the pod of Grafana. */
function answering(grafana: Partial<Grafana>): (cluster: Cluster) => void {
  return (cluster) => {
    const address = `${cluster.subnet}.71`;
    const settings: Grafana = { token: grafanaToken, dashboards: [loaded, other], ...grafana };
    const name = `${stack.grafana}-5f7b9c8d64-x2v7q`;
    cluster.backends.push({ namespace: names.monitoring, name, address, port: 3000, start: () => startGrafana(address, settings) });
  };
}

interface Told extends Pick<OtherWorld, 'name' | 'title' | 'expect' | 'later'> {
  readonly grafana?: Partial<Grafana>;
}

const world = ({ grafana = {}, ...rest }: Told): OtherWorld => ({
  ...rest,
  options: { grafanaToken },
  make: lgtm(),
  change: answering(grafana),
});

const sound: Expected = { exitCode: 0, brokenAt: null };

/** Worlds in which Grafana is asked what it has loaded. */
export const loadedWorlds: readonly OtherWorld[] = [
  world({ name: 'lgtm-dashboard-loaded', title: 'Grafana has the dashboard that its sidecar picks up', expect: sound }),
  world({
    name: 'lgtm-dashboard-loaded-below-a-path',
    title: 'Grafana has the dashboard, and is served from a path of its own',
    grafana: { subPath: '/grafana' },
    expect: sound,
  }),
  world({
    name: 'lgtm-dashboard-not-loaded',
    title: 'the sidecar picks the dashboard up, and Grafana has never loaded it',
    grafana: { dashboards: [other] },
    // A ConfigMap that was just made may not have been looked at yet.
    later: ({ scrapes }) => scrapes(10),
    expect: { exitCode: 1, brokenAt: 'dashboard-unloaded' },
  }),
  world({
    name: 'lgtm-grafana-token-revoked',
    title: 'Grafana refuses the token that was given',
    grafana: { token: 'glsa_anotherOfTheTest9876543210_3d2c1b0a' },
    expect: { exitCode: 2, brokenAt: null, unknown: ['dashboard-unloaded'] },
  }),
];
