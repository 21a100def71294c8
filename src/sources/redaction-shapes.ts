import { list, record, strings, text } from '../parse/fields.ts';
import { masked } from '../parse/redact.ts';
import { readConfigFile } from './redaction-configs.ts';
import { parsedYaml, readVariables, type Shape } from './redaction-fields.ts';
import { readEnvFrom, readVolumes, systemShapes } from './redaction-systems.ts';

const container: Shape = {
  name: true,
  image: true,
  restartPolicy: true,
  command: readArguments,
  args: readArguments,
  env: readVariables,
  envFrom: readEnvFrom,
  ports: { name: true, containerPort: true, protocol: true, hostPort: true },
  volumeMounts: { name: true, mountPath: true, subPath: true },
};

const podSpec: Shape = {
  nodeName: true,
  serviceAccountName: true,
  containers: container,
  initContainers: container,
  hostNetwork: true,
  volumes: readVolumes,
};

const workload: Shape = {
  spec: {
    replicas: true,
    paused: true,
    selector: true,
    template: { metadata: { labels: true }, spec: podSpec },
    volumeClaimTemplates: { metadata: { name: true } },
  },
  status: true,
};

/** An endpoint of a PodMonitor names Secrets and holds none, but for its parameters. */
const monitoring: Shape = { spec: withoutFields(['params', 'headers', 'proxyConnectHeader']), status: true };

/** Who sets which header; not where identity providers are, nor what they are told. */
const policies: Shape = {
  spec: {
    targetRef: true,
    targetRefs: true,
    targetSelectors: true,
    mergeType: true,
    jwt: { optional: true, providers: { name: true, claimToHeaders: true } },
    apiKeyAuth: { forwardClientIDHeader: true, sanitize: true, credentialRefs: true, extractFrom: true },
    basicAuth: { forwardUsernameHeader: true },
    extAuth: { http: { headersToBackend: true }, grpc: () => ({}) },
  },
  status: true,
};
const rules: Shape = {
  spec: { groups: { name: true, interval: true, rules: { record: true, alert: true, expr: true, for: true, labels: true } } },
  status: true,
};

/** What facts read of each kind, by plural name; src/facts and src/pipelines say of each field why. */
export const shapes: Readonly<Record<string, Shape>> = {
  pods: {
    spec: podSpec,
    status: {
      phase: true,
      reason: true,
      message: true,
      podIP: true,
      podIPs: true,
      hostIP: true,
      startTime: true,
      conditions: true,
      containerStatuses: true,
      initContainerStatuses: true,
    },
  },
  namespaces: { status: { phase: true } },
  configmaps: { data: readKeys },
  mutatingwebhookconfigurations: {
    webhooks: {
      name: true,
      rules: true,
      failurePolicy: true,
      objectSelector: true,
      namespaceSelector: true,
      clientConfig: { service: true, caBundle: true },
    },
  },
  deployments: workload,
  replicasets: workload,
  daemonsets: workload,
  statefulsets: workload,
  gateways: { spec: { gatewayClassName: true, listeners: { name: true, port: true, protocol: true, hostname: true } }, status: true },
  httproutes: {
    spec: {
      parentRefs: true,
      hostnames: true,
      rules: { matches: { path: true }, backendRefs: { name: true, namespace: true, port: true, kind: true, group: true } },
    },
    status: true,
  },
  aigatewayroutes: { spec: withoutFields(['filterConfig', 'headerMutation', 'bodyMutation', 'headers']), status: true },
  gatewayconfigs: {
    spec: {
      globalLLMRequestCosts: true,
      extProc: { kubernetes: { image: true, imageRepository: true, env: readVariables, resources: true } },
    },
    status: true,
  },
  clienttrafficpolicies: {
    spec: {
      targetRef: true,
      targetRefs: true,
      targetSelectors: true,
      headers: { withUnderscoresAction: true, earlyRequestHeaders: { set: { name: true }, add: { name: true }, remove: true } },
    },
    status: true,
  },
  securitypolicies: policies,
  podmonitors: monitoring,
  servicemonitors: monitoring,
  prometheuses: { spec: prometheusSpec, status: true },
  prometheusagents: { spec: prometheusSpec, status: true },
  prometheusrules: rules,
  vmrules: rules,
  grafanadashboards: {
    spec: { json: readDashboard, gzipJson: true, configMapRef: { name: true, key: true }, instanceSelector: true, folder: true },
  },
  monitordashboards: { spec: { body: queriesOf } },
  persesdashboards: { spec: queriesOf },
  ...systemShapes,
};

/** Flags that are read, of the gateway's controller and sidecar, of Prometheus and its operator; other flags keep their names. */
const readFlags =
  /^--?(?:extProcImage|\w*[rR]equestHeader\w*|metricsPort|adminPort|rootPrefix|endpointPrefixes|extProcAddr|configPath|configBundlePath|maxRecvMsgSize|port|logLevel|enable\w+|web\.[\w.-]+|storage\.[\w.-]+|config\.file|(?:deny-|prometheus-instance-)?namespaces|prometheus-instance-selector|controller-id|prometheus-config-reloader|enable-feature|kubelet-[\w-]+|agent|service-cluster|service-node|concurrency|drain-[\w-]+|reload-url|listen-address|config-file|config|watched-dir|target|server\.[\w.-]+|metric-labels-default|limit-name-in-labels|limits?-[\w-]+|http-[\w-]+|metric-[\w-]+)$/;

