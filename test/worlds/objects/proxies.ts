import type { Editable, Manifest, Mode } from '../world.ts';
import { names } from './namespaces.ts';
import type { Look } from './releases.ts';
import { workload } from './workloads.ts';

const hash = '7c9d8f6b5d';

export interface ProxyInput {
  readonly look: Look;
  readonly mapping: string;
  readonly mode: Mode;
  readonly addresses: readonly string[];
}

/** Where Envoy Gateway puts the proxies of the gateway, and under which name: internal/infrastructure/kubernetes/proxy. */
export function placeOf(mode: Mode): { readonly namespace: string; readonly name: string } {
  return mode.namespace === 'gateway'
    ? { namespace: names.tenant, name: names.gateway }
    : { namespace: names.envoyGateway, name: 'envoy-maas-system-maas-gateway-b158fcdc' };
}

/** The proxies of the AI gateway, with their sidecars injected. */
export function proxies({ look, mapping, mode, addresses }: ProxyInput): readonly Manifest[] {
  const labels = ownLabels(names.tenant, names.gateway, mode);
  const service = serviceOf(placeOf(mode), labels);
  const objects = workload({
    ...placeOf(mode),
    labels,
    selector: labels,
    podAnnotations: annotations(look, true),
    spec: injected(look, mapping),
    addresses,
    hash,
    kind: mode.workload ?? 'Deployment',
  });
  // the template of the Deployment is Envoy Gateway's: only pods are injected
  return [service, ...objects.map((object) => (object.kind === 'Pod' ? object : withoutSidecar(object, look)))];
}

/** The proxy of a Gateway that serves no models: never injected. */
export function plainProxy(look: Look, address: string): readonly Manifest[] {
  const labels = ownLabels(names.tenant, 'web', {});
  return workload({
    namespace: names.envoyGateway,
    name: 'envoy-maas-system-web-3a1c9e0f',
    labels,
    selector: labels,
    podAnnotations: annotations(look, false),
    spec: plain(look),
    addresses: [address],
    hash: '84f6d7c9b8',
  });
}

function ownLabels(namespace: string, gateway: string, mode: Mode): Record<string, string> {
  return {
    'app.kubernetes.io/component': 'proxy',
    'app.kubernetes.io/managed-by': 'envoy-gateway',
    'app.kubernetes.io/name': 'envoy',
    'gateway.envoyproxy.io/owning-gateway-name': gateway,
    'gateway.envoyproxy.io/owning-gateway-namespace': namespace,
    ...(mode.namespace === 'gateway' ? { 'gateway.networking.k8s.io/gateway-name': gateway } : {}),
  };
}

function serviceOf(place: { readonly namespace: string; readonly name: string }, labels: Record<string, string>): Manifest {
  const ports = [{ name: 'http-80', port: 80, targetPort: 10080 }];
  return { apiVersion: 'v1', kind: 'Service', metadata: { ...place, labels }, spec: { type: 'ClusterIP', selector: labels, ports } };
}

function annotations(look: Look, injected: boolean): Record<string, string> {
  return {
    'prometheus.io/path': '/stats/prometheus',
    'prometheus.io/port': '19001',
    'prometheus.io/scrape': 'true',
    ...(injected ? { 'aigateway.envoyproxy.io/uuid': '6f0d1d0e-8f1b-4b27-9b53-2f6a5d1f9d11' } : {}),
    ...(injected && look.bundle ? { 'aigateway.envoyproxy.io/extproc-config-hash': '1d3c0c2f4b7e1a9c' } : {}),
  };
}

function withoutSidecar(object: Manifest, look: Look): Manifest {
  const spec = object.spec as { readonly template: { readonly spec: unknown } };
  return { ...object, spec: { ...spec, template: { ...spec.template, spec: plain(look) } } };
}

function plain(look: Look): Readonly<Record<string, unknown>> {
  return {
    serviceAccountName: 'envoy-maas-system-maas-gateway-b158fcdc',
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 360,
    containers: [envoy(look), shutdownManager(look)],
    volumes: [{ name: 'certs', secret: { secretName: 'envoy' } }],
  };
}

function injected(look: Look, mapping: string): Readonly<Record<string, unknown>> {
  return withSidecar(plain(look), look, sidecarOf(look, mapping));
}

