import { durationOf } from '../parse/duration.ts';
import { record, records, text } from '../parse/fields.ts';
import { atLeast } from '../parse/promapi.ts';
import { PatternError } from '../parse/re2/state.ts';
import { RelabelError, type RelabelRule, relabelRule } from '../parse/relabel.ts';
import { selectorProblem } from '../parse/selector.ts';
import { legalName } from '../parse/spellings.ts';
import type { Monitor, MonitorEndpoint } from './monitors.ts';
import type { PrometheusObject } from './prometheus-objects.ts';

/** Why the operator leaves a selected PodMonitor out, with all its endpoints. */
export interface Rejection {
  /** "endpoint 0: relabelings[1]: …". */
  readonly text: string;
  readonly saw: string;
}

/**
 * What the operator would refuse a PodMonitor for: its own word in status.bindings when that is current, else its rules
 * (prometheus-operator pkg/prometheus/resource_selector.go checkPodMonitor, pkg/prometheus/validation). Secrets are never read.
 */
export function rejectionsOf(monitor: Monitor, object: PrometheusObject): readonly Rejection[] {
  const said = bindingOf(monitor, object);
  if (said === 'accepted') return [];
  if (said !== null) return [said];
  const problem = selectorProblem(monitor.selector);
  return [
    ...(problem === null
      ? []
      : [{ text: `selector: ${problem}`, saw: `selector: ${JSON.stringify(monitor.raw.spec ?? {}).slice(0, 200)}` }]),
    ...classRejection(monitor, object),
    ...monitor.endpoints.flatMap((endpoint) => endpointRejections(endpoint, object)),
  ];
}

/** The operator's own verdict on the current generation; it is there since 0.86 and only behind a feature gate. */
function bindingOf(monitor: Monitor, object: PrometheusObject): Rejection | 'accepted' | null {
  const bindings = records(record(monitor.raw.status).bindings);
  const resource = object.agent ? 'prometheusagents' : 'prometheuses';
  const own = bindings.find(
    ({ resource: kind, name, namespace }) => kind === resource && name === object.name && namespace === object.namespace,
  );
  const accepted = records(own?.conditions).find(({ type }) => type === 'Accepted');
  if (accepted === undefined || accepted.observedGeneration !== monitor.generation) return null;
  if (accepted.status === 'True') return 'accepted';
  if (accepted.status !== 'False') return null;
  const reason = text(accepted.reason) ?? 'refused';
  return { text: `${reason}: ${text(accepted.message) ?? ''}`, saw: `status.bindings: Accepted=False, ${reason}` };
}

function classRejection({ scrapeClass }: Monitor, object: PrometheusObject): readonly Rejection[] {
  if (scrapeClass === null || object.scrapeClasses.some(({ name }) => name === scrapeClass)) return [];
  const known = object.scrapeClasses.map(({ name }) => text(name) ?? '').join(', ') || 'none';
  return [
    { text: `scrapeClass "${scrapeClass}" is not defined in ${object.subject} (defined: ${known})`, saw: `scrapeClass: ${scrapeClass}` },
  ];
}

function endpointRejections(endpoint: MonitorEndpoint, object: PrometheusObject): readonly Rejection[] {
  const rules = (field: 'relabelings' | 'metricRelabelings'): readonly Rejection[] =>
    endpoint[field].flatMap((raw, index) => {
      const problem = ruleProblem(raw, object.version);
      return problem === null ? [] : [{ text: `${field}[${index}]: ${problem}`, saw: JSON.stringify(raw) }];
    });
  const found = [...timeRejection(endpoint, object), ...authRejection(endpoint), ...rules('relabelings'), ...rules('metricRelabelings')];
  return found.map(({ text, saw }) => ({ text: `endpoint ${endpoint.index}: ${text}`, saw }));
}

