import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { type ExtensionConfig, extensionConfigs } from '../facts/extension-configs.ts';
import { agreed } from '../releases.ts';

/** The port of the controller's extension server: manifests/envoy-gateway-values.yaml. */
const extensionPort = 1063;

/** Whether Envoy Gateway asks the controller to insert the filter through which requests reach the sidecar. */
export const extensionUnwired = defineCheck({
  id: 'extension-unwired',
  title: 'Envoy Gateway hands its configuration to the controller’s extension server',
  hop: 'configure',
  severity: 'error',
  why: 'Without the hook no request reaches the sidecars. They stay healthy and idle for ever, and nothing is metered.',
  fix: 'Set config.envoyGateway.extensionManager in the values of the gateway-helm chart as manifests/envoy-gateway-values.yaml of the release has it, and restart Envoy Gateway.',
  follows: ['controller-missing'],
  needs: { controllers, extensionConfigs },
  judge({ controllers, extensionConfigs }) {
    const [controller] = controllers;
    if (controller === undefined) return { status: 'skip', because: 'there is no controller to hand anything to' };
    // Up to v0.3 an EnvoyExtensionPolicy inserted the filter (ai-eg-eep-GATEWAY).
    if (agreed(controller.guess, (release) => release.portFlag === 'metricsPort') === true)
      return { status: 'skip', because: 'this release inserts its filter by an EnvoyExtensionPolicy' };
    if (extensionConfigs.length === 0)
      return { status: 'skip', because: 'no ConfigMap with envoy-gateway.yaml stands beside an Envoy Gateway Deployment' };
    const problems = extensionConfigs.map((config) => ({ config, problem: unwired(config, controller) }));
    // Of several Envoy Gateways one is enough: the others may serve something else.
    if (problems.some(({ problem }) => problem === null)) return verdict([]);
    return verdict(problems.map(({ config, problem }) => finding(config, problem ?? '', controller)));
  },
});

function unwired({ manager, broken }: ExtensionConfig, controller: Controller): string | null {
  if (broken) return 'envoy-gateway.yaml is not YAML';
  if (manager === null) return 'it has no extensionManager';
  const { namespace, name } = controller.deployment;
  const [service, where] = (manager.host ?? '').split('.');
  if (manager.host === null) return 'extensionManager.service names no host';
  if (where !== undefined && (service !== name || where !== namespace))
    return `extensionManager calls ${manager.host}, and the controller is ${name}.${namespace}`;
  if (manager.port !== null && manager.port !== extensionPort)
    return `extensionManager calls port ${manager.port}, and the controller listens on ${extensionPort}`;
  return manager.hooks.includes('Translation') ? null : `hooks.xdsTranslator.post is [${manager.hooks.join(', ')}], without Translation`;
}

function finding(config: ExtensionConfig, problem: string, controller: Controller): Finding {
  const { namespace, name } = controller.deployment;
  return {
    subject: config.subject,
    message: `${problem}: Envoy Gateway does not ask the controller to insert the filter, so no request reaches the sidecars`,
    evidence: {
      saw: problem,
      run: `kubectl -n ${config.namespace} get configmap ${config.name} -o jsonpath='{.data.envoy-gateway\\.yaml}'`,
    },
    remedy: {
      text: `add the extensionManager to ${config.subject}, then restart Envoy Gateway`,
      command: `kubectl -n ${config.namespace} rollout restart deployment envoy-gateway`,
      patch: {
        extensionManager: {
          hooks: {
            xdsTranslator: {
              translation: {
                listener: { includeAll: true },
                route: { includeAll: true },
                cluster: { includeAll: true },
                secret: { includeAll: true },
              },
              post: ['Translation', 'Cluster', 'Route'],
            },
          },
          service: { fqdn: { hostname: `${name}.${namespace}.svc.cluster.local`, port: extensionPort } },
        },
      },
    },
  };
}
