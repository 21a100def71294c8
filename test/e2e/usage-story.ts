import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gather } from '../../src/engine/gather.ts';
import type { Options } from '../../src/model/fact.ts';
import type { Source } from '../../src/model/source.ts';
import { totalOf, type Usage, type UsageQuestion } from '../../src/model/usage.ts';
import { usage } from '../../src/pipelines/envoy-ai-gateway/usage.ts';
import type { Sidecar } from './usage-fleet.ts';

const tenants = ['team-a', 'team-b', '-'];
const models = ['gpt-4o', 'small', 'embed'];
/** Milliseconds of silence: several scrapes, also on a busy machine: after so long every request is stored. */
export const quiet = 4000;
/** Whose requests there are. */
export const callers = tenants.flatMap((tenant) => models.map((model) => ({ tenant, model })));

/** Rounds of requests, five a second. */
export async function traffic(
  sidecars: readonly Sidecar[],
  among: readonly { tenant: string; model: string }[],
  seconds: number,
): Promise<void> {
  for (let round = 0; round < seconds * 5; round++) {
    for (const sidecar of sidecars) {
      among.forEach((caller, at) => {
        if ((round + at) % 3 === 0) sidecar.request(caller, 100 + ((round * 37 + at * 11) % 900), 10 + ((round * 13 + at) % 90));
      });
    }
    await sleep(200);
  }
}

/** Tokens ever counted, by "tenant model". */
export function everOf(sidecars: readonly Sidecar[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, tokens] of sidecars.flatMap(({ ever }) => [...ever])) {
    const [tenant, model, type] = key.split(' ');
    if (type === 'cached_input') continue;
    sums.set(`${tenant} ${model}`, (sums.get(`${tenant} ${model}`) ?? 0) + tokens);
  }
  return sums;
}

/** What was counted between two moments. */
export function differences(after: ReadonlyMap<string, number>, before: ReadonlyMap<string, number>): Map<string, number> {
  return new Map([...after].map(([key, tokens]) => [key, tokens - (before.get(key) ?? 0)]));
}

/** What usage says, by "tenant model". */
export function byKey({ rows, counted }: Usage): Map<string, number> {
  return new Map(rows.map((row) => [row.values.map((value) => value || '-').join(' '), totalOf(row, counted)]));
}

/** Writes the targets that Prometheus discovers. */
export function discover(folder: string, sidecars: readonly Sidecar[]): void {
  const groups = sidecars.map(({ address }, at) => ({
    targets: [address],
    labels: { pod: `envoy-${address.split(':')[1] ?? at}`, namespace: 'gateways' },
  }));
  writeFileSync(join(folder, 'next.json'), JSON.stringify(groups));
  renameSync(join(folder, 'next.json'), join(folder, 'targets.json'));
}

/** The first value of an instant query; null: none. */
export async function number(url: string, query: string, headers: Readonly<Record<string, string>> = {}): Promise<number | null> {
  // Mimir answers below /prometheus alone.
  const base = 'X-Scope-OrgID' in headers ? `${url}/prometheus` : url;
  const answer = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(query)}`, { headers }).catch(() => null);
  const body = (await answer?.json().catch(() => null)) as { data?: { result?: { value: [number, string] }[] } } | null;
  const value = body?.data?.result?.[0]?.value[1];
  return value === undefined ? null : Number(value);
}

/** Asks a store of nobody's cluster; throws when it has no answer. */
export async function asked(url: string, question: UsageQuestion, headers: Readonly<Record<string, string>> = {}): Promise<Usage> {
  const options: Options = {
    gateway: null,
    namespace: null,
    selector: null,
    expectLabels: [],
    prometheus: { target: { at: 'url', url }, headers },
  };
  const answer = await usage.stored(gather(emptyCluster(), options).reader, question);
  if (answer.status !== 'read') throw new Error(JSON.stringify(answer));
  return answer.usage;
}

/** No Kubernetes at all: only the URL that the user gave. */
function emptyCluster(): Source {
  return {
    origin: { kind: 'cluster', name: 'none' },
    now: new Date(),
    requests: { kubernetes: 0, tunnels: 0, prometheus: 0 },
    list: async () => [],
    get: async (endpoint, { path, query = [], headers = {} }) => {
      if (endpoint.at !== 'url') throw new Error(`no ${endpoint.at} here`);
      const answer = await fetch(
        `${endpoint.url}${path}?${new URLSearchParams(query.map(([name, value]): [string, string] => [name, value]))}`,
        { headers },
      );
      const body = new Uint8Array(await answer.arrayBuffer());
      return {
        status: answer.status,
        headers: Object.fromEntries(answer.headers),
        body: [body] as unknown as AsyncIterable<Uint8Array>,
        via: 'direct',
      };
    },
  };
}
