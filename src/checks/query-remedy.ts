import type { TokenQuery } from '../facts/token-queries.ts';
import type { Operation } from '../model/change.ts';
import type { Remedy } from '../model/check.ts';
import { record, text } from '../parse/fields.ts';
import { pointer } from '../parse/patch.ts';
import { shellWord } from '../parse/shell-word.ts';
import { patching } from './patching.ts';

/** A query, and the object that holds it. */
type Held = Pick<TokenQuery, 'holder' | 'query'>;

/**
 * Puts another query in the place of one, in the object that holds it. Objects with the query as a field get a JSON patch. Where a whole
 * dashboard is one string, the text is changed where it is: a patch would have to repeat all of it.
 */
export function rewriting(query: Held, better: string, advice: string): Remedy {
  const { holder } = query;
  const say = `${advice}: ${better}`;
  switch (holder.resource) {
    case 'prometheusrules':
    case 'vmrules':
    case 'monitordashboards':
    case 'persesdashboards':
      return inFields(query, better, say);
    case 'configmaps':
      return inText(query, better, say, { resource: 'configmap', name: holder.object.metadata.name, at: ['data', keyOf(query)] });
    case 'grafanadashboards':
      return inDashboard(query, better, say);
    default:
      return { text: say };
  }
}

/** The key of a ConfigMap with several: "ConfigMap monitoring/tokens, tokens.json". */
function keyOf({ holder }: Held): string {
  return holder.subject.slice(holder.subject.indexOf(', ') + 2);
}

function inDashboard(query: Held, better: string, say: string): Remedy {
  const { object } = query.holder;
  const { json, configMapRef } = record(object.spec);
  const { name, key } = record(configMapRef);
  if (text(json) !== null)
    return inText(query, better, say, { resource: 'grafanadashboard', name: object.metadata.name, at: ['spec', 'json'] });
  if (typeof name === 'string' && typeof key === 'string')
    return inText(query, better, say, { resource: 'configmap', name, at: ['data', key] });
  return { text: `${say}; no patch reaches into gzipJson` };
}

function inFields(query: Held, better: string, say: string): Remedy {
  const { object, resource } = query.holder;
  const { namespace = '', name } = object.metadata;
  const operations = placesOf(object.spec, '/spec').flatMap(([path, value]): readonly Operation[] => {
    const changed =
      query.query.kind === 'variable' ? value.replaceAll(query.query.expr, () => better) : value === query.query.expr ? better : value;
    if (changed === value) return [];
    return [
      { op: 'test', path, value },
      { op: 'replace', path, value: changed },
    ];
  });
  return operations.length === 0 ? { text: say } : patching(say, [{ resource: resource.replace(/s$/, ''), namespace, name }, operations]);
}

/** Every string in a value, with its place (RFC 6901). */
function placesOf(value: unknown, path: string): readonly (readonly [path: string, value: string])[] {
  if (typeof value === 'string') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, field]) => placesOf(field, `${path}${pointer(name)}`));
}

interface Place {
  readonly resource: string;
  readonly name: string;
  /** The field that holds the dashboard's JSON. */
  readonly at: readonly string[];
}

/** kubectl sees to it that nobody changed the object in between: replace sends its resourceVersion back. Where the better one holds the other, it is left alone: nothing is put around it twice. */
function inText(query: Held, better: string, say: string, { resource, name, at }: Place): Remedy {
  const { namespace = '' } = query.holder.object.metadata;
  const field = at.map((part) => `[${JSON.stringify(part)}]`).join('');
  const swap =
    query.query.kind === 'variable'
      ? 'if type == "string" then split($new) | map(split($old) | join($new)) | join($new) else . end'
      : 'if . == $old then $new else . end';
  const program = `.${field} |= (fromjson | walk(${swap}) | tojson)`;
  const words = ['jq', '--argjson', 'old', JSON.stringify(query.query.expr), '--argjson', 'new', JSON.stringify(better), program]
    .map(shellWord)
    .join(' ');
  const get = `kubectl -n ${shellWord(namespace)} get ${resource} ${shellWord(name)} -o json`;
  return { text: say, command: `${get} | ${words} | kubectl replace -f -` };
}
