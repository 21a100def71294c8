import { choose } from '../engine/choose.ts';
import type { Gathering } from '../engine/gather.ts';
import type { Pipeline } from '../model/pipeline.ts';
import { ReadError, type Unread } from '../model/source.ts';
import type { UsageSource } from '../model/usage.ts';
import { usageSources } from '../pipelines/usage.ts';

/** A pipeline, and where its usage comes from. */
export interface Meter {
  readonly pipeline: Pipeline;
  readonly source: UsageSource;
}

/** Whose usage is asked. */
export interface Meters {
  readonly asked: readonly Meter[];
  /** Those that may be there and could not be looked for. */
  readonly unsure: readonly { readonly pipeline: Pipeline; readonly unread: Unread }[];
  /** Whether none is installed, and all are asked of the Prometheus that the user named. */
  readonly guessed: boolean;
}

/**
 * The installed pipelines that tell usage; a Prometheus that the user named may hold the tokens of another cluster, so that without any all are
 * asked. Throws ReadError when there is nobody to ask.
 */
export async function metersOf(
  chosen: readonly Pipeline[],
  gathering: Gathering,
  sources: Readonly<Record<string, UsageSource>> = usageSources,
): Promise<Meters> {
  const able = chosen.flatMap((pipeline) => {
    const source = sources[pipeline.id];
    return source === undefined ? [] : [{ pipeline, source }];
  });
  const choice = await choose(
    able.map(({ pipeline }) => pipeline),
    gathering,
  );
  const asked = able.filter(({ pipeline }) => choice.chosen.includes(pipeline));
  const unsure = choice.unsure.flatMap((pipeline, at) => {
    const unread = choice.unread[at];
    return unread === undefined ? [] : [{ pipeline, unread }];
  });
  if (asked.length > 0) return { asked, unsure, guessed: false };
  if (gathering.reader.options.prometheus !== null && able.length > 0) return { asked: able, unsure: [], guessed: true };
  const [unread] = choice.unread;
  const message = unread?.message ?? `no gateway that meters tokens was found; looked for ${choice.lookedFor.join(', ')}`;
  throw new ReadError(unread === undefined || unread.reason === 'bug' ? 'absent' : unread.reason, 'usage', message);
}
