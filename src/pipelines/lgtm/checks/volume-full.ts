import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, type Verdict, verdict } from '../../../model/check.ts';
import { type Volume, type Volumes, volumeMetrics, volumes } from '../facts/volumes.ts';
import { ids } from '../names.ts';

/** Below this share nothing sensible can be written any more: Prometheus and Mimir stop at the first write that fails. */
const none = 0.01;
/** And below this many bytes: a hundredth of a large volume takes a block yet. */
const little = 1024 ** 3;
/** kubernetes-mixin KubePersistentVolumeFillingUp warns from 15 % on when it goes on filling, and at 3 % whatever it does; between them is time to act. */
const few = 0.1;

/** Volumes of the store on which nothing can be written. */
export const volumeFull = defineCheck({
  id: ids.volumeFull,
  title: 'the volumes of the store take what is written',
  hop: 'collect',
  severity: 'error',
  why: 'A store without room refuses samples or ends, and collectors drop what it does not take. What was counted meanwhile is in no bill.',
  fix: 'Make the claim larger with `kubectl -n NAMESPACE patch pvc NAME`, or shorten `limits.compactor_blocks_retention_period`.',
  needs: { volumes },
  judge: ({ volumes }) => judged(volumes, (volume) => isFull(volume), 'is full'),
});

/** Volumes of the store that are nearly full. */
export const volumeFilling = defineCheck({
  id: ids.volumeFilling,
  title: 'the volumes of the store have room left',
  hop: 'collect',
  severity: 'warning',
  why: 'A store that runs out of room refuses samples or ends, and what is counted then is lost. There is still time to make its volume larger.',
  fix: 'Make the claim larger with `kubectl -n NAMESPACE patch pvc NAME`, or shorten `limits.compactor_blocks_retention_period`.',
  needs: { volumes },
  judge: ({ volumes }) => judged(volumes, (volume) => !isFull(volume) && share(volume) <= few, 'is nearly full'),
});

/** What is left of a volume; 1 where it is not told. */
function share({ room }: Volume): number {
  return room === null ? 1 : room.available / room.capacity;
}

/** A compactor that cannot write loses nothing: blocks wait for it. */
function isFull(volume: Volume): boolean {
  return share(volume) < none && (volume.room?.available ?? little) < little && volume.target !== 'compactor';
}

function judged({ read, unread, asked }: Volumes, isWrong: (volume: Volume) => boolean, what: string): Verdict {
  if (read.length === 0) return { status: 'skip', because: 'no part of a Grafana Mimir has a persistent volume claim' };
  const told = read.filter(({ room }) => room !== null);
  if (told.length === 0 && !asked && unread.length > 0) return { status: 'unknown', unread };
  if (told.length === 0)
    return {
      status: 'skip',
      because: `no store that was asked holds ${volumeMetrics} of ${listed(read.map(({ claim }) => claim))}: a scrape of the kubelets brings them`,
    };
  const dark = read.filter(({ room }) => room === null);
  const note = dark.length === 0 ? undefined : `nothing tells of ${listed(dark.map(({ claim }) => claim))}`;
  return verdict(
    told.filter(isWrong).map((volume) => finding(volume, what)),
    [],
    note,
  );
}

function finding(volume: Volume, what: string): Finding {
  const { namespace, claim, workload, room } = volume;
  const { available = 0, capacity = 0, toldBy = '' } = room ?? {};
  return {
    subject: `PersistentVolumeClaim ${namespace}/${claim}`,
    message: `the volume of ${workload.subject} ${what}: ${size(available)} of ${size(capacity)} are left`,
    evidence: {
      saw: `kubelet_volume_stats_available_bytes ${available}, kubelet_volume_stats_capacity_bytes ${capacity} in ${toldBy}`,
      run: `kubectl -n ${namespace} get pvc ${claim}`,
    },
    remedy: { text: `make the claim larger where its StorageClass allows it, or keep less: limits.compactor_blocks_retention_period` },
  };
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** "1.5 GiB". */
function size(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1024)));
  const value = bytes / 1024 ** power;
  return `${value < 10 && power > 0 ? Math.round(value * 10) / 10 : Math.round(value)} ${units[power]}`;
}
