import type { Expected, OtherWorld } from '../world.ts';
import { collectorWorlds } from './collector.ts';
import { lgtm, type Shape } from './healthy.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, make: lgtm(shape) });

/** Worlds with API keys, a collector, a Mimir and a Grafana. */
export const lgtmWorlds: readonly OtherWorld[] = [
  world({ name: 'lgtm-healthy', title: 'API keys at the gateway, a collector on each node, one Mimir, a Grafana', expect: sound }),
  world({
    name: 'lgtm-header-unmapped',
    title: 'the policy forwards x-client-id, and x-llm-client-id is mapped',
    shape: { mapping: 'x-llm-client-id:user.id' },
    expect: broken('client-id-unmapped'),
  }),
  ...collectorWorlds,
];