function timeRejection({ interval, scrapeTimeout }: MonitorEndpoint, object: PrometheusObject): readonly Rejection[] {
  const every = interval ?? object.scrapeInterval;
  const [seconds, limit] = [durationOf(scrapeTimeout), durationOf(every)];
  if (seconds === null || limit === null || seconds <= limit) return [];
  return [
    {
      text: `scrapeTimeout ${scrapeTimeout} is longer than the interval ${every}`,
      saw: `interval: ${every}, scrapeTimeout: ${scrapeTimeout}`,
    },
  ];
}

/** pkg/apis/monitoring/v1 HTTPConfig: at most one way to authenticate. */
function authRejection({ raw }: MonitorEndpoint): readonly Rejection[] {
  const ways = ['basicAuth', 'oauth2', 'authorization'].filter((field) => Object.keys(record(raw[field])).length > 0);
  const all = text(record(raw.bearerTokenSecret).name) ? [...ways, 'bearerTokenSecret'] : ways;
  return all.length < 2 ? [] : [{ text: `more than one way to authenticate: ${all.join(', ')}`, saw: all.join(', ') }];
}

const since = { lowercase: [2, 36], uppercase: [2, 36], keepequal: [2, 41], dropequal: [2, 41] } as const;

/** pkg/prometheus/validation/validator.go RelabelConfigValidator. */
function ruleProblem(raw: Readonly<Record<string, unknown>>, version: string | null): string | null {
  try {
    const rule = relabelRule(raw);
    const [major, minor] = rule.action in since ? since[rule.action as keyof typeof since] : [0, 0];
    if (!atLeast(version, major, minor)) return `action ${rule.action} needs Prometheus ${major}.${minor} and this is ${version}`;
    return atLeast(version, 3, 0) ? null : labelProblem(rule, version);
  } catch (error) {
    if (error instanceof PatternError) return `regex ${JSON.stringify(raw.regex)}: ${error.message}`;
    if (error instanceof RelabelError) return error.message;
    if (error instanceof RangeError) return 'modulus is not a whole number';
    throw error;
  }
}

// prometheus model/relabel/relabel.go relabelTarget, before UTF-8 names.
const templateName = /^(?:[a-zA-Z_]|\$(?:\{\w+\}|\w))(?:\w|\$(?:\{\w+\}|\w))*$/;

function labelProblem({ action, targetLabel, replacement }: RelabelRule, version: string | null): string | null {
  const wrong = (field: string, value: string): string => `${field} ${JSON.stringify(value)} is no label name in Prometheus ${version}`;
  if (action === 'replace' && !templateName.test(targetLabel)) return wrong('targetLabel', targetLabel);
  if (action === 'labelmap' && !templateName.test(replacement)) return wrong('replacement', replacement);
  const plain =
    action === 'lowercase' || action === 'uppercase' || action === 'hashmod' || action === 'keepequal' || action === 'dropequal';
  return plain && !legalName.test(targetLabel) ? wrong('targetLabel', targetLabel) : null;
}

/** Secrets and ConfigMaps that an endpoint refers to: the operator leaves the whole PodMonitor out when one is missing. Only their names are known here. */
export function referencesOf(monitor: Monitor): readonly string[] {
  const found = monitor.endpoints.flatMap(({ raw: { relabelings, metricRelabelings, ...rest } }) => references(rest, 'Secret', 0));
  return [...new Set(found.map(({ kind, name, key }) => `${kind} ${monitor.namespace}/${name} (key ${key})`))];
}

interface Reference {
  readonly kind: string;
  readonly name: string;
  readonly key: string;
}

function references(value: unknown, kind: string, depth: number): readonly Reference[] {
  const fields = record(value);
  const [name, key] = [text(fields.name), text(fields.key)];
  if (name && key) return [{ kind, name, key }];
  // As deep as oauth2.tlsConfig.ca.secret and a little more.
  if (depth > 6) return [];
  return Object.entries(fields).flatMap(([field, part]) => references(part, field === 'configMap' ? 'ConfigMap' : 'Secret', depth + 1));
}
