import { ReadError, type Unread } from '../model/source.ts';
import { namesOf } from '../parse/promapi.ts';
import type { Server, Shard } from './prometheus.ts';
import { askedOf } from './prometheus-api.ts';
import { readOr } from './read-or.ts';
import { targets } from './targets.ts';
import type { Asked } from './usage-asked.ts';
import type { ShardFamily } from './usage-figure.ts';
import { identityOf } from './usage-labels.ts';
import { tooMuch } from './usage-range.ts';
import { withReplicas } from './usage-replicas.ts';
import { copyLabels, storedAs } from './usage-selector.ts';

/** One server, and what it stores of the family. */
export interface Store {
  readonly server: Server;
  readonly shards: readonly Shard[];
  readonly families: readonly ShardFamily[];
  readonly unread: readonly Unread[];
  readonly warnings: readonly string[];
}

/** Warnings mean that some of the series are missing, but for those of the query language itself: util/annotations of Prometheus. */
export function warningsIn(
  store: Store,
  further: readonly string[],
): { readonly notes: readonly string[]; readonly unread: readonly Unread[] } {
  const subject = store.server.subject;
  const texts = [...new Set([...store.warnings, ...further])];
  const ofLanguage = (text: string): boolean => text.startsWith('PromQL ');
  const [first, ...others] = texts.filter((text) => !ofLanguage(text));
  const more = others.length === 0 ? '' : ` (and ${others.length} more like it)`;
  const message = `${subject} warns: ${first}${more}`;
  return {
    notes: texts.filter(ofLanguage).map((text) => `${subject} warns: ${text}`),
    unread: first === undefined ? [] : [{ what: `GET of ${subject}`, reason: 'unreachable', message, needs: null }],
  };
}

/** The names of the family that each shard stores in the window, with their labels: from the index, which costs no samples. */
export async function storeOf(asked: Asked, server: Server): Promise<Store> {
  const unread: Unread[] = [...server.unread];
  const targetLabels = await targetLabelsOf(asked, server);
  const found = await Promise.all(
    server.shards.map((shard) => readOr(async () => [await familiesOf(asked, shard, targetLabels)], [], unread)),
  );
  const [families, warnings] = [found.flat().flatMap((each) => each.families), found.flat().flatMap((each) => each.warnings)];
  return { server, shards: server.shards, families, unread, warnings };
}

async function targetLabelsOf({ reader, nouns }: Asked, server: Server): Promise<readonly string[]> {
  try {
    const { servers } = await reader.ask(targets(nouns));
    const own = servers.find((each) => each.server.key === server.key)?.targets ?? [];
    return [...new Set(own.flatMap(({ labels }) => Object.keys(labels)))];
  } catch (error) {
    // Where targets cannot be read, the labels that scrapers are known to add are enough.
    if (error instanceof ReadError) return [];
    throw error;
  }
}

interface Families {
  readonly families: readonly ShardFamily[];
  readonly warnings: readonly string[];
}

async function familiesOf(asked: Asked, plainShard: Shard, targetLabels: readonly string[]): Promise<Families> {
  const { reader, nouns, question } = asked;
  const warnings: string[] = [];
  const { shard, replicas } = await withReplicas(reader.source, plainShard, question.window);
  const within = [
    ['start', String(question.window.start)],
    ['end', String(question.window.end)],
  ] as const;
  const index = async (path: string, match: string): Promise<readonly string[]> => {
    const answer = await askedOf(reader.source, shard, path, [['match[]', match], ...within]).catch(tooMuch);
    warnings.push(...answer.warnings);
    return namesOf(answer.data);
  };
  const [names = [], upLabels = []] = await Promise.all([
    index('/api/v1/label/__name__/values', `{__name__=~${JSON.stringify(nouns.family.sumPattern)}}`),
    index('/api/v1/labels', 'up'),
  ]);
  if (names.length === 0) return { families: [], warnings };
  const kept = [
    ...(question.by ?? []),
    ...question.where.map(({ label }) => label),
    ...(await identityOf(asked)).map(({ label }) => label),
  ];
  const families = await Promise.all(
    names.map(async (name) => {
      const labels = await index('/api/v1/labels', `{__name__=${JSON.stringify(name)}}`);
      const own = kept.flatMap((label) => [label, ...storedAs(label, labels, true)]);
      const target = upLabels.filter((label) => label !== '__name__' && labels.includes(label));
      return { shard, name, labels, copies: copyLabels(labels, [...targetLabels, ...replicas], own), target };
    }),
  );
  return { families, warnings };
}
