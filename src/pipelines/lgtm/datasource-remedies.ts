import type { Datasource } from '../../facts/grafana.ts';
import type { Remedy } from '../../model/check.ts';
import { list, record, text } from '../../parse/fields.ts';
import { shellWord } from '../../parse/shell-word.ts';
import { yamlEdits } from '../../parse/yaml-edit.ts';
import { tenantHeader } from './names.ts';
import { editing, valueAt } from './text-remedies.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Puts another URL into a data source. */
export function reaiming(datasource: Datasource, url: string): Remedy {
  const say = { text: `set its url to ${url}${afterwards(datasource)}` };
  // Who lets Grafana in would stand in the command.
  return String(entryOf(datasource)?.entry.url ?? '').includes('@') ? say : resourcing(datasource, say, () => ({ url }));
}

/** Lets a data source name a tenant: jsonData.httpHeaderNameN and secureJsonData.httpHeaderValueN belong together. */
export function retenanting(datasource: Datasource, tenant: string): Remedy {
  const fields = (plain: Fields): Fields => {
    const names = Object.keys(plain).filter((key) => /^httpHeaderName\d+$/.test(key));
    const own = names.find((key) => text(plain[key])?.toLowerCase() === tenantHeader.toLowerCase());
    const number = own?.slice('httpHeaderName'.length) ?? String(1 + Math.max(0, ...names.map((key) => Number(key.slice(14)))));
    const named = own === undefined ? { jsonData: { [`httpHeaderName${number}`]: tenantHeader } } : {};
    return { ...named, secureJsonData: { [`httpHeaderValue${number}`]: tenant } };
  };
  const say = { text: `let data source ${datasource.name} send ${tenantHeader}: ${tenant}${afterwards(datasource)}` };
  return resourcing(datasource, { ...say, patch: fields(record(entryOf(datasource)?.entry.jsonData)) }, fields);
}

/** What no sidecar watches is read when Grafana starts. */
function afterwards({ holder }: Datasource): string {
  return holder.watched ? '' : ', then restart Grafana';
}

function resourcing(datasource: Datasource, say: Remedy, fieldsOf: (plain: Fields) => Fields): Remedy {
  const { holder, namespace } = datasource;
  const found = entryOf(datasource);
  if (found === null) return say;
  const fields = fieldsOf(record(found.entry.jsonData));
  if (holder.key === null) {
    const patch = JSON.stringify({ spec: { datasource: fields } });
    return {
      ...say,
      command: `kubectl -n ${shellWord(namespace)} patch grafanadatasource ${shellWord(holder.name)} --type merge -p ${shellWord(patch)}`,
    };
  }
  const changes = leavesOf(fields).map(([path, value]) => ({ path: ['datasources', found.index, ...path], value }));
  const edits = yamlEdits(holder.text, changes);
  const place = { resource: 'configmap', namespace, name: holder.name, at: ['data', holder.key] };
  return edits === null ? say : { ...say, command: editing(place, edits) };
}

/** The data source as it is written, and which of its file it is. */
function entryOf({ holder, name }: Datasource): { readonly entry: Fields; readonly index: number } | null {
  if (holder.key === null) return { entry: record(valueAt(holder.text, [])), index: 0 };
  const all = list(valueAt(holder.text, ['datasources']));
  const index = all.findIndex((each) => text(record(each).name) === name);
  return index < 0 ? null : { entry: record(all[index]), index };
}

function leavesOf(fields: Fields): readonly (readonly [path: readonly string[], value: unknown])[] {
  return Object.entries(fields).flatMap(([key, value]) =>
    typeof value === 'object' && value !== null
      ? leavesOf(value as Fields).map(([path, leaf]) => [[key, ...path], leaf] as const)
      : [[[key], value] as const],
  );
}
