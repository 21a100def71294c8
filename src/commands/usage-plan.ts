import type { Options } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { UsageQuestion } from '../model/usage.ts';
import type { PriceList } from '../parse/price.ts';
import { pipelines } from '../pipelines/index.ts';
import { optionsOf, pipelinesOf } from './plan.ts';
import type { Shell } from './shell.ts';
import { UsageError } from './usage-error.ts';
import { matchOf, pricesOf, topOf, typesOf, type UsageFlags } from './usage-flags.ts';
import { pieceOf, windowOf } from './usage-window.ts';
import { milliseconds } from './values.ts';

/** What the flags of `usage` ask for. */
export interface Plan {
  readonly chosen: readonly Pipeline[];
  readonly options: Options;
  readonly flags: UsageFlags;
  readonly direct: boolean;
  readonly top: number | null;
  readonly prices: PriceList | null;
  /** How often to look again, in seconds; null: once. */
  readonly watch: number | null;
  /** All but the window, which ends when the cluster's clock says now. */
  readonly question: Omit<UsageQuestion, 'window'>;
}

/** Reads the flags, all of them before anything is read of a cluster. */
export async function planOf(flags: UsageFlags, requests: boolean, environment: Shell['environment']): Promise<Plan> {
  if (flags.direct && [flags.since, flags.start, flags.end, flags.step].some((flag) => flag !== undefined))
    throw new UsageError('--direct reads counters since they began; --since, --start, --end and --step are for what Prometheus stores');
  checkWindow(flags);
  const prices = await pricesOf(flags.price);
  return {
    chosen: pipelinesOf(flags.pipeline, pipelines),
    options: await optionsOf(flags, environment),
    flags,
    direct: flags.direct === true,
    top: topOf(flags.top),
    prices,
    watch: watchOf(flags),
    question: {
      by: namesOf(flags.by),
      where: (flags.where ?? []).map(matchOf),
      types: typesOf(flags.type),
      apart: flags.step !== undefined,
      ...(flags.step === undefined && !(flags.output ?? []).some((output) => output.startsWith('html')) ? { coarse: 'unseen' } : {}),
      requests,
      priced: prices !== null,
    },
  };
}

/** Before anything is read: only the end of the window is not known yet. */
function checkWindow(flags: UsageFlags): void {
  if (flags.direct) return;
  if (flags.step !== undefined) pieceOf(flags.step);
  const { step: _, ...lengthUnknown } = flags;
  windowOf(flags.start !== undefined && flags.end === undefined ? lengthUnknown : flags, Date.now() / 1000 + 86_400);
}

function namesOf(by: readonly string[] | undefined): readonly string[] | null {
  if (by === undefined) return null;
  const names = [...new Set(by.map((name) => name.trim()))];
  if (names.includes('')) throw new UsageError('--by takes label names, such as user_namespace,gen_ai_request_model');
  return names;
}

/** Between two looks of --watch when it does not say: Prometheus seldom scrapes more often. */
const usualWatch = 15;

function watchOf({ watch, start, end, step, output = [], price, from }: UsageFlags): number | null {
  if (watch === undefined) return null;
  if (from !== undefined) throw new UsageError('--watch looks again and again, and --from holds one moment');
  if (start !== undefined || end !== undefined)
    throw new UsageError('--watch looks at what passes now; --start and --end are for what passed');
  if (step !== undefined) throw new UsageError('--watch looks at one moment; --step cuts what passed into pieces');
  if (price !== undefined) throw new UsageError('--watch shows tokens a minute, which --price does not price');
  const [format] = output.filter((each) => each !== 'table' && each !== 'wide');
  if (format !== undefined) throw new UsageError(`--watch shows a table; -o ${format} shows one moment`);
  const seconds = watch === true ? usualWatch : milliseconds('--watch', watch) / 1000;
  if (seconds < 1) throw new UsageError('--watch looks at most once a second');
  return seconds;
}
