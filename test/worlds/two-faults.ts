import { configureWorlds } from './configure.ts';
import { emitWorlds } from './emit.ts';
import { dashboard, spellingOf } from './objects/dashboards.ts';
import { podMonitor } from './objects/monitoring.ts';
import { names } from './objects/namespaces.ts';
import { presentWorlds } from './present.ts';
import { queryWorlds } from './query.ts';
import { scrapeWorlds } from './scrape.ts';
import { type Cluster, drop, type Editable, edit, type GatewayWorld } from './world.ts';

const single = [...configureWorlds, ...emitWorlds, ...scrapeWorlds, ...queryWorlds, ...presentWorlds];

/** Worlds with two faults of which neither explains the other. */
export const twoFaultWorlds: readonly GatewayWorld[] = [
  both('stale-mapping-and-old-dashboard', 'mapping-changed-without-restart', 'dashboard-of-the-release-before'),
  both('webhook-without-ca-and-two-monitors', 'webhook-without-ca', 'two-monitors-one-port'),
  both('no-request-costs-and-two-monitors', 'two-monitors-one-port', 'no-request-costs'),
  both('proxy-without-sidecar-and-total-summed', 'proxy-created-before-the-webhook', 'dashboard-sums-every-token-type'),
  both('mapping-refused-and-annotation-job', 'trailing-comma-in-mapping', 'annotation-job-beside-the-monitor'),
  both('callers-unproven-and-metrics-answer-500', 'metrics-answer-500', 'no-security-policy'),
  both('controller-unpullable-and-old-dashboard', 'controller-image-unpullable', 'dashboard-of-the-release-before'),
  both('route-names-missing-backend-and-user-dropped', 'route-names-missing-backend', 'metric-relabeling-drops-the-user'),
  both('otlp-push-and-sample-limit', 'sample-limit-exceeded', 'sidecars-push-by-otlp-too'),
  both('no-controller-and-old-port-name', 'no-controller', 'monitor-on-old-port-name'),
  both('route-unresolved-and-monitor-elsewhere', 'generated-route-unresolved', 'monitor-in-another-namespace'),
  both('metrics-truncated-and-old-dashboard', 'metrics-truncated', 'dashboard-of-the-release-before'),
  both('streams-without-usage-and-user-renamed', 'streams-without-usage', 'target-label-shadows-the-user'),
  {
    ...both('skew-and-rejected-monitor', 'proxies-behind-their-controller', 'monitor-timeout-over-interval'),
    on: { release: 'v0.6' },
  },
  {
    name: 'one-sidecar-crashes-and-another-is-unmonitored',
    title: 'the sidecar of one proxy crashes, and the PodMonitor leaves out another proxy',
    on: { release: 'v0.5' },
    change: (cluster) => {
      named('sidecar-crash-loop').change?.(cluster);
      track(cluster, ['stable', 'stable', 'canary']);
      edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
        spec.selector.matchLabels.track = 'stable';
      });
    },
    expect: { exitCode: 1, brokenAt: 'sidecar-unready', also: ['unmonitored-proxies'] },
  },
  {
    name: 'one-pool-drops-tokens-and-total-summed',
    title: 'the PodMonitor of the canary drops the token series, and a dashboard sums input, output and their total',
    on: { release: 'v0.3' },
    change: (cluster) => {
      splitMonitors(cluster, (canary) => {
        canary.spec.podMetricsEndpoints[0].metricRelabelings = [
          { action: 'drop', sourceLabels: ['__name__'], regex: 'gen_ai.client.token.usage_token.*' },
        ];
      });
      named('dashboard-sums-every-token-type').change?.(cluster);
    },
    expect: { exitCode: 1, brokenAt: 'tokens-dropped', also: ['queries-overcounted'] },
  },
  {
    name: 'policy-replaced-and-rule-unselected',
    title: 'a policy of the route replaces that of its Gateway, and no Prometheus takes the recording rule',
    on: { release: 'v1.1' },
    change: (cluster) => {
      named('route-policy-replaces-the-gateways').change?.(cluster);
      edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
        spec.ruleSelector = { matchLabels: { role: 'alert-rules' } };
      });
    },
    expect: { exitCode: 1, brokenAt: 'rejected-rules', also: ['identity-overridden'] },
  },
  {
    name: 'two-monitors-and-dashboard-by-another-label',
    title: 'two PodMonitors scrape the same port, and a dashboard groups by a label that no series has',
    on: { release: 'v0.5' },
    change: (cluster) => {
      named('two-monitors-one-port').change?.(cluster);
      drop(cluster, ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'tokens-dashboard');
      cluster.objects.push(dashboard([`sum by (user) (increase(${spellingOf('v0.5', '3.16').tokens}[5m]))`]));
    },
    expect: { exitCode: 1, brokenAt: 'duplicate-monitors', also: ['queries-collapsed'] },
  },
];

/** Both changes on one cluster; the first is the one that is named first. */
function both(name: string, root: string, beside: string): GatewayWorld {
  const [first, second] = [named(root), named(beside)];
  return {
    name,
    title: `${first.title}; and ${second.title}`,
    on: first.on,
    change: (cluster) => {
      first.change?.(cluster);
      second.change?.(cluster);
    },
    expect: { ...first.expect, also: [...(first.expect.also ?? []), ...(second.expect.brokenAt === null ? [] : [second.expect.brokenAt])] },
  };
}

function named(name: string): GatewayWorld {
  const found = single.find((world) => world.name === name);
  if (found === undefined) throw new Error(`there is no world ${name}`);
  return found;
}

/** A label on each proxy pod, in their order. */
export function track(cluster: Cluster, tracks: readonly string[]): void {
  cluster.proxies.forEach(({ name }, index) => {
    edit(cluster, 'Pod', name, ({ metadata }) => {
      metadata.labels.track = tracks[index];
    });
  });
}

/** One PodMonitor for the stable proxies and one for the canary. */
export function splitMonitors(cluster: Cluster, change: (canary: Editable) => void = () => {}): void {
  track(cluster, ['stable', 'stable', 'canary']);
  edit(cluster, 'PodMonitor', undefined, ({ spec }) => {
    spec.selector.matchLabels.track = 'stable';
  });
  const { port } = (cluster.objects.find(({ kind }) => kind === 'PodMonitor') as Editable).spec.podMetricsEndpoints[0];
  const canary = podMonitor(port, names.envoyGateway, 'ai-gateway-canary') as Editable;
  canary.spec.selector.matchLabels.track = 'canary';
  change(canary);
  cluster.objects.push(canary);
}
