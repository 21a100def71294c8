import { type AlloyBlock, type AlloyValue, alloyOf } from './alloy.ts';
import { type AlloyComponent, type AlloyScope, componentsOf, type Placed, resolved, textOf } from './alloy-scopes.ts';
import { attachedBy } from './collector-jobs.ts';
import type { CollectorExporter, JobDiscovery, ScrapeJob } from './scrape-job.ts';

/** What an Alloy scrapes and where it sends it. Throws AlloyError. */
export function alloyWiring(sources: readonly string[]): {
  readonly jobs: readonly ScrapeJob[];
  readonly exporters: readonly CollectorExporter[];
} {
  const components = componentsOf(sources.flatMap((source) => alloyOf(source).blocks));
  const jobs = components.flatMap(jobsOf);
  const used = new Set(jobs.flatMap(({ wiredTo }) => wiredTo));
  return { jobs, exporters: components.flatMap((component) => exporterOf(component, used)) };
}

function jobsOf(component: AlloyComponent): readonly ScrapeJob[] {
  const { id, block, scope } = component;
  const way = wayFrom(component);
  const common = { receiver: id, wiredTo: way.exporters, shared: isClustered(component), followed: way.followed };
  if (block.name === 'prometheus.operator.podmonitors')
    return [{ ...common, name: id, path: '', discovery: [{ by: 'podmonitors' }], rules: [] }];
  if (block.name !== 'prometheus.scrape') return [];
  const name = textOf(block.attributes.get('job_name'), scope) ?? id;
  const path = textOf(block.attributes.get('metrics_path'), scope) ?? '/metrics';
  const flows = flowsOf(block.attributes.get('targets'), scope, { depth: 0, budget: { left: most } });
  return flows.map(({ discovery, rules }) => ({ ...common, name, path, discovery: [discovery], rules }));
}

/** clustering { enabled = true }, which takes a clustered Alloy besides: one that is not takes every target as well. */
function isClustered({ block, scope }: AlloyComponent): boolean {
  const clustering = block.blocks.find(({ name }) => name === 'clustering');
  return clustering !== undefined && textOf(clustering.attributes.get('enabled'), scope) !== 'false';
}

/** Targets on their way to a scrape, with the rules they pass. */
interface Flow {
  readonly discovery: JobDiscovery;
  readonly rules: ScrapeJob['rules'];
}

// A reference to a reference, and so on: no configuration has so many, and a circle has more.
const deepest = 50;
/** Most lists of targets of one scrape: lists that hold each other twice make any number. */
const most = 500;

interface Trail {
  readonly depth: number;
  readonly budget: { left: number };
}

const further = ({ depth, budget }: Trail): Trail => ({ depth: depth + 1, budget });

function flowsOf(value: AlloyValue | undefined, scope: AlloyScope, trail: Trail): readonly Flow[] {
  if (value === undefined || trail.depth > deepest || trail.budget.left-- <= 0) return [unknown('targets')];
  switch (value.is) {
    case 'list':
      return value.items.flatMap((item) => flowsOf(item, scope, further(trail)));
    case 'object': {
      const address = value.fields.find(([name]) => name === '__address__')?.[1];
      return [{ discovery: { by: 'static', targets: [textOf(address, scope) ?? ''] }, rules: [] }];
    }
    case 'call':
      return value.name === 'array.concat' || value.name === 'concat'
        ? value.args.flatMap((arg) => flowsOf(arg, scope, further(trail)))
        : [unknown(value.name)];
    case 'reference':
      return referredFlows(value.path, scope, trail);
    case 'text':
    case 'operation':
      return [unknown('an expression')];
  }
}

function unknown(what: string): Flow {
  return { discovery: { by: 'unknown', what }, rules: [] };
}

function referredFlows(path: readonly string[], scope: AlloyScope, trail: Trail): readonly Flow[] {
  const next = resolved(path, scope);
  if (next.to === 'nothing') return [unknown(path.join('.'))];
  if (next.to === 'expression') return flowsOf(next.placed.value, next.placed.scope, further(trail));
  const { block, scope: inner } = next.component;
  if (block.name === 'discovery.kubernetes') return [{ discovery: kubernetes(block, inner), rules: [] }];
  if (block.name.startsWith('prometheus.exporter.')) return [];
  if (block.name !== 'discovery.relabel') return [unknown(next.component.id)];
  const rules = block.blocks.filter(({ name }) => name === 'rule').map((rule) => ruleOf(rule, inner));
  return flowsOf(block.attributes.get('targets'), inner, further(trail)).map((flow) => ({ ...flow, rules: [...flow.rules, ...rules] }));
}

