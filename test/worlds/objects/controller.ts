import type { Manifest } from '../world.ts';
import { names } from './namespaces.ts';
import type { Look } from './releases.ts';
import { webhookCa } from './webhook-ca.ts';
import { workload } from './workloads.ts';

const chart = { 'app.kubernetes.io/name': 'ai-gateway-helm', 'app.kubernetes.io/instance': 'aieg' };

/** The controller as its chart renders it, with its webhook: envoyproxy/ai-gateway manifests/charts/ai-gateway-helm. */
export function controller(look: Look, mapping: string, address: string): readonly Manifest[] {
  const service: Manifest = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'ai-gateway-controller', namespace: names.controller, labels: chart },
    spec: { selector: chart, ports: look.controllerPorts.map((port) => ({ name: `port-${port}`, port, targetPort: port })) },
  };
  const objects = workload({
    namespace: names.controller,
    name: 'ai-gateway-controller',
    labels: {
      ...chart,
      'helm.sh/chart': `ai-gateway-helm-${look.version}`,
      'app.kubernetes.io/version': look.version,
      'app.kubernetes.io/managed-by': 'Helm',
    },
    annotations: { 'meta.helm.sh/release-name': 'aieg', 'meta.helm.sh/release-namespace': names.controller },
    selector: chart,
    spec: podSpec(look, mapping),
    addresses: [address],
    hash: '6c9f7b8d54',
  });
  return [service, ...objects, webhook(look)];
}

function podSpec(look: Look, mapping: string): Readonly<Record<string, unknown>> {
  const probe = { grpc: { port: 1063 }, initialDelaySeconds: 5, periodSeconds: 2 };
  return {
    serviceAccountName: 'ai-gateway-controller',
    containers: [
      {
        name: 'ai-gateway-helm',
        image: `docker.io/envoyproxy/ai-gateway-controller:${look.version}`,
        imagePullPolicy: 'IfNotPresent',
        ports: look.controllerPorts.map((containerPort) => ({ containerPort })),
        args: controllerArgs(look, mapping),
        env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
        livenessProbe: probe,
        readinessProbe: probe,
        volumeMounts: [{ name: 'certs', mountPath: '/certs', readOnly: true }],
      },
    ],
    volumes: [{ name: 'certs', secret: { secretName: 'self-signed-cert-for-mutating-webhook' } }],
  };
}

/** In the order of templates/deployment.yaml at the tag. */
export function controllerArgs(look: Look, mapping: string): readonly string[] {
  const flag = mapping === '' || look.mappingFlag === null ? [] : [`--${look.mappingFlag}=${mapping}`];
  const v11 = look.bundle;
  const mcp = ['--mcpSessionEncryptionSeed=default-insecure-seed', '--mcpSessionEncryptionIterations=100000'];
  return [
    '-logLevel=info',
    ...(v11 ? ['-logFormat=text'] : []),
    `--extProcImage=docker.io/envoyproxy/ai-gateway-extproc:${look.version}`,
    '--extProcImagePullPolicy=IfNotPresent',
    '--extProcLogLevel=info',
    ...(v11 ? ['--extProcLogFormat=text'] : []),
    ...(look.version >= 'v1.0.0' ? [`--envoyGatewayNamespace=${names.envoyGateway}`] : []),
    ...flag,
    ...(look.version >= 'v0.5.0' ? ['--endpointPrefixes=openai:,cohere:/cohere,anthropic:/anthropic'] : []),
    '--tlsCertDir=/certs',
    '--tlsCertName=tls.crt',
    '--tlsKeyName=tls.key',
    ...(v11 ? ['--webhookPort=9443'] : []),
    '--enableLeaderElection=true',
    ...(look.version >= 'v0.3.0' ? ['--rootPrefix=/'] : []),
    ...(look.version >= 'v0.5.0' ? ['--cacheSyncTimeout=2m', '--watchNamespaces=', ...mcp] : []),
  ];
}

function webhook(look: Look): Manifest {
  const caBundle = Buffer.from(webhookCa).toString('base64');
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: `envoy-ai-gateway-gateway-pod-mutator.${names.controller}`, labels: chart },
    webhooks: [
      {
        name: `ai-gateway-controller.${names.controller}.svc.cluster.local`,
        admissionReviewVersions: ['v1'],
        clientConfig: { caBundle, service: { name: 'ai-gateway-controller', namespace: names.controller, path: '/mutate', port: 9443 } },
        failurePolicy: look.failurePolicy,
        matchPolicy: 'Equivalent',
        objectSelector: { matchLabels: { 'app.kubernetes.io/managed-by': 'envoy-gateway' } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'], scope: '*' }],
        sideEffects: 'None',
        timeoutSeconds: 10,
      },
    ],
  };
}
