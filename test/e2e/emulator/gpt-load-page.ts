/** Requests of one group for one model that go on arriving. */
export interface GptLoadFlow {
  readonly group: string;
  /** "": a list of models. */
  readonly model: string;
  /** What one answer used. Without it: a path whose usage is not parsed, such as /embeddings, /responses or :generateContent. */
  readonly prompt?: number;
  readonly completion?: number;
  /** USD of one answer, in a build that somebody taught to compute it: the change itself never does. */
  readonly cost?: number;
  /** It is in no counter. */
  readonly streamed?: boolean;
  /** Requests before it started, and per second since. */
  readonly before: number;
  readonly perSecond: number;
}

/** The table request_logs of one database. */
export interface RequestLog {
  readonly flows: readonly GptLoadFlow[];
  /** When its flows began, in milliseconds. */
  readonly start: number;
}

/** Rows are written in batches: request_log_write_interval_minutes, of which there are fewer here than in a minute. */
const batchSeconds = 15;

/** A log that begins now. */
export function requestLog(...flows: readonly GptLoadFlow[]): RequestLog {
  return { flows, start: Date.now() };
}

interface Row {
  readonly group: string;
  readonly model: string;
  requests: number;
  prompt: number;
  completion: number;
  cost: number;
}

/** GET /metrics of refs/pull/416/head at a moment: internal/handler/metrics_handler.go. Families are there without samples, token samples only above zero, costs never. */
export function gptLoadPage({ flows, start }: RequestLog, now: number): string {
  const seconds = Math.floor(Math.max(0, now - start) / 1000 / batchSeconds) * batchSeconds;
  const rows = rowsOf(flows, seconds);
  const requests = rows.map(({ group, model, requests }) => `gpt_load_requests_total{group=${go(group)},model=${go(model)}} ${requests}`);
  const tokens = rows.flatMap(({ group, model, prompt, completion }) =>
    (
      [
        ['prompt', prompt],
        ['completion', completion],
        ['total', prompt + completion],
      ] as const
    )
      .filter(([, value]) => value > 0)
      .map(([type, value]) => `gpt_load_tokens_total{type="${type}",group=${go(group)},model=${go(model)}} ${value}`),
  );
  const costs = rows
    .filter(({ cost }) => cost > 0)
    .map(({ group, model, cost }) => `gpt_load_cost_total{group=${go(group)},model=${go(model)}} ${cost.toFixed(6)}`);
  return [
    family('gpt_load_requests_total', 'Total number of successful proxy requests by group and model', requests),
    family('gpt_load_tokens_total', 'Total token count by type, group, and model', tokens),
    family('gpt_load_cost_total', 'Total cost in USD by group and model', costs),
  ].join('\n');
}

function rowsOf(flows: readonly GptLoadFlow[], seconds: number): readonly Row[] {
  const rows = new Map<string, Row>();
  for (const { group, model, prompt = 0, completion = 0, cost = 0, streamed, before, perSecond } of flows) {
    const count = before + Math.floor(perSecond * seconds);
    if (streamed === true || count === 0) continue;
    const key = JSON.stringify([group, model]);
    const row = rows.get(key) ?? { group, model, requests: 0, prompt: 0, completion: 0, cost: 0 };
    row.requests += count;
    row.prompt += count * prompt;
    row.completion += count * completion;
    row.cost += count * cost;
    rows.set(key, row);
  }
  return [...rows.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

function family(name: string, help: string, samples: readonly string[]): string {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} counter`, ...samples, ''].join('\n');
}

/** Go's %q, for what a label here holds. */
function go(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '\u0007': '\\a',
    '\b': '\\b',
    '\f': '\\f',
    '\v': '\\v',
    '"': '\\"',
    '\\': '\\\\',
  };
  const escaped = [...text].map((char) => {
    const code = char.codePointAt(0) ?? 0;
    return escapes[char] ?? (code < 32 || code === 127 ? `\\x${code.toString(16).padStart(2, '0')}` : char);
  });
  return `"${escaped.join('')}"`;
}
