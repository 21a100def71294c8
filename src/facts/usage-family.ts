import type { Source } from '../model/source.ts';
import type { UsageWindow } from '../model/usage.ts';
import type { RangeSeries } from '../parse/matrix.ts';
import { birthsIn, type Told } from './usage-births.ts';
import { type Span, spansOf } from './usage-events.ts';
import type { Figure, Kin } from './usage-figure.ts';
import type { Glance } from './usage-glance.ts';
import { type Grown, type Growth, netted, piecesOf } from './usage-growth.ts';
import { intervalOf, usualInterval } from './usage-interval.ts';
import { resetParts } from './usage-pieces.ts';
import { markIn, spanQuery } from './usage-query.ts';
import { ranged } from './usage-range.ts';

/** What one stored name brought. */
export interface Brought {
  /** The name, when tokens were counted by it in the window. */
  readonly name: string | null;
  readonly counted: readonly Grown[];
  /** Values at which counters of tokens were first seen, when it cannot be told whether they grew within the window. */
  readonly doubts: readonly Growth[];
  /** What the server said is wrong with its answers. */
  readonly warnings: readonly string[];
}

/**
 * What counters grew by: what a glance has told of them, or what is asked where something happened, in pieces of `matched` then. Nothing is asked
 * tenant by tenant.
 */
export async function countedIn(source: Source, glance: Glance, matched: UsageWindow): Promise<Brought> {
  const { kin, window } = glance;
  const { counted, warnings } = await toldOf(source, glance);
  switch (counted) {
    case 'sums':
      return { ...sumsOf(glance), warnings };
    case 'ends': {
      const span: Span = { ...window, events: { births: false, resets: false } };
      return broughtBy(kin, await askedSpans(source, kin, { spans: [span], window, interval: usualInterval }), warnings);
    }
    case 'pieces': {
      const brought = await eventful(source, glance, matched);
      return { ...brought, warnings: [...warnings, ...brought.warnings] };
    }
  }
}

async function toldOf(source: Source, glance: Glance): Promise<Told> {
  if (glance.quiet) return { counted: 'sums', warnings: [] };
  return piecesOf(glance.window) === 1 ? birthsIn(source, glance) : { counted: 'pieces', warnings: [] };
}

function sumsOf({ kin, growth }: Glance): Omit<Brought, 'warnings'> {
  const counted = [kin.first, ...kin.others].map((figure, at): Grown => ({ figure, growth: growth[at] ?? [] }));
  return { name: nameOf(kin, growth[0] ?? []), counted, doubts: [] };
}

/** One query tells where something happens, and one each figure and span what was counted there. */
async function eventful(source: Source, { kin, targets, series }: Glance, window: UsageWindow): Promise<Brought> {
  const { spans, warnings } = await spansOf(source, kin.first, window);
  const jobs = [...new Set(targets.flatMap(({ labels }) => labels.job ?? []))];
  const happens = spans.some(({ events }) => events.births || events.resets);
  const interval = happens ? await intervalOf(source, kin.first.family.shard, jobs, window) : usualInterval;
  const cut = spans.map((span) => (span.events.resets ? resetParts(span, { interval, series }) : span));
  return broughtBy(kin, await askedSpans(source, kin, { spans: cut, window, interval }), warnings);
}

function broughtBy(kin: Kin, parts: readonly Asked[], warnings: readonly string[]): Brought {
  const firsts = parts.filter(({ figure }) => figure === kin.first);
  return {
    name: nameOf(
      kin,
      firsts.flatMap(({ growth }) => growth),
    ),
    counted: parts,
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

interface Asked extends Grown, Pick<Brought, 'doubts' | 'warnings'> {}

function askedSpans(source: Source, kin: Kin, { spans, window, interval }: Cut): Promise<readonly Asked[]> {
  const ask = async (figure: Figure, span: Span): Promise<Asked> => {
    const asked = { groups: figure.groups, happening: { ...span.events, interval, parts: window.step } };
    const query = spanQuery(figure.family, figure.selector, asked, { ...window, step: span.step });
    const { series, warnings } = await ranged(source, figure.family.shard, query, span);
    const growth = netted(figure, series, signOf);
    return { figure, growth, doubts: netted(figure, series, (each) => (isDoubt(each) ? 1 : 0)), warnings };
  };
  return Promise.all(spans.flatMap((span) => [kin.first, ...kin.others].map((figure) => ask(figure, span))));
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
