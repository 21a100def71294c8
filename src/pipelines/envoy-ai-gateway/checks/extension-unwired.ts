import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
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
  inObjects: true,
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
    remedy: remedyOf(config, {
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
    }),
  };
}

/** By the chart where Helm made the ConfigMap; else at the end of its YAML, which is not repeated: it may hold more than is read. */
function remedyOf({ subject, namespace, name, manager, named, broken, metadata }: ExtensionConfig, wanted: unknown): Remedy {
  const restart = `kubectl -n ${namespace} rollout restart deployment envoy-gateway`;
  const release = metadata.annotations?.['meta.helm.sh/release-name'];
  // "gateway-helm-v1.5.0"
  const [, version] = /^gateway-helm-(.+)$/.exec(metadata.labels?.['helm.sh/chart'] ?? '') ?? [];
  const text = `add the extensionManager to ${subject}, then restart Envoy Gateway`;
  if (release !== undefined && version !== undefined) {
    const value = shellWord(`config.envoyGateway.extensionManager=${JSON.stringify(wanted)}`);
    const upgrade = `helm -n ${namespace} upgrade ${release} oci://docker.io/envoyproxy/gateway-helm --version ${version} --reuse-values --set-json ${value}`;
    return { text: `set the extensionManager by the chart, as release ${release} made ${subject}`, command: `${upgrade}\n${restart}` };
  }
  if (manager !== null || named || broken) return { text, patch: { extensionManager: wanted } };
  const line = JSON.stringify(`\nextensionManager: ${JSON.stringify(wanted)}\n`);
  const append = `jq --argjson line ${shellWord(line)} ${shellWord('.data["envoy-gateway.yaml"] |= if startswith("{") then error("it is no block of YAML") else rtrimstr("\\n") + $line end')}`;
  return { text, command: `kubectl -n ${namespace} get configmap ${name} -o json | ${append} | kubectl replace -f -\n${restart}` };
}
