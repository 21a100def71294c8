import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { type Path, scene } from '../facts/scene.ts';
import { routeKey } from '../names.ts';
import { nameOf } from '../phrases.ts';
import { type Traffic, trafficOf } from '../traffic.ts';

/** Requests are counted and no tokens: the responses have no usage where the filter looks for it. */
export const tokensUnextracted = defineCheck({
  id: 'tokens-unextracted',
  title: 'the tokens of every route that is called are counted',
  hop: 'emit',
  severity: 'error',
  why: 'The filter takes usage.total_tokens from a plain JSON body or the last event of a stream. A response without it is passed on, and its tokens are counted nowhere.',
  fix: 'Let clients send `stream_options: {"include_usage": true}`, or start the model server with `--enable-force-include-usage`, and do not let it compress its answers.',
  follows: [
    'crds-missing',
    'limitador-outdated',
    'identity-unexposed',
    'limits-unenforced',
    'predicate-hazard',
    'paths-unlimited',
    'telemetry-hazard',
    'wasm-missing',
    'limits-unprogrammed',
  ],
  needs: { emissions, scene },
  judge: ({ emissions, scene }) => {
    const routes = [...new Map(scene.paths.map((path) => [nameOf(path.route), path])).values()];
    const called = routes
      .map((path) => ({ path, traffic: trafficOf(emissions.read, path.route) }))
      .filter(({ traffic }) => traffic.calls > 0);
    const unread = [...emissions.unread, ...scene.unread];
    if (called.length === 0 && unread.length === 0) return { status: 'skip', because: 'no route with token limits has been called' };
    // A Limitador that could not be asked may hold them.
    if (emissions.unread.length > 0) return { status: 'unknown', unread };
    return verdict(called.flatMap(findingOf), unread);
  },
});

/** Fewer calls may all have been lists of models, or still be answered. */
const telling = 3;

function findingOf({ path, traffic }: { readonly path: Path; readonly traffic: Traffic }): readonly Finding[] {
  if (traffic.hits > 0) return [];
  const { route } = path;
  return [
    {
      subject: route.subject,
      message: `${traffic.calls} request${traffic.calls === 1 ? '' : 's'} passed and no token was counted: the filter found no usage.total_tokens in the responses`,
      evidence: {
        saw: `authorized_calls ${traffic.calls}, no authorized_hits for ${nameOf(route)}`,
        run: `kubectl -n ${path.gateway.namespace} logs -l gateway.networking.k8s.io/gateway-name=${path.gateway.name} --tail=500 | grep -E 'Missing json property|Body stream ended'`,
      },
      remedy: {
        text: 'have streams end with usage (stream_options.include_usage, or --enable-force-include-usage on vLLM), uncompressed and in the form of OpenAI',
      },
      ...(traffic.calls < telling ? { severity: 'warning' as const } : {}),
      about: [routeKey(route)],
    },
  ];
}
