import { asksMetadataOnly } from '../model/metadata-only.ts';
import type { RecordedGet, RecordedList, RecordedReply, Snapshot } from '../model/snapshot.ts';
import type { KubeObject, Metadata } from '../model/source.ts';
import { jsonOf, list, record, records, strings } from '../parse/fields.ts';
import { masked } from '../parse/redact.ts';
import { withoutSecrets, withoutSecretText } from '../parse/secrets.ts';
import { readYaml, yamlTrouble } from '../parse/yaml-guard.ts';
import { withoutRawLog } from './kept-log.ts';
import { isGrafanaPath, readGrafana } from './redaction-grafana.ts';
import { shapes } from './redaction-shapes.ts';
import { readValueFrom, readVariable } from './redaction-systems.ts';

/** What is left of a value: all of it, nothing, some of its fields (of each item, when it is a list), or what a function makes of it. */
export type Shape = true | { readonly [field: string]: Shape } | ((value: unknown) => unknown);

/** A recording with only the fields that facts read, and without whatever looks like a secret in what is left. */
export function withReadFields(snapshot: Snapshot): Snapshot {
  const wanted = wantedAnnotations(snapshot);
  return {
    ...snapshot,
    lists: snapshot.lists.map((entry) => listOf(entry, wanted)),
    gets: snapshot.gets.map(getOf),
  };
}

function listOf(entry: RecordedList, wanted: (name: string) => boolean): RecordedList {
  const { answer, kind, scope } = entry;
  if (answer.status === 'refused') return withoutSecrets(entry);
  if (asksMetadataOnly(kind, scope))
    return { ...entry, answer: { status: 'objects', objects: answer.objects.map((object) => namesOf(object, wanted)) } };
  const shape = shapes[kind.resource] ?? everything;
  return { ...entry, answer: { status: 'objects', objects: answer.objects.map((object) => objectOf(object, shape, wanted)) } };
}

// Of a kind that no list names: what the spec and the status say, but for annotations, arguments and environments.
const everything: Shape = { spec: withoutProcesses, status: true };

function objectOf(object: KubeObject, shape: Shape, wanted: (name: string) => boolean): KubeObject {
  const { apiVersion, kind, metadata } = object;
  const rest = record(withoutSecrets(shaped(object, shape)));
  return { ...rest, apiVersion, kind, metadata: metadataOf(metadata, wanted) };
}

/** Of a Secret which annotations it has, and what those say that are read of every object. */
function namesOf({ apiVersion, kind, metadata }: KubeObject, wanted: (name: string) => boolean): KubeObject {
  const said = Object.entries(strings(metadata.annotations)).map(([name, value]) => [name, value === '' ? '' : masked] as const);
  const { annotations: read, ...rest } = metadataOf(metadata, wanted);
  return { apiVersion, kind, metadata: { ...rest, ...(said.length > 0 ? { annotations: { ...Object.fromEntries(said), ...read } } : {}) } };
}

function metadataOf(metadata: Metadata, wanted: (name: string) => boolean): Metadata {
  const { name, namespace, uid, generation, creationTimestamp, deletionTimestamp, labels, annotations, ownerReferences } = metadata;
  const kept = Object.entries(strings(annotations)).filter(([key]) => wanted(key));
  return {
    name,
    ...defined({ namespace, uid, generation, creationTimestamp, deletionTimestamp }),
    ...defined({ labels: labels && withoutSecrets(labels) }),
    ...(kept.length > 0 ? { annotations: withoutSecrets(Object.fromEntries(kept)) } : {}),
    ...defined({
      ownerReferences: ownerReferences?.map(({ kind, name: owner, uid: id, controller }) => ({
        kind,
        name: owner,
        ...defined({ uid: id, controller }),
      })),
    }),
  };
}

function defined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** Annotations that facts read: of Prometheus and its operator, of Helm, Argo CD and Flux (who owns an object), of the gateways. */
const read =
  /^(prometheus\.io\/|operator\.prometheus\.io\/|meta\.helm\.sh\/release-|argocd\.argoproj\.io\/tracking-id$|kustomize\.toolkit\.fluxcd\.io\/|aigateway\.envoyproxy\.io\/|gateway\.envoyproxy\.io\/)/;

/** Those, and the ones that a relabeling of the recording looks at. */
function wantedAnnotations(snapshot: Snapshot): (name: string) => boolean {
  const rules = snapshot.lists
    .filter(({ kind }) => /monitors$|^prometheus/.test(kind.resource))
    .flatMap(({ answer }) => (answer.status === 'objects' ? answer.objects.map(({ spec }) => JSON.stringify(spec ?? {})) : []))
    .join('\n');
  return (name) => read.test(name) || rules.includes(`_annotation_${name.replace(/[^a-zA-Z0-9_]/g, '_')}`);
}