/** Arguments at their places: a flag that is not read keeps its name alone, and the value after it is hidden. */
function readArguments(value: unknown): unknown {
  const given = list(value).map(String);
  return given.map((argument, at) => {
    const [, flag = argument, separator = ''] = /^(--?[^=\s]+)(=?)/.exec(argument) ?? [];
    if (argument.startsWith('-'))
      return readFlags.test(flag) || separator === '' ? (separator === '' && /\s/.test(argument) ? masked : argument) : `${flag}=${masked}`;
    const before = at === 0 ? '' : (given[at - 1] ?? '');
    const valueOfUnread = before.startsWith('-') && !before.includes('=') && !readFlags.test(before);
    return valueOfUnread || /\s/.test(argument) ? masked : argument;
  });
}

function withoutFields(names: readonly string[]): (value: unknown) => unknown {
  const without = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(without);
    if (typeof value !== 'object' || value === null) return value;
    const left = Object.entries(value).filter(([name, field]) => !names.includes(name) || typeof field === 'string');
    return Object.fromEntries(left.map(([name, field]) => [name, without(field)]));
  };
  return without;
}

/** All that Prometheus objects say of what is scraped; not how their pods are made, nor how they are let in elsewhere. */
function prometheusSpec(value: unknown): unknown {
  const unread = [
    'containers',
    'initContainers',
    'volumes',
    'volumeMounts',
    'additionalArgs',
    'podMetadata',
    'env',
    'hostAliases',
    'remoteRead',
    'alerting',
    'thanos',
    'tracingConfig',
    'apiserverConfig',
    'additionalScrapeConfigs',
    'secrets',
    'configMaps',
    'imagePullSecrets',
  ];
  const left = Object.entries(record(value)).filter(([name]) => !unread.includes(name));
  const writes = list(record(value).remoteWrite).map((write) => {
    const { url, name, writeRelabelConfigs } = record(write);
    return {
      ...(url === undefined ? {} : { url }),
      ...(name === undefined ? {} : { name }),
      ...(writeRelabelConfigs === undefined ? {} : { writeRelabelConfigs }),
    };
  });
  return { ...Object.fromEntries(left), ...('remoteWrite' in record(value) ? { remoteWrite: writes } : {}) };
}

/** Of ConfigMaps only the keys that are read: Envoy Gateway's configuration, and dashboards. */
function readKeys(value: unknown): unknown {
  return Object.fromEntries(
    Object.entries(strings(value)).flatMap(([key, content]) => {
      if (key === 'envoy-gateway.yaml') return [[key, readGatewayConfig(content)] as const];
      const config = readConfigFile(key, content);
      if (config !== null) return [[key, config] as const];
      const dashboard = key.endsWith('.json') || isDashboard(content) ? text(readDashboard(content)) : null;
      // What is no JSON stays none: a dashboard that Grafana cannot read is judged for that.
      return dashboard === null ? (key.endsWith('.json') ? [[key, brokenDashboard(content)] as const] : []) : [[key, dashboard] as const];
    }),
  );
}

function readGatewayConfig(yaml: string): string {
  const config = parsedYaml(yaml);
  // A text that is no YAML stays one.
  if (typeof config !== 'object' || config === null) return '{';
  const { apiVersion, kind, provider, gateway, extensionManager } = record(config);
  const service = record(record(extensionManager).service);
  const manager =
    extensionManager === undefined
      ? {}
      : {
          extensionManager:
            extensionManager === null
              ? null
              : {
                  hooks: record(extensionManager).hooks,
                  service: { fqdn: service.fqdn, host: service.host, hostname: service.hostname, port: service.port },
                },
        };
  const mode = record(record(provider).kubernetes).deploy;
  return JSON.stringify({ apiVersion, kind, gateway, provider: { type: record(provider).type, kubernetes: { deploy: mode } }, ...manager });
}

/** No JSON either, and about tokens if the dashboard was. */
function brokenDashboard(content: string): string {
  return /gen__?ai(?:[._]|_dot_|_2e_)client(?:[._]|_dot_|_2e_)token(?:[._]|_dot_|_2e_)usage/.test(content)
    ? '{"gen_ai_client_token_usage'
    : '{';
}

/** A key that a GrafanaDashboard refers to may have any name: what it holds tells. */
function isDashboard(content: string): boolean {
  return content.trimStart().startsWith('{') && /"(?:panels|rows|elements)"\s*:/.test(content);
}

/** A dashboard's JSON with what its queries are found and told by; null when it is none. */
function readDashboard(value: unknown): unknown {
  if (typeof value !== 'string') return null;
  try {
    return JSON.stringify(queriesOf(JSON.parse(value)));
  } catch {
    return null;
  }
}

const told = new Set([
  'title',
  'name',
  'expr',
  'query',
  'type',
  'kind',
  'hide',
  'refId',
  'uid',
  'id',
  'definition',
  'pluginId',
  'group',
  'version',
  'label',
]);

/** The tree of a dashboard: every branch, and of its leaves those that tell a query. */
function queriesOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(queriesOf);
  if (typeof value !== 'object' || value === null) return value;
  const left = Object.entries(value).filter(([name, field]) => told.has(name) || (typeof field === 'object' && field !== null));
  return Object.fromEntries(left.map(([name, field]) => [name, queriesOf(field)]));
}
