import { exportersReached, pipelinesOf, typeOf } from './collector-config.ts';
import { list, record, records, strings, text } from './fields.ts';
import type { CollectorExporter, JobDiscovery, ScrapeJob } from './scrape-job.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The scrape jobs of an OpenTelemetry Collector's merged and expanded configuration. */
export function jobsOf(config: Fields): readonly ScrapeJob[] {
  return Object.entries(record(config.receivers)).flatMap(([receiver, value]) => {
    const wiredTo = exportersReached(config, receiver);
    const shared = isAllocated(record(value));
    return jobsOfReceiver(receiver, record(value)).map((job) => ({ ...job, receiver, wiredTo, shared, followed: true }));
  });
}

type Job = Omit<ScrapeJob, 'receiver' | 'wiredTo' | 'shared' | 'followed'>;

function isAllocated({ target_allocator }: Fields): boolean {
  return Object.keys(record(target_allocator)).length > 0;
}

function jobsOfReceiver(receiver: string, fields: Fields): readonly Job[] {
  if (typeOf(receiver) === 'prometheussimple') {
    const path = text(fields.metrics_path) ?? '/metrics';
    return [{ name: receiver, path, discovery: [{ by: 'static', targets: [text(fields.endpoint) ?? ''] }], rules: [] }];
  }
  if (typeOf(receiver) !== 'prometheus') return [];
  const config = record(fields.config);
  return [
    ...records(config.scrape_configs).map(jobOf),
    ...list(config.scrape_config_files).map((file) => elsewhere(`scrape_config_files ${String(file)}`)),
    ...(isAllocated(fields) ? [{ name: '', path: '/metrics', discovery: [{ by: 'podmonitors' } as const], rules: [] }] : []),
  ];
}

function elsewhere(what: string): Job {
  return { name: what, path: '/metrics', discovery: [{ by: 'unknown', what }], rules: [] };
}

function jobOf(job: Fields): Job {
  return {
    name: text(job.job_name) ?? '',
    path: text(job.metrics_path) ?? '/metrics',
    discovery: Object.entries(job).flatMap(([key, value]) => discoveriesOf(key, value)),
    rules: records(job.relabel_configs),
  };
}

function discoveriesOf(key: string, value: unknown): readonly JobDiscovery[] {
  if (key === 'static_configs') return records(value).map(({ targets }) => ({ by: 'static', targets: list(targets).map(String) }));
  if (key === 'kubernetes_sd_configs') return records(value).map(kubernetes);
  return key.endsWith('_sd_configs') ? [{ by: 'unknown', what: key }] : [];
}

function kubernetes(config: Fields): JobDiscovery {
  const { names, own_namespace } = record(config.namespaces);
  const selectors = records(config.selectors)
    .filter(({ role }) => role === undefined || role === 'pod')
    .map(({ label, field }) => ({ label: text(label) ?? '', field: text(field) ?? '' }));
  const listed = list(names).map(String);
  return {
    by: 'kubernetes',
    role: text(config.role) ?? '',
    namespaces: listed.length === 0 ? null : listed,
    own: own_namespace === true,
    selectors,
    ...attachedBy((name) => record(config.attach_metadata)[name] === true),
    ...(config.api_server === undefined && config.kubeconfig_file === undefined ? {} : { otherIdentity: true }),
  };
}

/** What attach_metadata asks for: prometheus discovery/kubernetes AttachMetadataConfig. */
export function attachedBy(asked: (name: 'node' | 'namespace') => boolean): { readonly attaches?: readonly ('node' | 'namespace')[] } {
  const attaches = (['node', 'namespace'] as const).filter(asked);
  return attaches.length === 0 ? {} : { attaches };
}

/** The exporters of an OpenTelemetry Collector's merged and expanded configuration, connectors left out. */
export function exportersOf(config: Fields): readonly CollectorExporter[] {
  const used = new Set(pipelinesOf(config).flatMap(({ signal, exporters }) => (signal === 'metrics' ? exporters : [])));
  return Object.entries(record(config.exporters)).map(([id, value]) => {
    const fields = record(value);
    return {
      id,
      kind: kindOf(id),
      endpoint: text(fields.metrics_endpoint) ?? text(fields.endpoint),
      tenant: tenantOf(record(fields.headers)),
      used: used.has(id),
    };
  });
}

const kindsOfTypes: Readonly<Record<string, CollectorExporter['kind']>> = {
  prometheusremotewrite: 'remote-write',
  otlp: 'otlp',
  otlpgrpc: 'otlp',
  otlphttp: 'otlp',
  debug: 'debug',
  // The name of debug until 0.111.
  logging: 'debug',
  nop: 'debug',
};

function kindOf(id: string): CollectorExporter['kind'] {
  const type = typeOf(id);
  return Object.hasOwn(kindsOfTypes, type) ? (kindsOfTypes[type] ?? 'other') : 'other';
}

/** Header names have no case. */
export function tenantOf(headers: Fields): string | null {
  return Object.entries(strings(headers)).find(([name]) => name.toLowerCase() === 'x-scope-orgid')?.[1] ?? null;
}
