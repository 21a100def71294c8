/**
 * What a v1.1 sidecar with many users answers: the shape of test/fixtures/exposition/v1.1.0, where 5,000 token sets make 48.9 MB in 127,507 lines.
 * `node scripts/run.js test/bench/big-exposition.ts [SETS] > FILE`
 */
import { fileURLToPath } from 'node:url';

const les = [
  '1',
  '4',
  '16',
  '64',
  '256',
  '1024',
  '4096',
  '16384',
  '65536',
  '262144',
  '1.048576e+06',
  '4.194304e+06',
  '1.6777216e+07',
  '6.7108864e+07',
  '+Inf',
];
const seconds = [
  '0.01',
  '0.02',
  '0.04',
  '0.08',
  '0.16',
  '0.32',
  '0.64',
  '1.28',
  '2.56',
  '5.12',
  '10.24',
  '20.48',
  '40.96',
  '81.92',
  '+Inf',
];
const scope = 'otel_scope_name="envoyproxy/ai-gateway",otel_scope_schema_url="",otel_scope_version=""';
const model =
  'gen_ai_operation_name="chat",gen_ai_original_model="gpt-4o-mini",gen_ai_provider_name="openai",gen_ai_request_model="gpt-4o-mini",gen_ai_response_model="gpt-4o-mini"';

function histogram(name: string, labels: string, bounds: readonly string[], sum: string, count: number): string {
  const buckets = bounds.map((le, index) => `${name}_bucket{${labels},le="${le}"} ${index < 4 ? 0 : count}\n`).join('');
  return `${buckets}${name}_sum{${labels}} ${sum}\n${name}_count{${labels}} ${count}\n`;
}

function* family(name: string, help: string, series: Iterable<string>): Generator<string> {
  yield `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
  yield* series;
}

const users = (sets: number): string[] =>
  Array.from({ length: Math.ceil(sets / 2) }, (_, index) => `tenant-user-${String(index).padStart(9, '0')}@corp`);

function* tokens(sets: number): Generator<string> {
  for (const [index, user] of users(sets).entries()) {
    for (const type of ['input', 'output']) {
      const labels = `${model},gen_ai_token_type="${type}",${scope},user_id="${user}",user_namespace="team-${index % 40}"`;
      yield histogram('gen_ai_client_token_usage', labels, les, String(index * 37 + 11), (index % 90) + 1);
    }
  }
}

function* durations(sets: number): Generator<string> {
  for (const [index, user] of users(sets).entries()) {
    const labels = `${model},${scope},user_id="${user}",user_namespace="team-${index % 40}"`;
    yield histogram(
      'gen_ai_server_request_duration_seconds',
      labels,
      seconds,
      `${index}.${String(index * 7919).slice(0, 9)}`,
      (index % 90) + 1,
    );
  }
}

/** The body in pieces of one series each. */
export function* bigExposition(sets = 5000): Generator<string> {
  yield* family('gen_ai_client_token_usage', 'Number of tokens processed.', tokens(sets));
  yield* family('gen_ai_server_request_duration_seconds', 'Time spent processing request.', durations(sets));
  yield '# HELP target_info Target metadata\n# TYPE target_info gauge\n';
  yield 'target_info{service_name="ai-gateway-extproc",telemetry_sdk_language="go",telemetry_sdk_name="opentelemetry",telemetry_sdk_version="1.44.0"} 1\n';
}

if (process.argv[1] === fileURLToPath(import.meta.url) || process.argv[1]?.endsWith('big-exposition.ts')) {
  for (const piece of bigExposition(Number(process.argv[2] ?? 5000))) process.stdout.write(piece);
}
