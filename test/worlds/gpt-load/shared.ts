import { type Editable, type Expected, edit, type OtherWorld } from '../world.ts';
import { gptLoad, type Shape } from './cluster.ts';
import { authorization, dashboard, podMonitor, serviceMonitor, soundPanel, token } from './objects.ts';

const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make' | 'options'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, options: { metricsToken: token }, make: gptLoad(shape) });

const rules = (...metricRelabelings: readonly unknown[]) => [serviceMonitor({ authorization, metricRelabelings })];
/** Two groups with one model: the group alone tells them apart. */
const oneModel = ['team-a', 'team-b'].map((group, index) => ({
  group,
  model: 'gpt-4o-mini',
  prompt: 320 + 100 * index,
  completion: 110,
  before: 420,
  perSecond: 1,
}));

/** Worlds in which gpt-load breaks where any system may: at its monitors, on the way into the store, in its queries. */
export const gptLoadSharedWorlds: readonly OtherWorld[] = [
  world({
    name: 'gpt-load-two-monitors',
    title: 'a ServiceMonitor and a PodMonitor scrape the same pod, and sums count everything twice',
    shape: { monitors: [serviceMonitor(), podMonitor()] },
    expect: broken('duplicate-monitors'),
  }),
  world({
    name: 'gpt-load-port-undeclared',
    title: 'the container declares no port, and the PodMonitor asks for one by name',
    shape: { ports: [], monitors: [podMonitor()], service: { ports: [{ name: 'http', port: 80, targetPort: 3001 }] }, dashboards: [] },
    expect: broken('port-undeclared'),
  }),
  world({
    name: 'gpt-load-port-undeclared-behind-service',
    title: 'the container declares no port, and a ServiceMonitor goes through the number of its Service',
    shape: { ports: [], service: { ports: [{ name: 'http', port: 80, targetPort: 3001 }] } },
    expect: { exitCode: 0, brokenAt: null },
  }),
  world({
    name: 'gpt-load-monitor-not-selected',
    title: 'Prometheus takes ServiceMonitors of another release only',
    shape: { dashboards: [] },
    change: (cluster) =>
      edit(cluster, 'Prometheus', undefined, (prometheus: Editable) => {
        prometheus.spec.serviceMonitorSelector = { matchLabels: { release: 'other' } };
      }),
    expect: broken('unselected-monitors'),
  }),
  world({
    name: 'gpt-load-group-dropped',
    title: 'a metric relabeling drops the group, and tenants of one model become one',
    shape: { flows: oneModel, monitors: rules({ action: 'labeldrop', regex: 'group' }), dashboards: [] },
    expect: broken('tenants-merged'),
  }),
  world({
    name: 'gpt-load-tokens-dropped',
    title: 'a metric relabeling keeps requests and drops tokens',
    shape: {
      monitors: rules({ action: 'drop', sourceLabels: ['__name__'], regex: 'gpt_load_tokens_total' }),
      dashboards: [],
    },
    expect: broken('tokens-dropped'),
  }),
  world({
    name: 'gpt-load-dashboard-of-another-name',
    title: 'a panel asks for a type that tokens do not have',
    shape: { dashboards: [dashboard(soundPanel, ['Input', 'sum(increase(gpt_load_tokens_total{type="input"}[1h]))'])] },
    expect: broken('queries-empty'),
  }),
  world({
    name: 'gpt-load-dashboard-by-user',
    title: 'a panel groups by a user that no series has',
    shape: { dashboards: [dashboard(['Tokens', 'sum by (user) (increase(gpt_load_tokens_total{type="total"}[1h]))'])] },
    expect: broken('queries-collapsed'),
  }),
];