/** A value without the fields that its shape does not name. */
export function shaped(value: unknown, shape: Shape): unknown {
  if (shape === true) return value;
  if (typeof shape === 'function') return shape(value);
  if (Array.isArray(value)) return value.map((item) => shaped(item, shape));
  if (typeof value !== 'object' || value === null) return value;
  const fields = record(value);
  return Object.fromEntries(
    Object.entries(shape).flatMap(([name, inner]) => (name in fields ? [[name, shaped(fields[name], inner)] as const] : [])),
  );
}

function withoutProcesses(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutProcesses);
  if (typeof value !== 'object' || value === null) return value;
  const left = Object.entries(value).filter(([name]) => !['args', 'command', 'env', 'annotations', 'headers', 'params'].includes(name));
  return Object.fromEntries(left.map(([name, field]) => [name, withoutProcesses(field)]));
}

const configPath = '/api/v1/status/config';

function getOf(entry: RecordedGet): RecordedGet {
  const { question, endpoint } = entry;
  const answer = withoutRawLog(endpoint, question.keep, entry.answer);
  const place = endpoint.at === 'url' ? { at: 'url' as const, url: endpoint.url.replace(/[?#].*$/, '') } : endpoint;
  if (answer.status === 'refused') return { ...entry, endpoint: place, answer: withoutSecrets(answer) };
  return { ...entry, endpoint: place, answer: replyOf(answer, question.path) };
}

function replyOf(reply: RecordedReply, path: string): RecordedReply {
  const headers = Object.fromEntries(Object.entries(reply.headers).filter(([name]) => name === 'content-type' || name === 'location'));
  if (!('text' in reply.body)) return { ...reply, headers, cut: withoutSecrets(reply.cut) };
  const text = reply.code === 200 ? readBody(reply.body.text, path) : reply.body.text;
  return { ...reply, headers: withoutSecrets(headers), body: { text: withoutSecretText(text) }, cut: withoutSecrets(reply.cut) };
}

function readBody(body: string, path: string): string {
  if (path.endsWith(configPath)) return readConfig(body);
  return isGrafanaPath(path) ? readGrafana(body) : body;
}

const scrapeFields = [
  'job_name',
  'honor_labels',
  'metric_relabel_configs',
  'relabel_configs',
  'sample_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
  'metric_name_validation_scheme',
  'metric_name_escaping_scheme',
  'scrape_protocols',
  'convert_classic_histograms_to_nhcb',
  'always_scrape_classic_histograms',
  'scrape_classic_histograms',
];

/** The parts of a running configuration that decide what is stored, each job a block of its own as the server writes it. */
function readConfig(body: string): string {
  const answer = record(jsonOf(body));
  const yaml = record(answer.data).yaml;
  if (typeof yaml !== 'string') return body;
  const config = record(anyYaml(yaml));
  const only = (value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(record(value)).filter(([name]) => names.includes(name)));
  const job = (value: unknown): string => {
    const fields = only(value, scrapeFields);
    return Object.entries(fields)
      .map(([name, field], at) => `${at === 0 ? '- ' : '  '}${name}: ${JSON.stringify(field)}\n`)
      .join('');
  };
  const globals = Object.entries(only(config.global, ['scrape_interval', 'scrape_timeout', 'evaluation_interval', 'external_labels']));
  const writes = records(config.remote_write).map((write) => only(write, ['url', 'name', 'write_relabel_configs']));
  const text = [
    `global:\n${globals.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`).join('')}`,
    list(config.rule_files).length > 0 ? `rule_files: ${JSON.stringify(config.rule_files)}\n` : '',
    `scrape_configs:\n${records(config.scrape_configs).map(job).join('')}`,
    writes.length > 0 ? `remote_write:\n${writes.map((write) => `- ${JSON.stringify(write)}\n`).join('')}` : '',
  ].join('');
  return JSON.stringify({ ...answer, data: { yaml: text } });
}

/** A text of an object as YAML; null for what is none, or is no work of people. */
export function parsedYaml(text: string): unknown {
  return yamlTrouble(text) === null ? anyYaml(text) : null;
}

function anyYaml(text: string): unknown {
  try {
    return readYaml(text);
  } catch {
    return null;
  }
}

/** Environment variables with their names, and the values only of those that are read. */
export function readVariables(value: unknown): unknown {
  return records(value).map(({ name, value: said, valueFrom }) => {
    if (typeof said !== 'string') return valueFrom === undefined ? { name } : { name, valueFrom: readValueFrom(valueFrom) };
    if (/^OTEL_(?!.*HEADERS)[A-Z_]+$/.test(String(name))) return { name, value: said };
    return { name, value: readVariable(String(name), said) ?? masked };
  });
}
