import { type Limitador, startLimitador, type TokenFlow } from '../../e2e/emulator/limitador.ts';
import type { PrometheusRelease } from '../../e2e/testbed/prometheus.ts';
import { monitored } from '../cluster.ts';
import { workload } from '../objects/workloads.ts';
import type { Backend, Cluster, Manifest } from '../world.ts';
import { carriers, filterConfig, type Provider, proxies, routing } from './gateways.ts';
import {
  dashboard,
  istioMonitor,
  kuadrant,
  limitador,
  limitadorMonitor,
  namespace,
  operators,
  otherMonitors,
  places,
  programmed,
} from './objects.ts';
import { authPolicy, telemetryPolicy, tokenPolicy } from './policies.ts';

/** Two users of two groups. */
export const chats: readonly TokenFlow[] = [
  {
    namespace: 'llm/llm-sim',
    limit: 'free',
    labels: { user: 'user-1', group: 'free' },
    tokens: 131,
    before: 40,
    perSecond: 1,
    limited: { before: 26, perSecond: 1 },
  },
  { namespace: 'llm/llm-sim', limit: 'gold', labels: { user: 'user-2', group: 'gold' }, tokens: 290, before: 180, perSecond: 2 },
];

/** The same with other labels; an empty set: none. */
export const labelled = (...sets: readonly Readonly<Record<string, string>>[]): readonly TokenFlow[] =>
  chats.map((flow, index) => ({ ...flow, labels: sets[index] ?? sets[0] ?? {} }));

export const soundPanels = [
  'sum by (user) (increase(authorized_hits[$__rate_interval]))',
  'sum by (group) (rate(authorized_hits[5m]))',
] as const;

/** What may differ about a sound Kuadrant. */
export interface Shape {
  readonly prometheus?: PrometheusRelease;
  readonly provider?: Provider;
  readonly flows?: readonly TokenFlow[];
  /** What Limitador is like beyond what it has seen. */
  readonly program?: Partial<Limitador>;
  readonly image?: string;
  readonly panels?: readonly string[];
}

/** The address of Limitador's pod, beside the subnet. */
const place = 61;

/** Kuadrant 1.4 as the guide for token metrics sets it up, observability on. */
export function sound(shape: Shape = {}): (subnet: string) => Cluster {
  return (subnet) => {
    const { prometheus, provider = 'istio', flows = chats, program = {}, image, panels = soundPanels } = shape;
    const cluster = monitored(subnet, prometheus);
    const address = `${subnet}.${place}`;
    const limits = [programmed('free', 'cca14490', { max: 100_000 }), programmed('gold', '8a3ba14b', { max: 500_000 })];
    const own = limitador([address], limits, image);
    cluster.objects.push(
      ...Object.values(places).map((name) => namespace(name)),
      ...(provider === 'envoy-gateway' ? [namespace('envoy-gateway-system')] : []),
      ...operators(subnet),
      kuadrant(),
      ...own,
      ...routing(provider),
      ...proxies(provider, `${subnet}.71`),
      ...model(`${subnet}.81`),
      authPolicy(),
      tokenPolicy(),
      telemetryPolicy(),
      ...carriers(provider, filterConfig({ user: 'auth.identity.userid', group: 'auth.identity.groups' })),
      limitadorMonitor(),
      ...otherMonitors(),
      provider === 'istio' ? istioMonitor(places.gateway) : envoyMonitor(),
      ...(panels.length === 0 ? [] : [dashboard(...panels)]),
    );
    cluster.backends.push(...own.filter(({ kind }) => kind === 'Pod').map((pod) => backend(pod, { flows, ...program })));
    cluster.systems = provider === 'istio' ? ['kuadrant', 'istio'] : ['kuadrant'];
    return cluster;
  };
}

/** Behind a Limitador's pod. */
export function backend(pod: Manifest, program: Limitador): Backend {
  const address = (pod.status as { readonly podIP: string }).podIP;
  return {
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name,
    address,
    port: 8080,
    start: () => startLimitador(address, program),
  };
}

function envoyMonitor(): Manifest {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: { name: 'envoy-stats-monitor', namespace: places.gateway, labels: { 'kuadrant.io/observability': 'true' } },
    spec: {
      podMetricsEndpoints: [{ port: 'http-envoy-prom', path: '/stats/prometheus' }],
      selector: { matchLabels: { app: 'kuadrant-ingressgateway' } },
    },
  };
}

/** The simulator of the guide. */
function model(address: string): readonly Manifest[] {
  const labels = { app: 'llm-sim' };
  const container = {
    name: 'simulator',
    image: 'ghcr.io/llm-d/llm-d-inference-sim:v0.1.1',
    args: ['--model', 'meta-llama/Llama-3.1-8B-Instruct', '--port', '8000'],
    ports: [{ containerPort: 8000 }],
  };
  return [
    ...workload({
      namespace: places.models,
      name: 'llm-sim',
      labels,
      selector: labels,
      spec: { containers: [container] },
      addresses: [address],
      hash: '6d5c8b9f47',
    }),
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'llm-sim', namespace: places.models, labels },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8000, protocol: 'TCP' }] },
    },
  ];
}
