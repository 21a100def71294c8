import type { Options } from '../model/fact.ts';
import type { Snapshot } from '../model/snapshot.ts';
import { list, record, records, text } from '../parse/fields.ts';
import { literalPattern } from '../parse/re2/literal.ts';
import { addressless, isAddress } from './redaction-addresses.ts';
import { isGrafanaPath } from './redaction-grafana.ts';
import { withMessages } from './redaction-logs.ts';

/** A recording and what was asked for, with stable pseudonyms for tenants, users, namespaces, gateways and hosts: the same name is the same pseudonym in objects, bodies, queries and questions. */
export function withoutNames(snapshot: Snapshot, options: Options): { readonly snapshot: Snapshot; readonly options: Options } {
  const names = pseudonyms(snapshot);
  const values = tenants(snapshot, names);
  const hostless = addressless(snapshot);
  const rename = (value: unknown): unknown => {
    if (typeof value === 'string') return hostless(quoted(names(value), values));
    if (Array.isArray(value)) return value.map(rename);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [names(name), keeping.has(name) ? field : rename(field)]));
  };
  const renamed = rename({ lists: snapshot.lists, gets: snapshot.gets }) as Pick<Snapshot, 'lists' | 'gets'>;
  return {
    snapshot: {
      ...snapshot,
      ...renamed,
      gets: withMessages(renamed.gets, snapshot.gets, (text) => String(rename(text))),
      origin: { ...snapshot.origin, name: 'redacted' },
    },
    options: {
      ...(rename(options) as Options),
      prometheus: options.prometheus && { ...(rename(options.prometheus) as NonNullable<Options['prometheus']>), headers: {} },
    },
  };
}

// What is no text: certificates, and times.
const keeping = new Set(['caBundle', 'gzipJson', 'creationTimestamp', 'lastTransitionTime', 'startedAt', 'finishedAt', 'base64', 'keep']);

/** Names that say nothing of whose cluster it is. */
const common =
  /^(?:default|monitoring|observability|prometheus|grafana|gateway|gateways|operators?|kube-.*|cert-manager|istio-system|envoy-gateway-system|envoy-ai-gateway-system|redis-system|openshift-.*|cattle-.*|argocd|flux-system|ingress-nginx|kuadrant-system|eg|envoy|web|http|https|metrics|k8s)$/;

/** Replaces every namespace, gateway, route and host of a recording, as a whole word or as a part of a name. */
function pseudonyms(snapshot: Snapshot): (value: string) => string {
  const objects = snapshot.lists.flatMap(({ answer }) => (answer.status === 'objects' ? answer.objects : []));
  const namespaces = objects.flatMap(({ kind, metadata }) => [metadata.namespace ?? '', kind === 'Namespace' ? metadata.name : '']);
  const own = objects
    .filter(({ kind }) => /^(?:Gateway|AIGatewayRoute|HTTPRoute|SecurityPolicy|GatewayConfig)$/.test(kind))
    .map(({ metadata }) => metadata.name);
  const urls = snapshot.gets.flatMap(({ endpoint }) => (endpoint.at === 'url' ? [endpoint.url] : []));
  const external = objects.flatMap(({ spec }) => text(record(spec).externalUrl) ?? []);
  const hosts = [
    ...objects.flatMap(({ spec }) => [
      text(record(spec).nodeName) ?? '',
      ...list(record(spec).hostnames).map(String),
      ...records(record(spec).listeners).map(({ hostname }) => text(hostname) ?? ''),
    ]),
    ...[...urls, ...external].flatMap((url) => (URL.canParse(url) ? [new URL(url).hostname] : [])),
  ].map((host) => host.replace(/^\*\./, ''));
  const parts = labelParts(snapshot);
  const kept = (names: readonly string[]): readonly string[] => names.filter((name) => !parts.has(name));
  const words = new Map([...named(kept(namespaces), 'ns'), ...named(kept(own), 'gw'), ...named(hosts, 'host')]);
  return replacer(words);
}

/** The words of which label names consist: a namespace "user" is told by nobody, and user_id has to stay a label. */
function labelParts(snapshot: Snapshot): ReadonlySet<string> {
  const texts = snapshot.gets.flatMap(({ answer }) => (answer.status === 'reply' && 'text' in answer.body ? [answer.body.text] : []));
  const labels = new Set(texts.flatMap((body) => [...body.matchAll(pair)].map(([, bare, quotedName]) => bare ?? quotedName ?? '')));
  return new Set([...labels].flatMap((label) => label.split(/[^A-Za-z0-9]+/)));
}

