import type { ContainerLog, Hands, OtherWorld } from '../world.ts';
import { istioMonitor, limitadorMonitor, otherMonitors, places } from './objects.ts';
import { world } from './sound.ts';

const well = { exitCode: 0, brokenAt: null } as const;
const warned = (id: string) => ({ exitCode: 0, brokenAt: id }) as const;

/** A line of Envoy's log in Istio's form: istio pkg/envoy, --log-format. */
const line = (level: string, words: string): string =>
  `2026-11-26T10:00:01.000000Z\t${level}\tenvoy wasm external/envoy/source/extensions/common/wasm/context.cc:1148\twasm log kuadrant-wasm-shim: ${words}\tthread=27`;

/** The log of the proxy, with other lines before. */
const proxyLog = (...lines: readonly string[]): readonly ContainerLog[] => [
  {
    pod: { namespace: places.gateway, name: 'external-istio-79f5b8c6d4-x2v7q' },
    container: 'istio-proxy',
    lines: [
      '2026-11-26T09:59:58.000000Z\tinfo\tEnvoy proxy is ready',
      line('info', '#1 on_configure: {"actionSets": 1}'),
      '[2026-11-26T10:00:00.000Z] "POST /v1/chat/completions HTTP/1.1" 200 - via_upstream - "-" 212 431 83 82 "-" "curl/8.5.0"',
      ...lines,
    ],
  },
];

const missing = line('warning', 'Missing json property: /usage/total_tokens');
const noKey = line('error', 'CelError::Resolve { NoSuchKey("group") }');
const times = (count: number, text: string): readonly string[] => Array.from({ length: count }, () => text);

const siblings = [...otherMonitors(), istioMonitor(places.gateway)];
const hours = (count: number): number => count * 3600;

/** The operator deletes the monitor of Limitador and makes it again; the others have been there for hours. */
async function churned({ age, remove, apply, reload, scrapes }: Hands): Promise<void> {
  for (const monitor of siblings) await age(monitor, hours(5));
  await remove(limitadorMonitor());
  await reload();
  await scrapes(2);
  await apply(limitadorMonitor());
  await reload();
  await scrapes(4);
}

/** Worlds that are told apart by logs, or by how long things have been there. */
export const loggedWorlds: readonly OtherWorld[] = [
  world({
    name: 'kuadrant-usage-missing-in-some-responses',
    title: 'some clients stream without usage, and the log of the proxy says so for each of their answers',
    options: { logs: true },
    change: (cluster) => {
      cluster.logs = proxyLog(...times(40, missing));
    },
    expect: warned('gateway-errors'),
  }),
  world({
    name: 'kuadrant-key-missing-for-some-callers',
    title: 'a label asks for a key that some callers do not have',
    options: { logs: true },
    change: (cluster) => {
      cluster.logs = proxyLog(...times(12, noKey));
    },
    expect: warned('gateway-errors'),
  }),
  world({
    name: 'kuadrant-log-of-a-sound-proxy',
    title: 'the log of the proxy has the two lists of models among its answers, which have no usage',
    options: { logs: true },
    change: (cluster) => {
      cluster.logs = proxyLog(...times(2, missing), line('debug', 'NoSuchKey is what an expression fails with'));
    },
    expect: well,
  }),
  world({
    name: 'kuadrant-monitor-made-again',
    title: 'the operator deletes its monitor of Limitador and makes it again, as it does every ten minutes',
    later: churned,
    expect: warned('monitor-churn'),
  }),
  world({
    name: 'kuadrant-monitors-of-old',
    title: 'all monitors of the operator have been there for hours',
    later: async ({ age, scrapes }) => {
      for (const monitor of [...siblings, limitadorMonitor()]) await age(monitor, hours(5));
      await scrapes(1);
    },
    expect: well,
  }),
];
