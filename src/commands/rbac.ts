import { closure } from '../engine/gather.ts';
import { clusterRole, type Need, needsOf } from '../explain/rbac.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { pipelines } from '../pipelines/index.ts';
import { oneOf } from './plan.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';

/** `tokmeter rbac`: the ClusterRole that doctor and get need, generated from what their facts declare to read. */
export async function rbac(
  flags: { readonly name: string; readonly serviceAccount?: string; readonly via: string },
  shell: Shell,
): Promise<number> {
  const via = oneOf('--via', flags.via, ['port-forward', 'proxy']);
  if (!/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/.test(flags.name)) throw new UsageError(`--name: "${flags.name}" is no name of a ClusterRole`);
  const serviceAccount = flags.serviceAccount === undefined ? null : accountOf(flags.serviceAccount);
  await shell.write(clusterRole(accessNeeds(pipelines), { name: flags.name, serviceAccount, via }));
  return 0;
}

/** What every fact of every check and view may ask of the API server. */
export function accessNeeds(all: readonly Pipeline[]): readonly Need[] {
  const asked = all.flatMap(({ installed, checks, views }) => [
    installed,
    ...[...checks, ...Object.values(views)].flatMap(({ facts }) => facts),
  ]);
  return needsOf(closure(asked));
}

function accountOf(text: string): { readonly namespace: string; readonly name: string } {
  const match = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text);
  if (match === null) throw new UsageError(`--service-account takes NAMESPACE/NAME, not "${text}"`);
  return { namespace: match[1] ?? '', name: match[2] ?? '' };
}
