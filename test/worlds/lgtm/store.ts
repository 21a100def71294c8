import { join, monitored } from '../cluster.ts';
import { podMonitor } from '../objects/monitoring.ts';
import { names } from '../objects/namespaces.ts';
import { crashing, workload } from '../objects/workloads.ts';
import { type Cluster, drop, type Expected, edit, type OtherWorld } from '../world.ts';
import { agentCollector, configure, overrides, sidecarJob } from './agent.ts';
import { crash, untranslated } from './collectors.ts';
import { lgtm, mimirBackend, type Shape } from './healthy.ts';
import { configMap, dashboard, service, stack } from './stack.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });
const warned = (id: string): Expected => ({ exitCode: 0, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, make: lgtm(shape) });

const tenants = (written: string | undefined, read: string | undefined): Shape => ({
  mimir: { multitenant: true },
  writing: written === undefined ? {} : { tenant: written },
  grafana: read === undefined ? {} : { tenant: read },
});

/** Mimir in parts, as its distributed chart renders it, with nginx in front; all parts that answer are one process here. */
function inParts(cluster: Cluster): void {
  drop(cluster, ({ kind, metadata }) => metadata.name.startsWith(stack.mimir) && kind !== 'ConfigMap');
  const address = `${cluster.subnet}.61`;
  const part = (component: string, image = 'docker.io/grafana/mimir:3.0.5') => {
    const labels = {
      'app.kubernetes.io/name': 'mimir',
      'app.kubernetes.io/instance': 'lgtm-pack',
      'app.kubernetes.io/component': component,
    };
    const nginx = component === 'gateway';
    const container = {
      name: component,
      image: nginx ? 'docker.io/nginxinc/nginx-unprivileged:1.29-alpine' : image,
      args: nginx ? [] : [`-target=${component}`, '-config.file=/etc/mimir/mimir.yaml'],
      ports: [{ name: 'http-metrics', containerPort: 8080, protocol: 'TCP' }],
    };
    const volumes = [{ name: 'config', configMap: { name: stack.mimir } }];
    const name = `${stack.mimir}-${component}`;
    return [
      service(name, labels, [{ name: 'http-metrics', port: nginx ? 80 : 8080, targetPort: 'http-metrics' }]),
      ...workload({
        namespace: names.monitoring,
        name,
        labels,
        selector: labels,
        spec: { containers: [container], volumes },
        addresses: [address],
        hash: '6c5d7f8b94',
      }),
    ];
  };
  cluster.objects.push(...['distributor', 'querier', 'query-frontend', 'gateway'].flatMap((component) => part(component)));
  const rollout = { 'app.kubernetes.io/name': 'rollout-operator', 'app.kubernetes.io/instance': 'lgtm-pack' };
  const operator = { name: 'rollout-operator', image: 'docker.io/grafana/rollout-operator:v0.32.0' };
  cluster.objects.push(
    ...workload({
      namespace: names.monitoring,
      name: 'lgtm-pack-rollout-operator',
      labels: rollout,
      selector: rollout,
      spec: { containers: [operator] },
      addresses: [`${cluster.subnet}.62`],
      hash: '75b8c9d6f4',
    }),
  );
  const [backend] = cluster.backends;
  cluster.backends = [
    { ...(backend ?? mimirBackend(address, { multitenant: true })), name: `${stack.mimir}-query-frontend-6c5d7f8b94-x2v7q` },
  ];
}

const gatewayUrl = `http://${stack.mimir}-gateway.${names.monitoring}.svc.cluster.local`;

/** A collector of another cluster that scrapes the same pods under another job: nothing here shows it. */
export function scrapedFromElsewhere(cluster: Cluster): void {
  const address = `${cluster.subnet}.58`;
  const config = overrides({ jobs: [sidecarJob({ job_name: 'genai-central' })], receivers: ['prometheus/ai-gateway-genai'] });
  cluster.collectors.push({
    ...agentCollector(address),
    name: 'elsewhere',
    configs: [JSON.stringify({ processors: { memory_limiter: { check_interval: '5s', limit_mib: 400 }, batch: {} }, ...config })],
  });
}

/** A Prometheus of the operator in the same cluster; a monitor for the sidecars or not. */
function besidePrometheus(cluster: Cluster, monitor: boolean): void {
  const other = monitored(cluster.subnet);
  if (monitor) other.objects.push(podMonitor('aigw-admin', names.envoyGateway));
  join(cluster, other);
}

