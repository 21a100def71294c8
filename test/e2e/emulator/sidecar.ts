import { exposed, type Family, type Histogram, type Labels } from './exposition.ts';
import { negotiate } from './negotiate.ts';
import { durationBuckets, perTokenBuckets, type Shape, type SidecarRelease, shapes, tokenBuckets } from './releases.ts';

/** Requests of one kind that go on arriving. */
export interface Flow {
  readonly model: string;
  /** Attribute names as mapped, "user.id"; a missing one was a missing header. */
  readonly identity: Readonly<Record<string, string>>;
  readonly operation?: string;
  /** Tokens of one request. */
  readonly input: number;
  readonly output: number;
  /** Requests before the emulator started, and per second since. */
  readonly before: number;
  readonly perSecond: number;
  readonly streamed?: boolean;
  /** Answered, and without usage: v0.5 and later record no token series then. */
  readonly unmetered?: boolean;
}

/** What a sidecar has seen so far. */
export interface Seen {
  readonly release: SidecarRelease;
  readonly flows: readonly Flow[];
  readonly seconds: number;
  /** Token series that fell into the overflow set of v1.0 and later. */
  readonly overflow?: { readonly requests: number; readonly tokens: number };
  /** argv[0] of the process, for service_name. */
  readonly program?: string;
}

/** The body and content type that the sidecar of a release answers to an Accept header. */
export function answer(seen: Seen, accept: string): { readonly contentType: string; readonly body: string } {
  const shape = shapes[seen.release];
  const format = negotiate(accept, shape.openMetrics);
  return { contentType: format.contentType, body: exposed(families(seen, shape), format) };
}

function families(seen: Seen, shape: Shape): readonly Family[] {
  const requests = (flow: Flow): number => flow.before + Math.floor(flow.perSecond * seen.seconds);
  const served = seen.flows.filter((flow) => requests(flow) > 0);
  const streamed = served.filter((flow) => flow.streamed === true);
  const timed =
    (value: number) =>
    (flow: Flow): Histogram => ({ labels: labelsOf(flow, shape), count: requests(flow), value });
  const early = shape.models === false;
  const name = (dotted: string): string => (shape.dotted ? dotted : dotted.replaceAll('.', '_'));
  return [
    { name: name(shape.family), help: 'Number of tokens processed.', buckets: tokenBuckets, series: tokens(seen, shape, served, requests) },
    {
      name: name('gen_ai.server.request.duration_seconds'),
      help: early
        ? 'Time spent processing request.'
        : 'Generative AI server request duration such as time-to-last byte or last output token.',
      buckets: durationBuckets,
      series: served.map(timed(0.75)),
    },
    {
      name: name('gen_ai.server.time_per_output_token_seconds'),
      help: early
        ? 'Time between consecutive tokens in streaming responses.'
        : 'Time per output token generated after the first token for successful responses.',
      buckets: perTokenBuckets,
      series: streamed.map(timed(0.03125)),
    },
    {
      name: name('gen_ai.server.time_to_first_token_seconds'),
      help: 'Time to receive first token in streaming responses.',
      buckets: shape.firstToken,
      series: streamed.map(timed(0.25)),
    },
    ...targets(seen, shape, served.length > 0),
  ];
}

function tokens(seen: Seen, shape: Shape, flows: readonly Flow[], requests: (flow: Flow) => number): readonly Histogram[] {
  const amounts = (flow: Flow): Readonly<Record<string, number>> => ({
    input: flow.input,
    output: flow.output,
    total: flow.input + flow.output,
  });
  const series = flows
    .filter((flow) => flow.unmetered !== true)
    .flatMap((flow) =>
      shape.types.map((type) => ({ labels: labelsOf(flow, shape, type), count: requests(flow), value: amounts(flow)[type] ?? 0 })),
    );
  if (seen.overflow === undefined) return series;
  const { requests: count, tokens: sum } = seen.overflow;
  return [...series, { labels: [['otel_metric_overflow', 'true'], ...scope(shape)], count, value: sum / count }];
}

function labelsOf(flow: Flow, shape: Shape, type?: string): Labels {
  const own: (readonly [string, string])[] = [
    ['gen_ai.operation.name', flow.operation ?? 'chat'],
    ...(shape.provider === 'system' ? [['gen_ai.system.name', 'openai'] as const] : [['gen_ai.provider.name', 'openai'] as const]),
    ['gen_ai.request.model', flow.model],
    ...(shape.models ? [['gen_ai.original.model', flow.model] as const, ['gen_ai.response.model', flow.model] as const] : []),
    ...(type === undefined ? [] : [['gen_ai.token.type', type] as const]),
    ...(shape.identity ? Object.entries(flow.identity) : []),
  ];
  const named = own.map(([name, value]) => [shape.dotted ? name : sanitised(name), value] as const);
  return [...named, ...scope(shape)].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function scope(shape: Shape): Labels {
  const url = shape.schemaUrl ? [['otel_scope_schema_url', ''] as const] : [];
  return [['otel_scope_name', 'envoyproxy/ai-gateway'], ...url, ['otel_scope_version', '']];
}

/** otlptranslator LabelNamer, v0.5 and later. */
function sanitised(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/_+/g, '_');
  return /^[0-9]/.test(plain) ? `key_${plain}` : plain;
}

function targets(seen: Seen, shape: Shape, busy: boolean): readonly Family[] {
  const name = (dotted: string): string => (shape.dotted ? dotted : dotted.replaceAll('.', '_'));
  const resource: Labels = [
    [name('service.name'), `unknown_service:${seen.program ?? 'app'}`],
    [name('telemetry.sdk.language'), 'go'],
    [name('telemetry.sdk.name'), 'opentelemetry'],
    [name('telemetry.sdk.version'), shape.sdk],
  ];
  const info = (family: string, help: string, labels: Labels): Family => ({
    name: family,
    help,
    buckets: 'gauge',
    series: [{ labels, count: 1, value: 1 }],
  });
  const scopes = shape.scopeInfo && busy ? [info('otel_scope_info', 'Instrumentation Scope metadata', scope(shape))] : [];
  return [...scopes, info('target_info', 'Target metadata', resource)];
}
