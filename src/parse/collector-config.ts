import { isRecord, list, record, records, text } from './fields.ts';
import { readYaml, yamlTrouble } from './yaml-guard.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The configuration of an OpenTelemetry Collector, or a part of it. */
export class CollectorConfigError extends Error {
  override readonly name = 'CollectorConfigError';
}

/** One file of a configuration; an empty one is an empty map. Throws CollectorConfigError. */
export function configOf(yaml: string): Fields {
  const value = parsed(yaml);
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new CollectorConfigError('it is no map');
  return value as Fields;
}

function parsed(yaml: string): unknown {
  const trouble = yamlTrouble(yaml);
  if (trouble !== null) throw new CollectorConfigError(trouble);
  try {
    return readYaml(yaml, { merge: true });
  } catch (error) {
    const [first = ''] = error instanceof Error ? error.message.split('\n') : [];
    throw new CollectorConfigError(`it is not YAML: ${first}`, { cause: error });
  }
}

/** Several --config files as one: maps merge key by key, everything else is replaced by the later one (collector confmap, Conf.Merge). */
export function mergedConfig(configs: readonly Fields[]): Fields {
  return configs.reduce((merged, next) => mergedFields(merged, next), {});
}

function mergedFields(base: Fields, over: Fields): Fields {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const before = merged.get(key);
    merged.set(key, isRecord(before) && isRecord(value) ? mergedFields(before, value) : value);
  }
  return Object.fromEntries(merged);
}

/** "prometheus/ai-gateway" is of the type "prometheus"; types have names with and without underscores: "prometheus_remote_write". */
export function typeOf(id: string): string {
  return (id.split('/')[0] ?? '').replaceAll('_', '');
}

/** A component's whole id, its type without underscores: "prometheusremotewrite/mimir". */
export function plainId(id: string): string {
  const [, ...name] = id.split('/');
  return [typeOf(id), ...name].join('/');
}

/** One pipeline of service.pipelines. */
export interface CollectorPipeline {
  readonly id: string;
  /** "metrics", "traces", "logs", "profiles". */
  readonly signal: string;
  readonly receivers: readonly string[];
  readonly exporters: readonly string[];
}

/** The pipelines of a merged configuration. */
export function pipelinesOf(config: Fields): readonly CollectorPipeline[] {
  return Object.entries(record(record(config.service).pipelines)).map(([id, value]) => ({
    id,
    signal: id.split('/')[0] ?? '',
    receivers: list(record(value).receivers).map(String),
    exporters: list(record(value).exporters).map(String),
  }));
}

/** The exporters that metrics of a receiver reach, through connectors too. */
export function exportersReached(config: Fields, receiver: string): readonly string[] {
  const pipelines = pipelinesOf(config);
  const connectors = new Set(Object.keys(record(config.connectors)));
  const reached = new Set<string>();
  const seen = new Set<string>();
  const visit = (id: string, wanted: (pipeline: CollectorPipeline) => boolean): void => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const pipeline of pipelines.filter((each) => wanted(each) && each.receivers.includes(id))) {
      for (const exporter of pipeline.exporters) {
        if (connectors.has(exporter)) visit(exporter, () => true);
        else reached.add(exporter);
      }
    }
  };
  visit(receiver, ({ signal }) => signal === 'metrics');
  return [...reached];
}

/** Where the collector serves its own metrics; null: it does not say so. */
export function telemetryPort(config: Fields): number | null {
  const metrics = record(record(record(config.service).telemetry).metrics);
  if (text(metrics.level) === 'none') return null;
  for (const reader of records(metrics.readers)) {
    const { port } = record(record(record(reader.pull).exporter).prometheus);
    if (typeof port === 'number') return port;
  }
  // service.telemetry.metrics.address, until 0.123.
  const port = Number(/:(\d+)$/.exec(text(metrics.address) ?? '')?.[1] ?? Number.NaN);
  if (Number.isInteger(port)) return port;
  // service/telemetry: localhost:8888 unless readers say otherwise.
  return metrics.readers === undefined ? 8888 : null;
}
