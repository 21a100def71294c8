import type { Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import type { RangeSeries } from '../parse/matrix.ts';
import { birthsIn, type Told } from './usage-births.ts';
import { type Span, spansOf } from './usage-events.ts';
import type { Figure, Kin } from './usage-figure.ts';
import type { Glance } from './usage-glance.ts';
import { addGrowth, type Growth, type Into, netted, piecesOf } from './usage-growth.ts';
import { intervalOf, usualInterval } from './usage-interval.ts';
import { resetParts } from './usage-pieces.ts';
import { markIn, spanQuery } from './usage-query.ts';
import { ranged } from './usage-range.ts';

/** What one stored name brought. */
export interface Brought {
  /** The name, when tokens were counted by it in the window. */
  readonly name: string | null;
  /** Values at which counters of tokens were first seen, when it cannot be told whether they grew within the window. */
  readonly doubts: readonly Growth[];
  /** What the server said is wrong with its answers. */
  readonly warnings: readonly string[];
}

/** Adds what counters grew by: what a glance has told of them, or what is asked where something happened. Nothing is asked tenant by tenant. */
export async function addCounted(source: Source, glance: Glance, into: Into): Promise<Brought> {
  const { kin, window } = glance;
  const { counted, warnings } = await toldOf(source, glance);
  switch (counted) {
    case 'sums':
      return { ...addSums(glance, into), warnings };
    case 'ends': {
      const span: Span = { ...window, events: { births: false, resets: false } };
      return broughtBy(kin, await addSpans(source, kin, { spans: [span], window, interval: usualInterval }, into), warnings);
    }
    case 'pieces': {
      const brought = await addEventful(source, glance, into);
      return { ...brought, warnings: [...warnings, ...brought.warnings] };
    }
  }
}

async function toldOf(source: Source, glance: Glance): Promise<Told> {
  if (glance.quiet) return { counted: 'sums', warnings: [] };
  return piecesOf(glance.window) === 1 ? birthsIn(source, glance) : { counted: 'pieces', warnings: [] };
}

function addSums({ kin, growth }: Glance, into: Into): Pick<Brought, 'name' | 'doubts'> {
  for (const [at, figure] of [kin.first, ...kin.others].entries()) addGrowth(figure, growth[at] ?? [], into);
  return { name: nameOf(kin, growth[0] ?? []), doubts: [] };
}

/** One query tells where something happens, and one each figure and span what was counted there. */
async function addEventful(source: Source, { kin, targets, series }: Glance, into: Into): Promise<Brought> {
  const window = into.matched;
  const { spans, warnings } = await spansOf(source, kin.first, window);
  const jobs = [...new Set(targets.flatMap(({ labels }) => labels.job ?? []))];
  const eventful = spans.some(({ events }) => events.births || events.resets);
  const interval = eventful ? await intervalOf(source, kin.first.family.shard, jobs, window) : usualInterval;
  const cut = spans.map((span) => (span.events.resets ? resetParts(span, { interval, series }) : span));
  return broughtBy(kin, await addSpans(source, kin, { spans: cut, window, interval }, into), warnings);
}

function broughtBy(kin: Kin, parts: readonly Added[], warnings: readonly string[]): Brought {
  const firsts = parts.filter(({ figure }) => figure === kin.first);
  return {
    name: nameOf(
      kin,
      firsts.flatMap(({ growth }) => growth),
    ),
    doubts: kin.first.of === 'tokens' ? firsts.flatMap(({ doubts }) => doubts) : [],
    warnings: [...warnings, ...parts.flatMap((part) => part.warnings)],
  };
}

function nameOf({ first }: Kin, growth: readonly Growth[]): string | null {
  return first.of === 'tokens' && growth.some(({ points }) => points.some(([, amount]) => amount > 0)) ? first.family.name : null;
}

interface Cut {
  readonly spans: readonly Span[];
  /** The whole of them, in pieces. */
  readonly window: UsageWindow;
  readonly interval: number;
}

interface Added extends Pick<Brought, 'doubts' | 'warnings'> {
  readonly figure: Figure;
  readonly growth: readonly Growth[];
}

function addSpans(source: Source, kin: Kin, { spans, window, interval }: Cut, into: Into): Promise<readonly Added[]> {
  const add = async (figure: Figure, span: Span): Promise<Added> => {
    const asked = { groups: figure.groups, happening: { ...span.events, interval, parts: window.step } };
    const query = spanQuery(figure.family, figure.selector, asked, { ...window, step: span.step });
    const { series, warnings } = await ranged(source, figure.family.shard, query, span);
    const growth = netted(figure, series, signOf);
    addGrowth(figure, growth, into);
    return { figure, growth, doubts: netted(figure, series, (each) => (isDoubt(each) ? 1 : 0)), warnings };
  };
  return Promise.all(spans.flatMap((span) => [kin.first, ...kin.others].map((figure) => add(figure, span))));
}

const isDoubt = ({ labels }: RangeSeries): boolean => ['doubt', 'told'].includes(markIn(labels) ?? '');

/** How often what a series tells was counted. */
function signOf({ labels }: RangeSeries): number {
  switch (markIn(labels)) {
    case null:
      return 1;
    case 'before':
    case 'doubt':
      return -1;
    default:
      return 0;
  }
}
