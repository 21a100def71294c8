import type { ServerResponse } from 'node:http';
import { type Listening, listening } from './listening.ts';

/** A volume as the kubelet of its node sees it. */
export interface MountedVolume {
  readonly namespace: string;
  readonly claim: string;
  /** Bytes. */
  readonly capacity: number;
  readonly available: number;
}

/** The part of a kubelet's /metrics that is about volumes: pkg/kubelet/metrics/collectors/volume_stats.go. Without TLS, which no check looks at. */
export async function startKubelet(address: string, volumes: readonly MountedVolume[], port = 10250): Promise<Listening> {
  const answer = (_: unknown, response: ServerResponse): unknown =>
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(pageOf(volumes));
  return listening(answer, address, port);
}

function pageOf(volumes: readonly MountedVolume[]): string {
  const family = (name: string, help: string, value: (volume: MountedVolume) => number): string =>
    [
      `# HELP kubelet_volume_stats_${name} [ALPHA] ${help}`,
      `# TYPE kubelet_volume_stats_${name} gauge`,
      ...volumes.map(
        (volume) =>
          `kubelet_volume_stats_${name}{namespace="${volume.namespace}",persistentvolumeclaim="${volume.claim}"} ${value(volume)}`,
      ),
    ].join('\n');
  const families = [
    family('available_bytes', 'Number of available bytes in the volume', ({ available }) => available),
    family('capacity_bytes', 'Capacity in bytes of the volume', ({ capacity }) => capacity),
    family('used_bytes', 'Number of used bytes in the volume', ({ available, capacity }) => capacity - available),
  ];
  return `${families.join('\n')}\n`;
}
