import { type Cluster, edit, type OtherWorld } from '../world.ts';
import { chats } from './cluster.ts';
import { programmed } from './objects.ts';
import { tokenLimit, tokenPolicy } from './policies.ts';
import { world } from './sound.ts';

const well = { exitCode: 0, brokenAt: null } as const;
const warned = (id: string) => ({ exitCode: 0, brokenAt: id }) as const;

/** Other limits than those of the guide, and how Limitador has them. */
function limited(cluster: Cluster, limits: Readonly<Record<string, unknown>>): void {
  edit(cluster, 'TokenRateLimitPolicy', undefined, (object) => {
    object.spec = tokenPolicy(limits).spec;
  });
  edit(cluster, 'Limitador', undefined, ({ spec }) => {
    spec.limits = Object.keys(limits).map((name, index) => programmed(name, `7f3a9c${index}e`, { max: 100_000 }));
  });
}

function routed(cluster: Cluster, ...matches: readonly unknown[]): void {
  edit(cluster, 'HTTPRoute', undefined, ({ spec }) => {
    spec.rules[0].matches = matches;
  });
}

const exact = (value: string, method = 'POST') => ({ path: { type: 'Exact', value }, method });
const windows = [
  { limit: 100_000, window: '1m' },
  { limit: 5_000_000, window: '24h' },
];
/** What Limitador holds when each answer is reported by two limits. */
const twice = chats.map((flow) => ({ ...flow, tokens: 2 * (flow.tokens ?? 0) }));

/** Worlds about which requests limits apply to. */
export const limitWorlds: readonly OtherWorld[] = [
  world({
    name: 'kuadrant-limits-overlapping',
    title: 'a limit for each user and one for their group have the same condition, and each reports the tokens',
    shape: { flows: twice },
    change: (cluster) =>
      limited(cluster, {
        'per-group': { ...tokenLimit('free', 500_000), counters: [{ expression: 'auth.identity.groups' }] },
        'per-user': tokenLimit('free', 100_000),
      }),
    expect: warned('limits-overlapping'),
  }),
  world({
    name: 'kuadrant-limit-a-window',
    title: 'the limits of a minute and of a day are two limits instead of two rates of one',
    shape: { flows: twice },
    change: (cluster) => limited(cluster, { day: tokenLimit('free', 5_000_000, '24h'), minute: tokenLimit('free', 100_000) }),
    expect: warned('limits-overlapping'),
  }),
  world({
    name: 'kuadrant-limits-of-several-rates',
    title: 'each limit has a rate for the minute and one for the day, and the limits exclude each other',
    change: (cluster) =>
      limited(cluster, { free: { ...tokenLimit('free', 1), rates: windows }, gold: { ...tokenLimit('gold', 1), rates: windows } }),
    expect: well,
  }),
  world({
    name: 'kuadrant-completions-unlimited',
    title: 'the route serves completions as well, and every limit is for chat completions',
    change: (cluster) => routed(cluster, exact('/v1/chat/completions'), exact('/v1/completions'), exact('/v1/models', 'GET')),
    expect: warned('paths-unlimited'),
  }),
  world({
    name: 'kuadrant-condition-on-the-rewritten-path',
    title: 'the route takes /llama and rewrites it, and the limits ask for the path behind the rewrite',
    shape: { flows: [], panels: [] },
    change: (cluster) => {
      edit(cluster, 'HTTPRoute', undefined, ({ spec: { rules } }) => {
        rules[0].matches = [{ path: { type: 'PathPrefix', value: '/llama' } }];
        rules[0].filters = [{ type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } }];
      });
    },
    expect: warned('paths-unlimited'),
  }),
  world({
    name: 'kuadrant-every-path-limited',
    title: 'the route serves chats, completions and lists of models, and the limits name both that have tokens',
    change: (cluster) => {
      routed(cluster, exact('/v1/chat/completions'), exact('/v1/completions'), exact('/v1/models', 'GET'));
      edit(cluster, 'TokenRateLimitPolicy', undefined, ({ spec: { limits } }) => {
        for (const limit of Object.values(limits) as { when: { predicate: string }[] }[])
          limit.when[0] = { predicate: 'request.path in ["/v1/chat/completions", "/v1/completions"]' };
      });
    },
    expect: well,
  }),
];
