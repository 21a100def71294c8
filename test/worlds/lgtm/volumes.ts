import { startKubelet } from '../../e2e/emulator/kubelet.ts';
import { names } from '../objects/namespaces.ts';
import type { Cluster, Expected, OtherWorld } from '../world.ts';
import { configure, overrides, sidecarJob } from './agent.ts';
import { lgtm } from './healthy.ts';
import { stack } from './stack.ts';

const gibibyte = 1024 ** 3;
const capacity = 10 * gibibyte;

/** A kubelet that the collector scrapes as well, and what it says of the volume of Mimir. */
function withVolume(available: number): (cluster: Cluster) => void {
  return (cluster) => {
    const address = `${cluster.subnet}.81`;
    const volumes = [
      { namespace: names.monitoring, claim: `data-${stack.mimir}-0`, capacity, available },
      { namespace: names.monitoring, claim: 'storage-lgtm-pack-loki-0', capacity, available: 0 },
    ];
    const job = {
      job_name: 'kubelets',
      scrape_interval: '5s',
      scrape_timeout: '4s',
      honor_labels: true,
      static_configs: [{ targets: [`${address}:10250`] }],
    };
    configure(cluster, overrides({ jobs: [sidecarJob(), job] }));
    cluster.backends.push({ namespace: 'kube-system', name: 'kubelet', address, port: 10250, start: () => startKubelet(address, volumes) });
  };
}

const world = (told: Pick<OtherWorld, 'name' | 'title' | 'expect'>, available: number): OtherWorld => ({
  ...told,
  make: lgtm({ mimir: { claims: true } }),
  change: withVolume(available),
});

const expected = (exitCode: number, brokenAt: string | null): Expected => ({ exitCode, brokenAt });

/** Worlds about the volume on which Mimir keeps what it was sent. */
export const volumeWorlds: readonly OtherWorld[] = [
  world(
    {
      name: 'lgtm-volume-with-room',
      title: 'the volume of Mimir is half full, and that of another store is full',
      expect: expected(0, null),
    },
    5 * gibibyte,
  ),
  world(
    { name: 'lgtm-volume-filling', title: 'the volume of Mimir is nearly full', expect: expected(0, 'volume-filling') },
    614 * 1024 ** 2,
  ),
  world({ name: 'lgtm-volume-full', title: 'nothing can be written on the volume of Mimir', expect: expected(1, 'volume-full') }, 0),
];