/** Worlds about where the series are kept, for whom, and how often. */
export const storeWorlds: readonly OtherWorld[] = [
  world({
    name: 'lgtm-tenants',
    title: 'a collector and a data source of the same tenant',
    shape: tenants('platform', 'platform'),
    expect: sound,
  }),
  world({
    name: 'lgtm-tenant-mismatched',
    title: 'the data source reads another tenant than the collector writes to',
    shape: tenants('platform', 'research'),
    expect: broken('tenant-mismatched'),
  }),
  world({
    name: 'lgtm-writer-without-tenant',
    title: 'the collector names no tenant, and Mimir wants one',
    shape: tenants(undefined, 'platform'),
    expect: broken('tenant-mismatched'),
  }),
  world({
    name: 'lgtm-mimir-in-parts',
    title: 'Mimir as its distributed chart renders it, written and read through its gateway',
    shape: { writing: { endpoint: `${gatewayUrl}/api/v1/push` }, grafana: { url: `${gatewayUrl}/prometheus` } },
    change: inParts,
    expect: sound,
  }),
  world({
    name: 'lgtm-scraped-from-elsewhere',
    title: 'a collector of another cluster scrapes the same pods',
    change: scrapedFromElsewhere,
    expect: broken('series-doubled'),
  }),
  world({
    name: 'lgtm-beside-prometheus',
    title: 'a collector and a Prometheus scrape the sidecars, each for a store of its own',
    change: (cluster) => besidePrometheus(cluster, true),
    expect: sound,
  }),
  world({
    name: 'lgtm-prometheus-for-the-rest',
    title: 'a Prometheus that scrapes everything but the sidecars',
    change: (cluster) => besidePrometheus(cluster, false),
    expect: sound,
  }),
  world({
    name: 'lgtm-without-operator-kinds',
    title: 'no kinds of prometheus-operator in the cluster',
    change: (cluster) => {
      cluster.absent = ['*.monitoring.coreos.com'];
    },
    expect: sound,
  }),
  world({
    name: 'lgtm-names-dropped-by-the-job',
    title: 'a relabeling of the job drops all that gateways measure',
    shape: {
      writing: { jobs: [sidecarJob({ metric_relabel_configs: [{ action: 'drop', source_labels: ['__name__'], regex: 'gen_ai.*' }] })] },
      dashboards: [],
    },
    expect: broken('series-absent'),
  }),
  world({
    name: 'lgtm-untranslated-by-version-1',
    title: 'names are to be written untranslated, which version 1 of remote write cannot: the collector does not start',
    shape: { release: 'v0.4', dashboards: [] },
    change: (cluster) => {
      const config = overrides();
      crash(untranslated)(cluster);
      configure(cluster, {
        ...config,
        exporters: {
          'prometheusremotewrite/mimir': {
            ...(config.exporters as Record<string, object>)['prometheusremotewrite/mimir'],
            translation_strategy: 'NoTranslation',
          },
        },
      });
    },
    expect: broken('collector-unready'),
  }),
  world({
    name: 'lgtm-data-source-without-prefix',
    title: 'the URL of the data source lacks /prometheus',
    shape: { grafana: { url: `http://${stack.mimir}:8080` } },
    expect: broken('datasource-missing'),
  }),
  world({
    name: 'lgtm-dashboard-elsewhere',
    title: 'the dashboard lies in a namespace that Grafana does not watch',
    shape: {
      grafana: { watches: null },
      dashboards: [
        dashboard('sum by (user_id) (increase(gen_ai_client_token_usage_sum{gen_ai_token_type=~"input|output"}[30d]))', names.tenant),
      ],
    },
    expect: broken('dashboard-unwatched'),
  }),
  world({
    name: 'lgtm-dashboard-not-json',
    title: 'the dashboard was rendered with a comma too many',
    shape: {
      dashboards: [
        configMap(
          'token-usage',
          { 'tokens.json': '{"title":"Tokens","panels":[{"targets":[{"expr":"sum(gen_ai_client_token_usage_sum)"}]},]}' },
          { grafana_dashboard: '1' },
        ),
      ],
    },
    expect: broken('dashboard-unwatched'),
  }),
  world({
    name: 'lgtm-mimir-crashing',
    title: 'Mimir ends on its configuration again and again',
    change: (cluster) => {
      cluster.backends = [];
      edit(cluster, 'Pod', `${stack.mimir}-0`, ({ status }) => {
        status.containerStatuses = [
          crashing('mimir', 'docker.io/grafana/mimir:3.0.5', 'error loading config from /etc/mimir/mimir.yaml: yaml: unmarshal errors'),
        ];
        for (const condition of status.conditions) if (/Ready$/.test(condition.type)) condition.status = 'False';
      });
    },
    expect: broken('store-unreachable'),
  }),
  world({
    name: 'lgtm-data-source-of-another-namespace',
    title: 'the data source looks for Mimir where it was before it moved',
    shape: { grafana: { url: 'http://lgtm-pack-mimir.observability.svc:8080/prometheus' } },
    expect: broken('datasource-missing'),
  }),
  world({
    name: 'lgtm-retention-of-a-week',
    title: 'Mimir keeps a week, and the dashboard looks back thirty days',
    shape: { mimir: { retention: '1w' } },
    expect: warned('retention-short'),
  }),
  world({
    name: 'lgtm-dashboard-of-another-name',
    title: 'the dashboard asks for the name of v0.4',
    shape: {
      dashboards: [
        dashboard('sum by (user_id) (increase(gen_ai_client_token_usage_token_sum{user_id!="",gen_ai_token_type=~"input|output"}[30d]))'),
      ],
    },
    expect: broken('queries-empty'),
  }),
  world({
    name: 'lgtm-header-unmapped-and-dashboard-elsewhere',
    title: 'the forwarded header is not mapped, and Grafana does not watch the dashboard',
    shape: {
      mapping: 'x-llm-client-id:user.id',
      grafana: { watches: null },
      dashboards: [dashboard('sum(increase(gen_ai_client_token_usage_sum{gen_ai_token_type=~"input|output"}[30d]))', names.tenant)],
    },
    expect: { ...broken('client-id-unmapped'), also: ['dashboard-unwatched'] },
  }),
];
