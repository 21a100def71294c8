import { logsNotAsked, type PodLog } from '../../../facts/logs.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { filterErrors, gatewayLogs } from '../facts/gateway-logs.ts';
import { podKey } from '../names.ts';

/** What the filter complains of in the proxies' logs. */
export const gatewayErrors = defineCheck({
  id: 'gateway-errors',
  title: 'the filter in the proxies complains of nothing',
  hop: 'emit',
  severity: 'warning',
  why: 'A request whose tokens cannot be read, or whose caller lacks a key, is answered all the same. Only the log of the proxy says that it was not counted.',
  fix: 'Mend what the message names: usage in the responses, a key of auth.identity, or the release of the filter.',
  follows: [
    'auth-unenforced',
    'identity-unexposed',
    'api-keys-unannotated',
    'telemetry-hazard',
    'predicate-hazard',
    'wasm-missing',
    'tokens-unextracted',
    'identity-absent',
    'identity-empty',
  ],
  needs: { gatewayLogs },
  judge: ({ gatewayLogs }) => {
    if (gatewayLogs.status === 'not-asked') return { status: 'skip', because: logsNotAsked };
    if (gatewayLogs.read.length === 0 && gatewayLogs.unread.length === 0)
      return { status: 'skip', because: 'no proxy of a Gateway with token limits runs' };
    return verdict(gatewayLogs.read.flatMap(findingsOf), gatewayLogs.unread);
  },
});

/** Fewer may be requests that have no usage, such as lists of models. */
const telling = 3;

function findingsOf({ namespace, pod, container, finds, lines }: PodLog): readonly Finding[] {
  return finds.flatMap(({ pattern, count, example }) => {
    const cause = causes.find(([known]) => known.source === pattern);
    if (cause === undefined || count < telling) return [];
    return [
      {
        subject: `Pod ${namespace}/${pod}`,
        message: `its last ${lines} lines say ${count} times "${example ?? pattern}": ${cause[1]}`,
        evidence: {
          saw: `${count} of ${lines} lines`,
          run: `kubectl -n ${namespace} logs ${pod} -c ${container} --tail=500 | grep -i wasm`,
        },
        remedy: cause[2],
        about: [podKey({ namespace, name: pod })],
      },
    ];
  });
}

const usage: Remedy = {
  text: 'have responses carry usage.total_tokens: stream_options.include_usage for streams, uncompressed bodies in the form of OpenAI',
};

const causes: readonly (readonly [RegExp, string, Remedy])[] = [
  [filterErrors.usage, 'responses without usage, whose tokens are not counted', usage],
  [filterErrors.stream, 'responses without usage, whose tokens are not counted', usage],
  [
    filterErrors.key,
    'an expression asks for a key that the caller does not have',
    { text: 'expose the key in the AuthPolicy, or guard the expression: has(auth.identity.x) ? auth.identity.x : ""' },
  ],
  [
    filterErrors.plugin,
    'the operator writes a configuration that this release of the filter does not understand',
    { text: 'let operator and filter be of one release' },
  ],
];
