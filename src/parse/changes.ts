import type { Change, Operation, Target } from '../model/change.ts';
import type { Remedy } from '../model/check.ts';
import type { KubeObject } from '../model/source.ts';
import { jsonOf, list, record, text } from './fields.ts';
import { createdRbac } from './rbac-commands.ts';

/** Words of one command, without the shell's quotes. */
export type Words = readonly string[];

/** The commands of a line with && or of several lines; each is one, or several joined by pipes. Null for what a shell would do more with. */
export function pipesOf(line: string): readonly (readonly Words[])[] | null {
  const pipes: string[][][] = [[[]]];
  for (let at = 0; at < line.length; ) {
    const [piece = '', joined] = /^(?:[ \t]+|\n|&&|\|(?!\|)|((?:[^\s'"\\&|;<>]|'[^']*'|"[^"$`\\]*"|\\[\s\S])+))/.exec(line.slice(at)) ?? [];
    if (piece === '') return null;
    if (joined !== undefined) pipes.at(-1)?.at(-1)?.push(unquoted(joined));
    else if (piece === '|') pipes.at(-1)?.push([]);
    else if (piece === '&&' || piece === '\n') pipes.push([[]]);
    at += piece.length;
  }
  return pipes.filter((pipe) => pipe.some((words) => words.length > 0));
}

/** The same with every command on its own. */
export function commandsOf(line: string): readonly Words[] | null {
  return pipesOf(line)?.flat() ?? null;
}

function unquoted(word: string): string {
  return word.replace(/'([^']*)'|"([^"]*)"|\\([\s\S])/g, (_, single, double, escaped) => single ?? double ?? escaped);
}

/** Whether commands only show something, so that they mend nothing themselves. */
export function looksOnly(command: string): boolean {
  const pipes = pipesOf(command);
  return (
    pipes?.every(
      ([words = [], ...rest]) => rest.length === 0 && words[0] === 'kubectl' && looking.has(argumentsOf(words.slice(1)).plain[0] ?? ''),
    ) ?? false
  );
}

const looking: ReadonlySet<string> = new Set(['get', 'describe', 'logs']);

/** What a remedy changes of objects; empty when it is advice, or does something else, such as a restart. */
export function changesOf({ command, patch }: Remedy): readonly Change[] {
  if (command !== undefined) return changesBy(pipesOf(command) ?? []);
  return isManifest(patch) ? [{ does: 'put', object: patch }] : [];
}

/** What goes through a pipe makes changes that only a shell can tell: without them the others are half of the remedy. */
function changesBy(pipes: readonly (readonly Words[])[]): readonly Change[] {
  return pipes.some((pipe) => pipe.length > 1) ? [] : pipes.flat().flatMap(changeOf);
}

/** Whether a patch is an object of its own. */
export function isManifest(patch: unknown): patch is KubeObject {
  const { apiVersion, kind, metadata } = record(patch);
  return text(apiVersion) !== null && text(kind) !== null && text(record(metadata).name) !== null;
}

/** The objects that a remedy changes for good, as far as its commands name them; a restart changes none. */
export function targetsOf(remedy: Remedy): readonly Target[] {
  const pipes = remedy.command === undefined ? [] : (pipesOf(remedy.command) ?? []);
  const named = pipes.flatMap(([words = [], ...rest]): readonly Target[] => {
    const { flags, plain } = argumentsOf(words.slice(1));
    const [verb = '', ...others] = plain[0] === 'set' ? plain.slice(1) : plain;
    if (words[0] !== 'kubectl' || !(rest.length > 0 ? verb === 'get' : changing.has(verb))) return [];
    const [word = '', name = others[1]] = others[0]?.split('/') ?? [];
    return name === undefined ? [] : [{ word: word.toLowerCase(), namespace: flags.get('-n') ?? flags.get('--namespace') ?? null, name }];
  });
  return [...new Map(named.map((target) => [JSON.stringify(target), target])).values()];
}

const changing: ReadonlySet<string> = new Set(['patch', 'label', 'annotate', 'scale', 'env', 'delete']);

function changeOf(words: readonly string[]): readonly Change[] {
  const [program, ...rest] = words;
  if (program !== 'kubectl') return [];
  const { flags, plain } = argumentsOf(rest);
  const namespace = flags.get('-n') ?? flags.get('--namespace') ?? null;
  const [verb, first = '', ...others] = plain;
  const [word = '', joined] = first.split('/');
  const name = joined ?? others[0];
  if (name === undefined) return [];
  if (verb === 'create') return putOf(createdRbac(word, name, namespace, flags));
  const target: Target = { word: word.toLowerCase(), namespace, name };
  if (verb === 'delete') return [{ does: 'delete', target }];
  if (verb === 'label')
    return [{ does: 'merge', target, patch: { metadata: { labels: pairsOf(joined === undefined ? others.slice(1) : others) } } }];
  return verb === 'patch' ? patchOf(target, flags) : [];
}

function putOf(object: KubeObject | null): readonly Change[] {
  return object === null ? [] : [{ does: 'put', object }];
}

function patchOf(target: Target, flags: ReadonlyMap<string, string>): readonly Change[] {
  const patch = jsonOf(flags.get('-p') ?? flags.get('--patch') ?? '');
  if (flags.get('--type') === 'json') return [{ does: 'patch', target, operations: list(patch) as readonly Operation[] }];
  return patch == null ? [] : [{ does: 'merge', target, patch }];
}

const taking = new Set(['-n', '--namespace', '-p', '--patch', '--type', '-o']);

function argumentsOf(words: readonly string[]): { readonly flags: ReadonlyMap<string, string>; readonly plain: readonly string[] } {
  const flags = new Map<string, string>();
  const plain: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    const [, flag, value] = /^(--?[\w-]+)=([\s\S]*)$/.exec(word) ?? [];
    if (flag !== undefined) flags.set(flag, value ?? '');
    else if (taking.has(word)) flags.set(word, words[++at] ?? '');
    else if (word.startsWith('-')) flags.set(word, '');
    else plain.push(word);
  }
  return { flags, plain };
}

/** "a=b" sets a label, "a-" removes it. */
function pairsOf(words: readonly string[]): Readonly<Record<string, string | null>> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      return at < 0 ? [word.replace(/-$/, ''), null] : [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}
