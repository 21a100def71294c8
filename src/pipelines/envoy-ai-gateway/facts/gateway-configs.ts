import { kinds, listing } from '../../../facts/kinds.ts';
import { listedIfServed } from '../../../facts/listed.ts';
import { defineFact } from '../../../model/fact.ts';
import { record, records, text } from '../../../parse/fields.ts';
import { annotations } from '../names.ts';
import type { Gateway } from './gateways.ts';

/** Settings of the sidecars of one Gateway (v0.5+). */
export interface GatewayConfig {
  readonly namespace: string;
  readonly name: string;
  /** Keys of spec.globalLLMRequestCosts (v0.6+). */
  readonly costs: readonly string[];
  /** The image that it pins for the sidecar. */
  readonly image: string | null;
}

/** All GatewayConfigs; none before v0.5, where the API server does not serve the kind. */
export const gatewayConfigs = defineFact({
  id: 'gateway-configs',
  title: 'GatewayConfigs',
  reads: [listing(kinds.gatewayconfigs)],
  read: async (_, { source, options }): Promise<readonly GatewayConfig[]> => {
    const objects = (await listedIfServed(source, options, kinds.gatewayconfigs)) ?? [];
    return objects.map((object) => {
      const { name, namespace = '' } = object.metadata;
      const spec = record(object.spec);
      const container = record(record(spec.extProc).kubernetes);
      const costs = records(spec.globalLLMRequestCosts).map((cost) => text(cost.metadataKey) ?? '');
      return { namespace, name, costs, image: text(container.image) ?? text(container.imageRepository) };
    });
  },
});

/** The config that a Gateway names in its annotation; it lives in the Gateway's namespace. */
export function configOf(gateway: Gateway, configs: readonly GatewayConfig[]): GatewayConfig | null {
  const wanted = gateway.annotations[annotations.gatewayConfig];
  return configs.find(({ namespace, name }) => namespace === gateway.namespace && name === wanted) ?? null;
}
