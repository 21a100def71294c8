import { stateText } from '../../../checks/phrases.ts';
import type { Server } from '../../../facts/prometheus.ts';
import { storedSeries } from '../../../facts/stored-series.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Unread } from '../../../model/source.ts';
import { buildText } from '../../../parse/promapi.ts';
import { isStarting, lastWords, quoted } from '../../envoy-ai-gateway/container-state.ts';
import { firstReady, type MimirPods, mimirPods } from '../facts/mimir-pods.ts';
import { stores } from '../facts/stores.ts';
import { ids, tenantHeader } from '../names.ts';
import { nouns } from '../nouns.ts';

/** Whether the store of the series answers. Not to reach it from here is no fault of the cluster; that none of its pods is ready is. */
export const storeUnreachable = defineCheck({
  id: ids.unreachable,
  title: 'the store of the series answers',
  hop: 'collect',
  severity: 'error',
  why: 'What collectors brought can only be judged by asking the store for it. As long as it does not answer, nothing past the collectors is known to be sound.',
  fix: 'Name the store with --prometheus, and give it --prometheus-header "X-Scope-OrgID: TENANT" when it asks for a tenant.',
  needs: { stores },
  wants: { series: storedSeries(nouns), pods: mimirPods },
  judge({ stores, series, pods }, options) {
    const down = options.prometheus === null && pods.status === 'read' ? pods.value.flatMap(unready) : [];
    if (down.length > 0) return verdict(down);
    if (stores.servers.length === 0) return { status: 'unknown', unread: [noStore(stores.lookedFor)] };
    const unread = [
      ...stores.servers.flatMap((server) => server.unread),
      ...(series.status === 'read' ? series.value.flatMap((server) => server.unread) : [series.unread]),
    ];
    const known = new Map(unread.map((each) => [tenantless(each) ? 'tenant' : `${each.what} ${each.message}`, each]));
    return verdict([], [...known.values()].map(clearly), stores.servers.map(described).join('; '));
  },
});

/** A Mimir none of whose pods is ready, though they had their chance. */
function unready({ mimir, pods, unread }: MimirPods): readonly Finding[] {
  const { subject, queried, namespace } = mimir;
  if (queried === null || unread !== null || firstReady(pods) !== null) return [];
  const states = pods.map((pod) => ({ pod, state: pod.states.find(({ ready }) => !ready) ?? null }));
  if (states.some(({ state }) => isStarting(state))) return [];
  const [first] = states;
  const kind = subject.split(' ')[0]?.toLowerCase() ?? 'pod';
  const what = first === undefined ? 'has no pods' : `has no pod that is ready: ${stateText(first.state)}${quoted(first.state)}`;
  return [
    {
      subject,
      message: `the store ${what}`,
      evidence: {
        saw: first === undefined ? '0 pods' : (lastWords(first.state) ?? stateText(first.state)),
        run:
          first === undefined
            ? `kubectl -n ${namespace} get ${kind} ${queried.name}`
            : `kubectl -n ${namespace} logs ${first.pod.name} --previous`,
      },
      remedy: { text: first === undefined ? 'scale it up' : 'read why its program ends or waits, and correct what it names' },
    },
  ];
}

/** That no store was found, as something that could not be read. */
function noStore(lookedFor: readonly string[]): Unread {
  const message = `no store of metrics was found (looked for ${lookedFor.join(' and ')}): name one with --prometheus`;
  return { what: 'find the store', reason: 'absent', message, needs: '--prometheus' };
}

/** A store that asks for a tenant where nothing in the cluster names one: recorded in real/mimir/noorg-query.http. */
function tenantless({ message }: Unread): boolean {
  return message.includes('no org id');
}

function clearly(unread: Unread): Unread {
  if (!tenantless(unread)) return unread;
  const needs = `--prometheus-header '${tenantHeader}: TENANT'`;
  return {
    ...unread,
    needs,
    message: `the store keeps tenants apart, and neither a collector nor a data source of Grafana names one: name it with --prometheus NAMESPACE/SERVICE:PORT ${needs}`,
  };
}

function described({ subject, shards }: Server): string {
  const builds = [...new Set(shards.map(({ build, headers }) => `${buildText(build)}${tenantText(headers)}`))];
  return `${subject}: ${builds.join(', ')}`;
}

/** Tenants are names, not secrets. */
function tenantText(headers: Readonly<Record<string, string>>): string {
  const tenant = Object.entries(headers).find(([name]) => name.toLowerCase() === tenantHeader.toLowerCase())?.[1];
  return tenant === undefined ? '' : `, tenant ${tenant}`;
}
