import { kinds, listing } from '../../../facts/kinds.ts';
import { listed } from '../../../facts/listed.ts';
import { type Deployment, deploymentOf } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import type { KubeObject } from '../../../model/source.ts';
import { list, number, record, strings, text } from '../../../parse/fields.ts';
import { imageOf } from '../../../parse/image.ts';
import { readYaml } from '../../../parse/yaml-guard.ts';

/** What Envoy Gateway's own configuration says of the extension server that inserts the filter. */
export interface ExtensionConfig {
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  /** Who made it: labels and annotations. */
  readonly metadata: KubeObject['metadata'];
  /** Null: no extensionManager at all. */
  readonly manager: {
    readonly host: string | null;
    readonly port: number | null /** xdsTranslator.post. */;
    readonly hooks: readonly string[];
  } | null;
  /** It names an extensionManager, be it an empty one. */
  readonly named: boolean;
  /** The YAML did not parse. */
  readonly broken: boolean;
}

const key = 'envoy-gateway.yaml';

/** The configuration of every Envoy Gateway: the ConfigMaps with envoy-gateway.yaml beside its Deployment (found by image, EG:charts/gateway-helm). */
export const extensionConfigs = defineFact({
  id: 'extension-configs',
  title: "Envoy Gateway's configuration",
  reads: [listing(kinds.deployments), listing(kinds.configmaps)],
  read: async (_, { source, options }): Promise<readonly ExtensionConfig[]> => {
    const deployments = (await listed(source, options, kinds.deployments)).map(deploymentOf).filter(isEnvoyGateway);
    const namespaces = [...new Set(deployments.map((deployment) => deployment.namespace))].sort();
    const found = await Promise.all(namespaces.map((namespace) => source.list(kinds.configmaps, { namespace })));
    return found.flat().flatMap((object) => {
      const yaml = strings(object.data)[key];
      const { name, namespace = '' } = object.metadata;
      return yaml === undefined
        ? []
        : [{ subject: `ConfigMap ${namespace}/${name}`, namespace, name, metadata: object.metadata, ...managerOf(yaml) }];
    });
  },
});

function isEnvoyGateway(deployment: Deployment): boolean {
  const named = deployment.name === 'envoy-gateway' || deployment.labels['control-plane'] === 'envoy-gateway';
  return (
    named ||
    deployment.containers.some((container) => container.name === 'envoy-gateway' && imageOf(container.image).name.endsWith('gateway'))
  );
}

/** EG:api/v1alpha1/envoygateway_types.go ExtensionManager. */
function managerOf(yaml: string): Pick<ExtensionConfig, 'manager' | 'named' | 'broken'> {
  const config = parsed(yaml);
  if (config === null) return { manager: null, named: false, broken: true };
  if (typeof config.extensionManager !== 'object' || config.extensionManager === null)
    return { manager: null, named: 'extensionManager' in config, broken: false };
  const manager = record(config.extensionManager);
  const service = record(manager.service);
  const address = 'fqdn' in service ? record(service.fqdn) : service;
  return {
    broken: false,
    named: true,
    manager: {
      host: text(address.hostname) ?? text(address.host),
      port: number(address.port),
      hooks: list(record(record(manager.hooks).xdsTranslator).post).map(String),
    },
  };
}

function parsed(yaml: string): Readonly<Record<string, unknown>> | null {
  try {
    return record(readYaml(yaml));
  } catch {
    // Envoy Gateway itself would not start with it; the check says so.
    return null;
  }
}