/** What the webhook makes of a pod's spec: internal/controller/gateway_mutator.go mutatePod. */
export function withSidecar(base: Editable, look: Look, sidecar: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const mounts = [{ name: 'ai-gateway-extproc-uds', mountPath: '/etc/ai-gateway-extproc-uds' }];
  const secret = `ai-gateway-${names.gateway}-${names.tenant}`;
  const containers: readonly Editable[] = base.containers.map((each: Editable) =>
    each.name === 'envoy' ? { ...each, volumeMounts: [...each.volumeMounts, ...mounts] } : each,
  );
  return {
    ...base,
    ...(look.native ? { containers, initContainers: [{ ...sidecar, restartPolicy: 'Always' }] } : { containers: [...containers, sidecar] }),
    volumes: [
      ...base.volumes,
      { name: 'ai-gateway-extproc-uds', emptyDir: {} },
      { name: secret, secret: { secretName: `${names.gateway}-${names.tenant}` } },
      ...(look.bundle
        ? [{ name: `${secret}-bundle`, projected: { sources: [{ secret: { name: `${names.gateway}-${names.tenant}-b158fcdc4500` } }] } }]
        : []),
    ],
  };
}

function envoy(look: Look): Readonly<Record<string, unknown>> {
  const probe = { httpGet: { path: '/ready', port: 19003 }, periodSeconds: 5, failureThreshold: 1 };
  return {
    name: 'envoy',
    image: `docker.io/envoyproxy/envoy:${look.envoy}`,
    command: ['envoy'],
    args: [
      '--service-cluster',
      `${names.tenant}/${names.gateway}`,
      '--service-node',
      '$(ENVOY_POD_NAME)',
      '--log-level',
      'warn',
      '--drain-time-s',
      '60',
    ],
    ports: [
      { name: 'metrics', containerPort: 19001, protocol: 'TCP' },
      { name: 'readiness', containerPort: 19003, protocol: 'TCP' },
    ],
    readinessProbe: probe,
    resources: { requests: { cpu: '100m', memory: '512Mi' } },
    volumeMounts: [{ name: 'certs', mountPath: '/certs', readOnly: true }],
  };
}

function shutdownManager(look: Look): Readonly<Record<string, unknown>> {
  return {
    name: 'shutdown-manager',
    image: `docker.io/envoyproxy/gateway:${look.envoyGateway}`,
    command: ['envoy-gateway'],
    args: ['envoy', 'shutdown-manager'],
    readinessProbe: { httpGet: { path: '/healthz', port: 19002 }, periodSeconds: 10 },
  };
}

/** internal/controller/gateway_mutator.go at the tag; v1.1 extproc_builder.go. */
export function sidecarOf(look: Look, mapping: string): Readonly<Record<string, unknown>> {
  const early = look.version < 'v0.4.0';
  const secret = `ai-gateway-${names.gateway}-${names.tenant}`;
  return {
    name: 'ai-gateway-extproc',
    image: `docker.io/envoyproxy/ai-gateway-extproc:${look.version}`,
    imagePullPolicy: 'IfNotPresent',
    args: sidecarArgs(look, mapping),
    ports: look.portNames.map((name) => ({ name, containerPort: 1064, protocol: 'TCP' })),
    readinessProbe: {
      httpGet: early ? { path: '/', port: 1065 } : { path: '/health', port: 1064 },
      initialDelaySeconds: 2,
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 1,
    },
    securityContext: { runAsNonRoot: true, runAsUser: look.user, allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    volumeMounts: [
      { name: 'ai-gateway-extproc-uds', mountPath: '/etc/ai-gateway-extproc-uds' },
      { name: secret, mountPath: '/etc/filter-config', readOnly: true },
      ...(look.bundle ? [{ name: `${secret}-bundle`, mountPath: '/etc/filter-config-bundle', readOnly: true }] : []),
    ],
  };
}

/** In the order in which the controller writes them. */
export function sidecarArgs(look: Look, mapping: string): readonly string[] {
  const early = look.version < 'v0.4.0';
  const path = look.bundle ? ['-configBundlePath', '/etc/filter-config-bundle'] : ['-configPath', '/etc/filter-config/filter-config.yaml'];
  return [
    ...path,
    ...['-logLevel', 'info', '-extProcAddr', 'unix:///etc/ai-gateway-extproc-uds/run.sock'],
    ...(early ? ['-metricsPort', '1064', '-healthPort', '1065'] : ['-adminPort', '1064']),
    ...(look.version < 'v0.3.0' ? [] : ['-rootPrefix', '/']),
    ...(early ? [] : ['-maxRecvMsgSize', '536870912']),
    ...(mapping === '' || look.mappingFlag === null ? [] : [`-${look.mappingFlag}`, mapping]),
    ...(look.version < 'v0.5.0' ? [] : ['-endpointPrefixes', 'openai:,cohere:/cohere,anthropic:/anthropic']),
  ];
}
