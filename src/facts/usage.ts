import { ReadError, type Unread } from '../model/source.ts';
import type { UsageAnswer, UsageQuestion, UsageSource, UsageWindow } from '../model/usage.ts';
import type { Nouns } from './emitters.ts';
import { prometheusServers, type Server } from './prometheus.ts';
import { targets } from './targets.ts';
import { type Asked, countedOf, type UsageTraits } from './usage-asked.ts';
import { directUsage } from './usage-direct.ts';
import { countedIn } from './usage-family.ts';
import { type Figure, kinsOf } from './usage-figure.ts';
import { type Glance, glanceAt } from './usage-glance.ts';
import { addGrowth, piecesOf } from './usage-growth.ts';
import { type Grouping, groupingOf, identityOf, knownLabels } from './usage-labels.ts';
import { glancedPieces, matchedPieces } from './usage-pieces.ts';
import { retentionNote } from './usage-retention.ts';
import { type RowSum, rowSum } from './usage-rows.ts';
import { type Store, storeOf, warningsIn } from './usage-store.ts';

/** The usage of one pipeline, in its nouns. */
export function usageSource(nouns: Nouns, traits: UsageTraits): UsageSource {
  return {
    model: traits.model,
    facts: [prometheusServers(nouns), targets(nouns), nouns.identity, nouns.emissions],
    stored: (reader, question) => storedUsage({ reader, nouns, traits, question }),
    direct: (reader, question) => directUsage({ reader, nouns, traits, question }),
  };
}

async function storedUsage(wanted: Asked): Promise<UsageAnswer> {
  const { reader, nouns } = wanted;
  const { servers, lookedFor } = await reader.ask(prometheusServers(nouns));
  const stores = await Promise.all(servers.map((server) => storeOf(wanted, server)));
  const [store, ...others] = stores.filter(({ families }) => families.length > 0);
  if (store === undefined) {
    const unread = stores.flatMap((each) => [...each.unread, ...warningsIn(each, []).unread]);
    return nothingIn(wanted, servers, { lookedFor, unread });
  }
  const grouping = groupingOf(wanted, await identityOf(wanted), knownLabels(store.families));
  if ('label' in grouping) return { status: 'unknown-label', ...grouping };
  const summed = await summedOver(wanted, store, grouping);
  const question = { ...wanted.question, window: summed.window };
  const rows = summed.sum.rows();
  const retention = await retentionNote(reader.source, store.shards[0], question.window);
  const warned = warningsIn(store, summed.warnings);
  const unread = [...store.unread, ...warned.unread];
  if (rows.length === 0 && summed.unsure === 0 && unread.length === 0) return emptyIn(store, question, retention);
  const also = others.length === 0 ? [] : [`also stored in ${others.map(({ server }) => server.subject).join(', ')}: not added`];
  return {
    status: 'read',
    usage: {
      from: store.server.subject,
      window: question.window,
      apart: question.apart,
      since: null,
      by: grouping.by,
      extra: grouping.extra,
      counted: countedOf(nouns, question),
      rows,
      unsure: summed.unsure,
      notes: [...retention, ...grouping.notes, ...summed.notes, ...also, ...warned.notes],
      unread,
    },
  };
}

interface Summed {
  readonly sum: RowSum;
  /** With the pieces that the rows have. */
  readonly window: UsageWindow;
  readonly unsure: number;
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
}

/** Every stored name asked for and added up: with a look at each, and at more where something happened. */
async function summedOver(asked: Asked, store: Store, grouping: Grouping): Promise<Summed> {
  const { nouns, question, reader } = asked;
  const { apart, requests } = question;
  const counted = countedOf(nouns, question);
  const glanced = glancedPieces(question);
  const kins = store.families.flatMap((family) => kinsOf(asked, family, grouping));
  const glances = await Promise.all(kins.map((kin) => glanceAt(reader.source, kin, glanced)));
  const matched = matchedPieces(question, Math.max(seriesOf(glances, 'tokens'), seriesOf(glances, 'requests')));
  const window = question.coarse === 'unseen' || glances.every(({ quiet }) => quiet) ? glanced : matched;
  const parts = await Promise.all(glances.map((glance) => countedIn(reader.source, glance, matched)));
  const sum = rowSum({ pieces: piecesOf(window), apart, requests, counted });
  // In one order, whichever answer came first: the last digits of a sum depend on it.
  for (const grown of parts.flatMap((part) => part.counted)) addGrowth(sum, window, grown);
  const names = [...new Set(parts.flatMap(({ name }) => name ?? []))].sort();
  const doubts = parts.flatMap((part) => part.doubts).filter(({ type }) => counted.includes(type));
  return {
    sum,
    window,
    unsure: doubts.reduce((all, { points }) => all + points.reduce((sum, [, amount]) => sum + amount, 0), 0),
    notes: names.length > 1 ? [`${names.length} spellings are added up: ${names.join(', ')}`] : [],
    warnings: [...glances, ...parts].flatMap(({ warnings }) => warnings),
  };
}

function seriesOf(glances: readonly Glance[], of: Figure['of']): number {
  return glances.filter(({ kin }) => kin.first.of === of).reduce((sum, { series }) => sum + series, 0);
}

interface Looked {
  readonly lookedFor: readonly string[];
  readonly unread: readonly Unread[];
}

async function nothingIn(
  { reader, nouns, question }: Asked,
  servers: readonly Server[],
  { lookedFor, unread }: Looked,
): Promise<UsageAnswer> {
  const [first] = unread;
  if (first !== undefined)
    throw new ReadError(
      first.reason === 'bug' ? 'malformed' : first.reason,
      first.what,
      first.message,
      first.needs === null ? {} : { needs: first.needs },
    );
  const [server] = servers;
  if (server === undefined)
    throw new ReadError(
      'absent',
      'Prometheus',
      `no Prometheus was found (looked for ${lookedFor.join(', ')}); name one with --prometheus, or read the ${nouns.many} with --direct`,
    );
  const retention = await retentionNote(reader.source, server.shards[0], question.window);
  const why = [`${server.subject} stores no ${nouns.family.name} in any spelling between ${spanText(question.window)}`, ...retention];
  return { status: 'nothing', why: why.join('; ') };
}

function emptyIn({ server }: Store, { window, where }: UsageQuestion, retention: readonly string[]): UsageAnswer {
  const narrowed = where.length === 0 ? '' : ' that --where selects';
  return { status: 'nothing', why: [`${server.subject} stores no tokens${narrowed} between ${spanText(window)}`, ...retention].join('; ') };
}

/** "2026-11-24T12:00:00Z and 2026-11-25T12:00:00Z". */
function spanText({ start, end }: UsageWindow): string {
  return [start, end].map((seconds) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')).join(' and ');
}
