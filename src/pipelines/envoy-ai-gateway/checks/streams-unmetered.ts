import type { Emission, Emitter } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { type AiRoute, aiRoutes, sameGateway } from '../facts/routes.ts';
import { labels } from '../names.ts';
import { settingCosts } from '../remedies.ts';

type Metered = Extract<Emission['outcome'], { status: 'metered' }>;

// Fewer are chance: a request in flight, a backend that left usage out once.
const fewestMissing = 3;
const tolerated = 0.2;
// They ask how many tokens a request would take and use none: internal/metrics/genai.go at v1.1.0, GenAIOperation.
const tokenless = ['tokenize', 'responses_input_tokens', 'count_tokens'];

/** Whether every answered request left a token sample. */
export const streamsUnmetered = defineCheck({
  id: 'streams-unmetered',
  title: 'every answered request left a token sample',
  hop: 'emit',
  severity: 'warning',
  why: 'Streamed answers carry their usage only when it is asked for. What they used is billed to nobody.',
  fix: 'Set spec.llmRequestCosts on an AIGatewayRoute of the gateway, so that it asks for stream_options.include_usage on every streamed chat completion.',
  follows: ['costs-unset', 'metrics-unreadable'],
  needs: { emissions },
  wants: { routes: aiRoutes },
  judge({ emissions, routes }) {
    const known = routes.status === 'read' ? routes.value.routes : [];
    // v0.2 and v0.3 count requests once a chunk (#1160, #1195).
    const exact = emissions.read.filter(({ emitter }) => !/^v0\.[23]\b/.test(emitter.release ?? ''));
    const metered = exact.filter(({ outcome }) => outcome.status === 'metered' && outcome.requests.length > 0);
    if (metered.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no proxy counts answered requests yet' };
    return verdict(
      metered.flatMap(({ emitter, outcome }) => (outcome.status === 'metered' ? missing(emitter, outcome, remedyFor(emitter, known)) : [])),
      emissions.unread,
    );
  },
});

function missing(emitter: Emitter, outcome: Metered, remedy: Remedy): readonly Finding[] {
  const answered = counted(outcome.requests.filter(({ labels }) => !labels.error_type));
  const sampled = counted(outcome.series.filter(({ labels }) => labels.gen_ai_token_type === 'input'));
  return [...answered].flatMap(([key, requests]) => {
    const samples = sampled.get(key) ?? 0;
    const [operation = '', model = ''] = key.split('\n');
    const lost = requests - samples;
    if (tokenless.includes(operation) || lost < fewestMissing || lost / requests <= tolerated) return [];
    return [{ ...finding(emitter, `${operation} requests to ${model}`, requests, samples), remedy }];
  });
}

function finding(emitter: Emitter, which: string, requests: number, samples: number): Finding {
  const { namespace, name } = emitter.pod;
  const share = Math.round((1 - samples / requests) * 100);
  return {
    subject: emitter.subject,
    about: [emitter.key],
    message: `${share} % of the answered ${which} left no token sample: ${requests} answered, ${samples} metered`,
    evidence: {
      saw: `gen_ai_server_request_duration_seconds_count ${requests}, token usage count ${samples}`,
      run: `kubectl -n ${namespace} port-forward pod/${name} ${emitter.port} & curl -s http://localhost:${emitter.port}/metrics | grep -E 'request_duration_seconds_count|token_usage.*_count'`,
    },
  };
}

/** One route with costs makes its Gateway ask for usage; where it does already, the backends leave it out. */
function remedyFor({ pod }: Emitter, routes: readonly AiRoute[]): Remedy {
  const gateway = { namespace: pod.labels[labels.gatewayNamespace] ?? pod.namespace, name: pod.labels[labels.gatewayName] ?? '' };
  const own = routes.filter((route) => route.gateways.some((ref) => sameGateway(ref, gateway)));
  const [first] = own;
  if (own.some(({ costs }) => costs.length > 0))
    return { text: 'use backends that answer streams with usage: llmRequestCosts is set, so that they are asked for it already' };
  if (first === undefined)
    return { text: 'set spec.llmRequestCosts on one AIGatewayRoute of the gateway, or let clients send stream_options.include_usage' };
  return settingCosts(first.subject, first);
}

/** Observations by operation and model. */
function counted(series: readonly { readonly labels: Readonly<Record<string, string>>; readonly count: number }[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { labels, count } of series) {
    const key = `${labels.gen_ai_operation_name ?? ''}\n${labels.gen_ai_request_model ?? ''}`;
    sums.set(key, (sums.get(key) ?? 0) + count);
  }
  return sums;
}
