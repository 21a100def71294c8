import type { RecordedGet, RecordedList, RecordedReply, Snapshot } from '../model/snapshot.ts';
import type { KubeObject } from '../model/source.ts';
import { list, record, text } from '../parse/fields.ts';
import { literalPattern } from '../parse/re2/literal.ts';

/** One of many: what stands for it where the original's name and address stood. */
interface Clone {
  readonly from: KubeObject;
  readonly name: string;
  readonly ip: string;
}

/** The same recording with more pods that answer /metrics, `total` of them, each with its own name, address, endpoint and Prometheus targets. For benchmarks: how many calls does a large cluster cost? */
export function scale(snapshot: Snapshot, total: number): Snapshot {
  const originals = meteringPods(snapshot);
  const clones = Array.from({ length: originals.length === 0 ? 0 : Math.max(0, total - originals.length) }, (_, index) =>
    cloneOf(originals, index),
  );
  return {
    ...snapshot,
    lists: snapshot.lists.map((entry) => ({ ...entry, answer: withClones(entry.answer, clones) })),
    gets: [
      ...snapshot.gets.map((entry) => ({ ...entry, answer: withMentions(entry.answer, clones) })),
      ...snapshot.gets.flatMap((entry) => endpointsOf(entry, clones)),
    ],
  };
}

function meteringPods(snapshot: Snapshot): readonly KubeObject[] {
  const named = snapshot.gets.flatMap(({ endpoint, question }) =>
    endpoint.at === 'pod' && question.path === '/metrics' ? [`${endpoint.namespace}/${endpoint.pod}`] : [],
  );
  const pods = snapshot.lists.flatMap(({ kind, answer }) =>
    kind.resource === 'pods' && answer.status === 'objects' ? answer.objects : [],
  );
  return [...new Map(pods.map((pod) => [keyOf(pod), pod])).values()].filter((pod) => named.includes(keyOf(pod)));
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
const ipOf = (pod: KubeObject): string => text(record(pod.status).podIP) ?? '';

function cloneOf(originals: readonly KubeObject[], index: number): Clone {
  const from = originals[index % originals.length] as KubeObject;
  return { from, name: `${from.metadata.name}-${index}`, ip: `10.${200 + (index >> 16)}.${(index >> 8) & 0xff}.${index & 0xff}` };
}

function withClones(answer: RecordedList['answer'], clones: readonly Clone[]): RecordedList['answer'] {
  if (answer.status === 'refused') return answer;
  const more = clones.filter(({ from }) => answer.objects.some((object) => object.kind === from.kind && keyOf(object) === keyOf(from)));
  return { status: 'objects', objects: [...answer.objects, ...more.map((clone) => renamed(clone.from, clone))] };
}

/** A value with the original's name, address and uid replaced wherever they stand. */
function renamed<T>(value: T, { from, name, ip }: Clone): T {
  const replaced = [
    [from.metadata.name, name],
    [ipOf(from), ip],
    [from.metadata.uid ?? '', `${from.metadata.uid}-${name}`],
  ] as const;
  const plain = JSON.stringify(value);
  return JSON.parse(replaced.reduce((json, [before, after]) => (before === '' ? json : json.replace(wholeWord(before), after)), plain));
}

function wholeWord(word: string): RegExp {
  return new RegExp(`(?<![\\w.-])${literalPattern(word)}(?![\\w-]|\\.\\w)`, 'g');
}

function endpointsOf(entry: RecordedGet, clones: readonly Clone[]): readonly RecordedGet[] {
  const { endpoint } = entry;
  if (endpoint.at !== 'pod') return [];
  const mine = clones.filter(({ from }) => keyOf(from) === `${endpoint.namespace}/${endpoint.pod}`);
  return mine.map(({ name }) => ({ ...entry, endpoint: { ...endpoint, pod: name } }));
}

/** Prometheus answers with lists of targets and of series: each entry about a cloned pod comes once more for each clone. */
function withMentions(answer: RecordedGet['answer'], clones: readonly Clone[]): RecordedGet['answer'] {
  if (answer.status === 'refused' || !('text' in answer.body) || !answer.body.text.startsWith('{"status":"success"')) return answer;
  return { ...answer, body: { text: JSON.stringify(grown(parsed(answer), clones)) } };
}

function parsed({ body }: RecordedReply): unknown {
  return 'text' in body ? JSON.parse(body.text) : null;
}

const listsOfPrometheus = ['activeTargets', 'droppedTargets', 'result'] as const;

function grown(document: unknown, clones: readonly Clone[]): unknown {
  const data = record(record(document).data);
  const lists = listsOfPrometheus.filter((name) => Array.isArray(data[name])).map((name) => [name, repeated(list(data[name]), clones)]);
  return lists.length === 0 ? document : { ...record(document), data: { ...data, ...Object.fromEntries(lists) } };
}

function repeated(entries: readonly unknown[], clones: readonly Clone[]): readonly unknown[] {
  const about = (entry: unknown, { from }: Clone): boolean => wholeWord(from.metadata.name).test(JSON.stringify(entry));
  return [...entries, ...clones.flatMap((clone) => entries.filter((entry) => about(entry, clone)).map((entry) => renamed(entry, clone)))];
}
