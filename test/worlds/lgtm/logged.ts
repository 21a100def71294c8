import { type Cluster, drop, type Expected, edit, type OtherWorld } from '../world.ts';
import { configure, overrides, receiver } from './agent.ts';
import { crash } from './collectors.ts';
import { lgtm, type Shape } from './healthy.ts';
import { stack } from './stack.ts';

const sound: Expected = { exitCode: 0, brokenAt: null };
const broken = (id: string): Expected => ({ exitCode: 1, brokenAt: id });

interface Told extends Omit<OtherWorld, 'make' | 'options'> {
  readonly shape?: Shape;
}

const world = ({ shape, ...rest }: Told): OtherWorld => ({ ...rest, options: { logs: true }, make: lgtm(shape) });

/** A store whose configuration lies in a Secret, and a collector that counts nothing of itself: nobody can tell that tenants are wanted but the collector's log. */
function untold(cluster: Cluster): void {
  const config = overrides();
  configure(cluster, { ...config, service: { ...(config.service as object), telemetry: { metrics: { level: 'none' } } } });
  drop(cluster, ({ kind, metadata }) => (kind === 'ConfigMap' && metadata.name === stack.mimir) || /grafana/.test(metadata.name));
  const secret = { name: 'config', secret: { secretName: stack.mimir } };
  edit(cluster, 'StatefulSet', stack.mimir, ({ spec }) => void spec.template.spec.volumes.splice(0, 1, secret));
  edit(cluster, 'Pod', `${stack.mimir}-0`, ({ spec }) => void spec.volumes.splice(0, 1, secret));
}

/** Worlds in which the log of the collector is read. */
export const loggedWorlds: readonly OtherWorld[] = [
  world({ name: 'lgtm-log-of-a-sound-collector', title: 'the log of the collector is read, and says nothing that matters', expect: sound }),
  world({
    name: 'lgtm-refusals-in-the-log',
    title: 'the store wants a tenant, and only the log of the collector says so',
    shape: { mimir: { multitenant: true }, dashboards: [] },
    change: untold,
    expect: broken('export-failing'),
  }),
  world({
    name: 'lgtm-crash-in-the-log',
    title: 'the collector refuses its configuration, and its log says why while the kubelet does not',
    shape: { writing: { receivers: ['otlp', 'prometheus', receiver, 'prometheus/gone'] } },
    change: crash(''),
    expect: broken('collector-unready'),
  }),
];
