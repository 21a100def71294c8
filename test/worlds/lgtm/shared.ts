import { join, monitored } from '../cluster.ts';
import { traffic } from '../healthy.ts';
import { rule } from '../objects/dashboards.ts';
import { names } from '../objects/namespaces.ts';
import { type Cluster, type Expected, edit, type Hands, type Manifest, type OtherWorld } from '../world.ts';
import { sidecarJob } from './agent.ts';
import { lgtm, type Shape, tokensByUser } from './healthy.ts';
import { dashboard } from './stack.ts';
import { scrapedFromElsewhere } from './store.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });
const warned = (id: string): Expected => ({ exitCode: 0, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, make: lgtm(shape) });

/** Users without their label: each of a name of its own, so that no two series become one. */
const renamed: Shape = {
  writing: {
    jobs: [
      sidecarJob({
        metric_relabel_configs: [
          { action: 'labelmap', regex: 'user_(id)', replacement: 'caller_$$1' },
          { action: 'labeldrop', regex: 'user_id' },
        ],
      }),
    ],
  },
};

async function upgraded({ cluster, emulate, scrapes }: Hands): Promise<void> {
  for (const [index, proxy] of cluster.proxies.entries()) {
    const flows = traffic('v0.5', index).map((flow) => ({ ...flow, identity: { 'user.id': flow.identity['user.id'] ?? '' } }));
    await emulate(proxy, { release: 'v0.5', flows });
  }
  await scrapes(3);
}

/** A Prometheus for the rest of the cluster, and a rule about tokens of one of its releases. */
function withRule(cluster: Cluster, release: string): void {
  join(cluster, monitored(cluster.subnet));
  edit(cluster, 'Prometheus', 'k8s', ({ spec }) => {
    spec.ruleSelector = { matchLabels: { release } };
  });
  cluster.objects.push(rule('sum by (user_id) (rate(gen_ai_client_token_usage_sum{gen_ai_token_type=~"input|output"}[5m]))'));
}

const secret: Manifest = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'maas-route-api-keys', namespace: names.tenant, labels: { 'llm.nebari.dev/model': 'maas-route' } },
  type: 'Opaque',
};

/** Worlds about what this chain has in common with others. */
export const sharedWorlds: readonly OtherWorld[] = [
  world({
    name: 'lgtm-api-keys-there',
    title: 'the Secret of API keys exists, looked for by name',
    options: { secretNames: true },
    change: (cluster) => void cluster.objects.push(secret),
    expect: sound,
  }),
  world({
    name: 'lgtm-api-keys-missing',
    title: 'the Secret of API keys was deleted',
    options: { secretNames: true },
    expect: broken('api-keys-missing'),
  }),
  world({
    name: 'lgtm-user-renamed-by-the-job',
    title: 'the scrape job gives user_id another name',
    shape: { ...renamed, dashboards: [] },
    expect: broken('stored-identity-absent'),
  }),
  world({
    name: 'lgtm-upgraded-across-a-renaming',
    title: 'v0.4 was upgraded to v0.5 a moment ago: Mimir holds two names',
    change: (cluster) => {
      for (const proxy of cluster.proxies) if (proxy.emulated) proxy.emulated = { ...proxy.emulated, release: 'v0.4' };
    },
    later: upgraded,
    expect: warned('spellings-mixed'),
  }),
  world({
    name: 'lgtm-doubled-for-long',
    title: 'a collector of another cluster has scraped the same pods for minutes',
    change: scrapedFromElsewhere,
    later: ({ scrapes }) => scrapes(28),
    expect: broken('series-doubled'),
  }),
  world({
    name: 'lgtm-collector-ended-unseen',
    title: 'the collector ended minutes ago, and its pod says that it is ready',
    later: async ({ cluster, endCollector, scrapes }) => {
      for (const collector of cluster.collectors) await endCollector(collector);
      await scrapes(30);
    },
    expect: broken('series-stale'),
  }),
  world({
    name: 'lgtm-dashboard-by-another-label',
    title: 'the dashboard groups by user, and the label is user_id',
    shape: { dashboards: [dashboard(tokensByUser.replaceAll('user_id', 'user').replace('user!="",', ''))] },
    expect: broken('queries-collapsed'),
  }),
  world({
    name: 'lgtm-dashboard-of-raw-counters',
    title: 'the dashboard sums counters as they are',
    shape: { dashboards: [dashboard('sum by (user_id) (gen_ai_client_token_usage_sum{gen_ai_token_type=~"input|output"})')] },
    expect: broken('queries-overcounted'),
  }),
  world({
    name: 'lgtm-query-with-quoted-names',
    title: 'the dashboard quotes names, and the Mimir is of a time that knows no quotes',
    shape: {
      mimir: { version: '2.13.1' },
      dashboards: [dashboard('sum by (user_id) (increase({"gen_ai.client.token.usage_sum",gen_ai_token_type=~"input|output"}[30d]))')],
    },
    expect: broken('queries-too-new'),
  }),
  world({
    name: 'lgtm-rule-taken',
    title: 'a Prometheus for the rest of the cluster takes the rule about tokens',
    change: (cluster) => withRule(cluster, 'kube-prometheus-stack'),
    expect: sound,
  }),
  world({
    name: 'lgtm-rule-not-taken',
    title: 'a Prometheus for the rest of the cluster does not take the rule about tokens',
    change: (cluster) => withRule(cluster, 'monitoring'),
    expect: broken('rejected-rules'),
  }),
];
