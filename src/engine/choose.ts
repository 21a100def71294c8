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

/** Finds the installed pipelines. */
export async function choose(pipelines: readonly Pipeline[], gathering: Gathering): Promise<Choice> {
  const looks = await Promise.all(pipelines.map((pipeline) => look(pipeline, gathering)));
  const lookedFor = looks.flatMap((each) => (each.status === 'absent' ? each.lookedFor : []));
  const unsure = looks.flatMap((each) => (each.status === 'unread' ? [each] : []));
  return {
    chosen: looks.flatMap((each) => (each.status === 'installed' ? [each.pipeline] : [])),
    unsure: unsure.map(({ pipeline }) => pipeline),
    lookedFor,
    unread: unsure.map(({ unread }) => unread),
  };
}

type Look =
  | { readonly status: 'installed'; readonly pipeline: Pipeline }
  | { readonly status: 'absent'; readonly lookedFor: readonly string[] }
  | { readonly status: 'unread'; readonly pipeline: Pipeline; readonly unread: Unread };

async function look(pipeline: Pipeline, gathering: Gathering): Promise<Look> {
  try {
    const installed = await gathering.reader.ask(pipeline.installed);
    return installed.status === 'installed' ? { status: 'installed', pipeline } : { status: 'absent', lookedFor: installed.lookedFor };
  } catch (error) {
    return { status: 'unread', pipeline, unread: unreadOf(error, pipeline.installed.id) };
  }
}
