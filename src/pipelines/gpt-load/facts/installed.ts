import { raise } from '../../../facts/listed.ts';
import { defineFact } from '../../../model/fact.ts';
import type { Installed } from '../../../model/pipeline.ts';
import { type Instances, instances } from './instances.ts';

const lookedFor = ['a Deployment, StatefulSet or DaemonSet with a container image named gpt-load'];

/** Whether the program is there, by the image of a workload; a refused read is not absence. */
export const installed = defineFact({
  id: 'gpt-load',
  title: 'gpt-load',
  needs: { instances },
  read: ({ instances }, { options }): Installed => {
    // It serves no Gateway: whoever asks about one does not ask about it.
    if (options.gateway !== null) return { status: 'absent', lookedFor: [] };
    if (instances.read.length > 0 || instances.workloads.length > 0)
      return { status: 'installed', variant: variantOf(instances), summary: summaryOf(instances) };
    const [unread] = instances.unread;
    return unread === undefined ? { status: 'absent', lookedFor } : raise(unread);
  },
});

function variantOf({ read }: Instances): string | null {
  const releases = [...new Set(read.flatMap(({ release }) => release ?? []))].sort();
  return releases.length === 0 ? null : releases.join(', ');
}

function summaryOf({ read, workloads }: Instances): string {
  const pods = `${read.length} gpt-load ${read.length === 1 ? 'pod' : 'pods'}`;
  return `${pods} of ${workloads.length} ${workloads.length === 1 ? 'workload' : 'workloads'}`;
}
