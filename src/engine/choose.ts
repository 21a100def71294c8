import type { Pipeline } from '../model/pipeline.ts';
import { type Unread, unreadOf } from '../model/source.ts';
import type { Gathering } from './gather.ts';

/** Which pipelines are there, and what was looked for or could not be read where none is. */
export interface Choice {
  readonly chosen: readonly Pipeline[];
  /** Those that could not be looked for: they may be there, so that leaving them out would be green without looking. */
  readonly unsure: readonly Pipeline[];
  readonly lookedFor: readonly string[];
  readonly unread: readonly Unread[];
}

/**
 * Finds the installed pipelines. One that another covers is left out: its links are judged there. `onFound` hears of each as soon as it is found,
 * before it is known whether another covers it.
 */
export async function choose(
  pipelines: readonly Pipeline[],
  gathering: Gathering,
  onFound: (pipeline: Pipeline) => void = () => {},
): Promise<Choice> {
  const looks = await Promise.all(
    pipelines.map(async (pipeline) => {
      const found = await look(pipeline, gathering);
      if (found.status === 'installed') onFound(pipeline);
      return found;
    }),
  );
  const lookedFor = looks.flatMap((each) => (each.status === 'absent' ? each.lookedFor : []));
  const unread = looks.flatMap((each) => (each.status === 'unread' ? [each] : []));
  const covered = new Set(looks.flatMap((each) => (each.status === 'installed' ? each.covers : [])));
  return {
    chosen: looks.flatMap((each) => (each.status === 'installed' && !covered.has(each.pipeline.id) ? [each.pipeline] : [])),
    // A recording that was made without looking for one says nothing about it, and will not.
    unsure: unread.flatMap((each) => (each.unread.reason === 'unrecorded' ? [] : [each.pipeline])),
    lookedFor,
    unread: unread.map((each) => each.unread),
  };
}

type Look =
  | { readonly status: 'installed'; readonly pipeline: Pipeline; readonly covers: readonly string[] }
  | { readonly status: 'absent'; readonly lookedFor: readonly string[] }
  | { readonly status: 'unread'; readonly pipeline: Pipeline; readonly unread: Unread };

async function look(pipeline: Pipeline, gathering: Gathering): Promise<Look> {
  try {
    const installed = await gathering.reader.ask(pipeline.installed);
    if (installed.status === 'absent') return { status: 'absent', lookedFor: installed.lookedFor };
    return { status: 'installed', pipeline, covers: installed.covers ?? [] };
  } catch (error) {
    return { status: 'unread', pipeline, unread: unreadOf(error, pipeline.installed.id) };
  }
}