/** Numbered in their own order, so that what was first stays first. */
function named(names: readonly string[], prefix: string): readonly (readonly [string, string])[] {
  const told = [...new Set(names)].filter((name) => name.length > 1 && !common.test(name) && !isAddress(name)).sort();
  return told.map((name, at) => [name, `${prefix}-${String(at + 1).padStart(4, '0')}`] as const);
}

function replacer(words: ReadonlyMap<string, string>): (value: string) => string {
  if (words.size === 0) return (value) => value;
  // The longest first: a namespace may begin with the name of another.
  const choices = [...words.keys()].sort((a, b) => b.length - a.length).map(literalPattern);
  const pattern = new RegExp(`(?<![A-Za-z0-9])(?:${choices.join('|')})(?![A-Za-z0-9])`, 'g');
  return (value) => value.replace(pattern, (word) => words.get(word) ?? word);
}

/** Labels that Prometheus itself puts on targets; a proxy that exposes one means a tenant by it. */
const targetLabel = /^(?:job|instance|namespace|pod|container|endpoint)$/;

/** Labels whose values name no tenant: of Prometheus and its operator, of OpenTelemetry, and of the models. */
const plainLabel =
  /^(?:__\w*|le|quantile|job|instance|namespace|pod|container|endpoint|scrape_pool|prometheus|prometheus_replica|persistentvolumeclaim|gen_ai[._]\w.*|otel_.*|service_.*|telemetry_.*|model|version|code|method|reason|type|status|error_type)$/;
const pair = /(?:(?<![\w.:])([A-Za-z_][\w.:]*)|"([^"\\]+)")(?:=|":\s*|:\s*)"((?:[^"\\]|\\.)*)"/g;

/** The label values of metrics bodies and of Prometheus' answers, as they are written there. */
function tenants(snapshot: Snapshot, names: (value: string) => string): ReadonlyMap<string, string> {
  const found = snapshot.gets.flatMap(({ answer, question }) => {
    if (answer.status === 'refused' || !('text' in answer.body) || answer.code !== 200 || isGrafanaPath(question.path)) return [];
    return question.path.includes('/api/v1/') ? answeredValues(answer.body.text) : exposedValues(answer.body.text);
  });
  const told = [...new Set(found)].filter((value) => value !== '' && !common.test(value) && names(value) === value).sort();
  return new Map(told.map((value, at) => [value, `tenant-${String(at + 1).padStart(4, '0')}`]));
}

/** What a collector or a Prometheus says of itself: its labels name parts of its configuration. */
const selfMetrics = /^(?:otelcol_|prometheus_remote_storage_)/m;

function exposedValues(body: string): readonly string[] {
  if (selfMetrics.test(body)) return [];
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#') && !line.startsWith('target_info'));
  return [...new Set(lines.flatMap((line) => [...line.matchAll(pair)].flatMap(exposedValue)))];
}

/** Only of what is a set of labels: {"metric":{…}} of queries, and the elements of /series. */
function answeredValues(body: string): readonly string[] {
  const sets = [...body.matchAll(/"metric":(\{[^{}]*\})/g), ...body.matchAll(/(\{"__name__":[^{}]*\})/g)];
  return sets.flatMap(([, labels = '']) =>
    [...labels.matchAll(/"([^"\\]+)":"((?:[^"\\]|\\.)*)"/g)].flatMap(([, label = '', value = '']) =>
      plainLabel.test(label) ? [] : [value],
    ),
  );
}

function exposedValue([, bare, quotedName, value = '']: RegExpMatchArray): readonly string[] {
  const label = bare ?? quotedName ?? '';
  if (plainLabel.test(label) && !targetLabel.test(label) && !(label === 'le' && /[a-z]/.test(value.replace(/e[+-]/, '')))) return [];
  return [value];
}

/** Replaces values that stand in quotes as a whole. */
function quoted(value: string, values: ReadonlyMap<string, string>): string {
  if (values.size === 0 || !value.includes('"')) return values.get(value) ?? value;
  return value.replace(/"((?:[^"\\]|\\.)*)"/g, (whole, inner: string) => {
    const pseudonym = values.get(inner);
    return pseudonym === undefined ? whole : `"${pseudonym}"`;
  });
}
