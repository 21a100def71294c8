import { closure } from '../engine/gather.ts';
import { clusterRole, type Need, needsOf } from '../explain/rbac.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { OptIn } from '../model/source.ts';
import { pipelines } from '../pipelines/index.ts';
import { oneOf } from './plan.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';

export interface RbacFlags {
  readonly name: string;
  readonly serviceAccount?: string;
  readonly via: string;
  readonly secretNames?: boolean;
  readonly logs?: boolean;
}

/** `tokmeter rbac`: the ClusterRole that doctor and get need, generated from what their facts declare to read. */
export async function rbac(flags: RbacFlags, shell: Shell): Promise<number> {
  const via = oneOf('--via', flags.via, ['port-forward', 'proxy']);
  if (!/^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/.test(flags.name)) throw new UsageError(`--name: "${flags.name}" is no name of a ClusterRole`);
  const serviceAccount = flags.serviceAccount === undefined ? null : accountOf(flags.serviceAccount);
  const asked = (['secretNames', 'logs'] as const).filter((optIn) => flags[optIn] === true);
  await shell.write(clusterRole(accessNeeds(pipelines, asked), { name: flags.name, serviceAccount, via }));
  return 0;
}

/** What every fact of every check and view may ask of the API server; what only a flag makes them ask, when that flag is given. */
export function accessNeeds(all: readonly Pipeline[], asked: readonly OptIn[] = []): readonly Need[] {
  const wanted = all.flatMap(({ installed, checks, views }) => [
    installed,
    ...[...checks, ...Object.values(views)].flatMap(({ facts }) => facts),
  ]);
  const facts = closure(wanted);
  return needsOf(
    facts.map(({ title, reads }) => ({ title, reads: reads.filter(({ optIn }) => optIn === undefined || asked.includes(optIn)) })),
  );
}

function accountOf(text: string): { readonly namespace: string; readonly name: string } {
  const match = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(text);
  if (match === null) throw new UsageError(`--service-account takes NAMESPACE/NAME, not "${text}"`);
  return { namespace: match[1] ?? '', name: match[2] ?? '' };
}
