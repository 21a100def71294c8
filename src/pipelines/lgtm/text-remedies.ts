import type { ConfigSource } from '../../facts/collector-texts.ts';
import type { Collector } from '../../facts/collectors.ts';
import type { Operation } from '../../model/change.ts';
import type { Remedy } from '../../model/check.ts';
import { CollectorConfigError, configOf } from '../../parse/collector-config.ts';
import { patched, pointer } from '../../parse/patch.ts';
import { shellWord } from '../../parse/shell-word.ts';
import { type TextEdit, yamlEdits } from '../../parse/yaml-edit.ts';
import type { YamlChange } from '../../parse/yaml-splice.ts';
import { restart } from './scrape-remedies.ts';

/** A text in an object of the cluster, and how kubectl gets to it. */
export interface TextPlace {
  /** "configmap". */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** The fields that lead to it: ["data", "relay.yaml"]. */
  readonly at: readonly string[];
}

/** The command that makes edits in a text where it stands; jq ends with an error, and nothing is changed, where the text is another by then. */
export function editing(place: TextPlace, edits: readonly TextEdit[]): string {
  const program = edits.every(([, , ...which]) => which.length === 0) ? once : oneOfMany;
  return rewriting(place, ['--argjson', 'edits', JSON.stringify(edits)], program);
}

const changed = 'error("the text is not as it was read")';
const once = `reduce $edits[] as [$old, $new] (.; if (split($old) | length) == 2 then split($old) | join($new) else ${changed} end)`;
const joined = '($all[:$at + 1] | join($old)) + $new + ($all[$at + 1:] | join($old))';
const oneOfMany = `reduce $edits[] as [$old, $new, $at, $of] (.; split($old) as $all | ($at // 0) as $at | if ($all | length) == ($of // 1) + 1 then ${joined} else ${changed} end)`;

/** The command that puts more at the end of a text. */
export function appending(place: TextPlace, more: string): string {
  return rewriting(place, ['--argjson', 'more', JSON.stringify(more)], 'rtrimstr("\\n") + "\\n" + $more');
}

function rewriting({ resource, namespace, name, at }: TextPlace, values: readonly string[], program: string): string {
  const field = at.map((part) => `[${JSON.stringify(part)}]`).join('');
  const get = `kubectl -n ${shellWord(namespace)} get ${resource} ${shellWord(name)} -o json`;
  return `${get} | ${['jq', ...values, `.${field} |= (${program})`].map(shellWord).join(' ')} | kubectl replace -f -`;
}

/** A remedy that changes a text of a collector's configuration and lets the collector read it again; as it is said where no command can do that. */
export function reconfiguring(collector: Collector, source: ConfigSource | null, say: Remedy, changes: readonly YamlChange[]): Remedy {
  const command = source?.text == null ? null : changing(source, source.text, changes);
  return command === null ? say : { ...say, command: thenRead(collector, command) };
}

/** A command, and then the one that lets the collector read its configuration again, where that takes one. */
export function thenRead(collector: Collector, command: string): string {
  const again = collector.kind === 'alloy' ? null : restart(collector);
  return again === null ? command : `${command}\n${again}`;
}

/** Where kubectl finds a text of a configuration. */
export function textPlace({ namespace, name, key }: ConfigSource): TextPlace {
  return key === null
    ? { resource: 'opentelemetrycollector', namespace, name, at: ['spec', 'config'] }
    : { resource: 'configmap', namespace, name, at: ['data', key] };
}

function changing(source: ConfigSource, text: string, changes: readonly YamlChange[]): string | null {
  // v1beta1 has its configuration in fields.
  if (source.key === null && /^\s*\{/.test(text)) return patching(source, text, changes);
  const edits = yamlEdits(text, changes);
  return edits === null ? null : editing(textPlace(source), edits);
}

function patching({ namespace, name }: ConfigSource, json: string, changes: readonly YamlChange[]): string | null {
  let tree = valueAt(json, []);
  const operations: Operation[] = [];
  for (const { path, value } of changes) {
    const there = depthOf(tree, path);
    const inner = path.slice(there + 1).reduceRight<unknown>((within, step) => (step === '-' ? [within] : { [step]: within }), value);
    const operation: Operation = { op: 'add', path: pointer(...path.slice(0, there + 1)), value: inner };
    const replacing = typeof path.at(-1) === 'number' && there === path.length - 1;
    operations.push(replacing ? { ...operation, op: 'replace' } : operation);
    try {
      tree = patched(tree, [operations.at(-1) ?? operation]);
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }
  const under = operations.map((operation) => ({ ...operation, path: `/spec/config${operation.path}` }));
  return `kubectl -n ${shellWord(namespace)} patch opentelemetrycollector ${shellWord(name)} --type json -p ${shellWord(JSON.stringify(under))}`;
}

/** How many steps of a path lead to maps and lists that are there; the last one need not be. */
function depthOf(tree: unknown, path: readonly (string | number)[]): number {
  let node = tree;
  for (const [depth, step] of path.slice(0, -1).entries()) {
    const next = typeof node === 'object' && node !== null ? (node as Readonly<Record<string, unknown>>)[step] : undefined;
    if (typeof next !== 'object' || next === null) return depth;
    node = next;
  }
  return path.length - 1;
}

/** The text of a configuration that decides about a place in it: the last that says something there. */
export function decisive({ config }: Collector, path: readonly (string | number)[]): ConfigSource | null {
  return config.sources.findLast(({ text }) => text !== null && valueAt(text, path) !== undefined) ?? null;
}

/** What a text of a configuration says at a place; undefined: nothing. */
export function valueAt(text: string, path: readonly (string | number)[]): unknown {
  try {
    return path.reduce<unknown>((node, step) => (node as Readonly<Record<string, unknown>> | null | undefined)?.[step], configOf(text));
  } catch (error) {
    if (error instanceof CollectorConfigError) return undefined;
    throw error;
  }
}