function kubernetes({ attributes, blocks }: AlloyBlock, scope: AlloyScope): JobDiscovery {
  const namespaces = blocks.find(({ name }) => name === 'namespaces')?.attributes;
  const attached = blocks.find(({ name }) => name === 'attach_metadata')?.attributes;
  const names = textsOf(namespaces?.get('names'), scope);
  const selectors = blocks
    .filter((block) => block.name === 'selectors' && textOf(block.attributes.get('role'), scope) === 'pod')
    .map((block) => ({ label: joined(block.attributes.get('label'), scope), field: joined(block.attributes.get('field'), scope) }));
  return {
    by: 'kubernetes',
    role: textOf(attributes.get('role'), scope) ?? '',
    namespaces: names.length === 0 ? null : names,
    own: textOf(namespaces?.get('own_namespace'), scope) === 'true',
    selectors,
    ...attachedBy((name) => textOf(attached?.get(name), scope) === 'true'),
    ...(attributes.has('api_server') || attributes.has('kubeconfig_file') ? { otherIdentity: true } : {}),
  };
}

function joined(value: AlloyValue | undefined, scope: AlloyScope): string {
  return textsOf(value, scope).join(',');
}

function textsOf(value: AlloyValue | undefined, scope: AlloyScope): readonly string[] {
  if (value === undefined) return [];
  if (value.is === 'list') return value.items.flatMap((item) => textOf(item, scope) ?? []);
  const text = textOf(value, scope);
  return text === null ? [] : [text];
}

/** A rule with the names of its fields as in Prometheus, which Alloy took over. */
function ruleOf({ attributes }: AlloyBlock, scope: AlloyScope): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    [...attributes].map(([name, value]) => [name, value.is === 'list' ? textsOf(value, scope) : textOf(value, scope)] as const),
  );
}

interface Way {
  readonly exporters: readonly string[];
  readonly followed: boolean;
}

/** The exporters that a component forwards to, over whatever stands between. */
function wayFrom(start: AlloyComponent): Way {
  const exporters = new Set<string>();
  const seen = new Set<AlloyComponent>();
  let followed = true;
  const visit = (component: AlloyComponent): void => {
    if (seen.has(component)) return;
    seen.add(component);
    if (isExporter(component)) exporters.add(component.id);
    else for (const placed of outputsOf(component)) walk(placed, 0);
  };
  const walk = ({ value, scope }: Placed, depth: number): void => {
    if (value.is === 'list') for (const item of value.items) walk({ value: item, scope }, depth + 1);
    else if (value.is === 'call') for (const arg of value.args) walk({ value: arg, scope }, depth + 1);
    else if (value.is === 'reference') {
      const next = resolved(value.path, scope);
      if (next.to === 'component') visit(next.component);
      else if (next.to === 'expression' && depth < deepest) walk(next.placed, depth + 1);
      else followed = false;
    } else followed = false;
  };
  visit(start);
  return { exporters: [...exporters], followed };
}

function isExporter({ block: { name } }: AlloyComponent): boolean {
  return name === 'prometheus.remote_write' || (name.startsWith('otelcol.exporter.') && name !== 'otelcol.exporter.prometheus');
}

/** forward_to of prometheus components, the output block of otelcol ones. */
function outputsOf({ block, scope }: AlloyComponent): readonly Placed[] {
  const forward = block.attributes.get('forward_to');
  const metrics = block.blocks.find(({ name }) => name === 'output')?.attributes.get('metrics');
  return [forward, metrics].flatMap((value) => (value === undefined ? [] : [{ value, scope }]));
}

function exporterOf({ id, block, scope }: AlloyComponent, used: ReadonlySet<string>): readonly CollectorExporter[] {
  if (block.name === 'prometheus.remote_write') {
    const endpoint = block.blocks.find(({ name }) => name === 'endpoint');
    return [{ id, kind: 'remote-write', used: used.has(id), ...addressed(endpoint, 'url', scope) }];
  }
  const type = /^otelcol\.exporter\.(\w+)$/.exec(block.name)?.[1];
  if (type === undefined || type === 'prometheus') return [];
  const client = block.blocks.find(({ name }) => name === 'client');
  const kind = type === 'otlp' || type === 'otlphttp' ? 'otlp' : type === 'debug' ? 'debug' : 'other';
  return [{ id, kind, used: used.has(id), ...addressed(client, 'endpoint', scope) }];
}

function addressed(block: AlloyBlock | undefined, name: string, scope: AlloyScope): Pick<CollectorExporter, 'endpoint' | 'tenant'> {
  const headers = block?.attributes.get('headers');
  const fields = headers?.is === 'object' ? headers.fields : [];
  const tenant = fields.find(([header]) => header.toLowerCase() === 'x-scope-orgid')?.[1];
  return { endpoint: textOf(block?.attributes.get(name), scope), tenant: textOf(tenant, scope) };
}
