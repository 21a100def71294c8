import type { Coverage, EndpointCoverage } from '../facts/coverage.ts';
import { endpointsField, type Monitor, resourceOf } from '../facts/monitors.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import type { Operation } from '../model/change.ts';
import type { Remedy } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { record, records } from '../parse/fields.ts';
import { type RelabelRule, relabelRule } from '../parse/relabel.ts';
import { shellWord } from '../parse/shell-word.ts';
import { ruleText } from './simulation.ts';

/** An object as kubectl names it. */
export interface Patched {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

/** A JSON patch as a remedy; with patches of several objects, one after the other. */
export function patching(text: string, ...changes: readonly (readonly [Patched, readonly Operation[]])[]): Remedy {
  const commands = changes.map(
    ([{ resource, namespace, name }, operations]) =>
      `kubectl -n ${shellWord(namespace)} patch ${resource} ${shellWord(name)} --type json -p ${shellWord(JSON.stringify(operations))}`,
  );
  const [first] = changes;
  return { text, command: commands.join(' && '), ...(changes.length === 1 && first !== undefined ? { patch: first[1] } : {}) };
}

/** A monitor as kubectl names it. */
export function monitorNamed(monitor: Monitor): Patched {
  return { resource: resourceOf(monitor), namespace: monitor.namespace, name: monitor.name };
}

/** A JSON patch of one monitor as a remedy. */
export function patchingMonitor(text: string, monitor: Monitor, ...operations: readonly Operation[]): Remedy {
  return patching(text, [monitorNamed(monitor), operations]);
}

/** A Prometheus object as kubectl names it. */
export function prometheusNamed({ agent, namespace, name }: PrometheusObject): Patched {
  return { resource: agent ? 'prometheusagent' : 'prometheus', namespace, name };
}

/** The endpoint that the operator made a scrape pool of; null when none is known. */
export function endpointOf(pool: string, coverage: Attempt<Coverage>): EndpointCoverage | null {
  const all = coverage.status === 'read' ? coverage.value.monitors.flatMap(({ endpoints }) => endpoints) : [];
  return all.find((endpoint) => endpoint.pool === pool) ?? null;
}

/** The place of a field of an endpoint within its monitor. */
export function fieldOf({ monitor, endpoint }: EndpointCoverage, field: string): string {
  return `/spec/${endpointsField(monitor.kind)}/${endpoint.index}/${field}`;
}

/** Takes one metric relabeling rule of a pool away, from its monitor or its scrape class; null where it stands in neither. */
export function withoutMetricRule(
  pool: string,
  rule: RelabelRule,
  { coverage, object }: { readonly coverage: Attempt<Coverage>; readonly object: PrometheusObject | null },
): Remedy | null {
  const found = endpointOf(pool, coverage);
  if (found === null) return null;
  const { monitor, endpoint } = found;
  const own = placeOf(rule, endpoint.metricRelabelings);
  if (own !== null) {
    const path = `${fieldOf(found, 'metricRelabelings')}/${own}`;
    return away({ subject: monitor.subject, ...monitorNamed(monitor) }, path, endpoint.metricRelabelings[own]);
  }
  const classes = object?.scrapeClasses ?? [];
  for (const [at, scrapeClass] of classes.entries()) {
    const place = placeOf(rule, records(scrapeClass.metricRelabelings));
    if (object === null || place === null) continue;
    const path = `/spec/scrapeClasses/${at}/metricRelabelings/${place}`;
    const whole = records(scrapeClass.metricRelabelings)[place];
    return away({ subject: object.subject, ...prometheusNamed(object) }, path, whole);
  }
  return null;
}

/** Takes an item of a list away while it is the one that was read: once it is gone, or another was put before it, its place is another's. */
export function removing(path: string, value: unknown): readonly Operation[] {
  return [
    { op: 'test', path, value },
    { op: 'remove', path },
  ];
}

function away({ subject, ...object }: Patched & { readonly subject: string }, path: string, value: unknown): Remedy {
  return patching(`remove ${path.slice('/spec/'.length)} of ${subject}`, [object, removing(path, value)]);
}

/** Takes one rule of a remote write away; null where the object has no such rule. */
export function withoutWriteRule(url: string, rule: RelabelRule, object: PrometheusObject | null): Remedy | null {
  const writes = records(record(object?.raw.spec).remoteWrite);
  const at = writes.findIndex((write) => write.url === url && placeOf(rule, records(write.writeRelabelConfigs)) !== null);
  const place = placeOf(rule, records(writes[at]?.writeRelabelConfigs));
  if (object === null || place === null) return null;
  const path = `/spec/remoteWrite/${at}/writeRelabelConfigs/${place}`;
  const whole = records(writes[at]?.writeRelabelConfigs)[place];
  return away({ subject: object.subject, ...prometheusNamed(object) }, path, whole);
}

/** Where a rule stands among rules as they are written; null when it does not. */
function placeOf(rule: RelabelRule, written: readonly Readonly<Record<string, unknown>>[]): number | null {
  const at = written.findIndex((source) => textOf(source) === ruleText(rule));
  return at < 0 ? null : at;
}

function textOf(source: Readonly<Record<string, unknown>>): string | null {
  try {
    return ruleText(relabelRule(source));
  } catch {
    // A rule that the operator refuses is in no configuration.
    return null;
  }
}
