import { expect, it } from 'vitest';
import { merged } from '../../src/parse/patch.ts';
import { pathOf } from '../e2e/testbed/api.ts';
import { servedCrds, servedOf } from '../e2e/testbed/crds.ts';
import { resourceOf } from '../e2e/testbed/resources.ts';
import { clusterOf } from '../worlds/cluster.ts';
import { worlds } from '../worlds/index.ts';
import { rollOut } from '../worlds/kuadrant/controllers/deployments.ts';
import { shape } from '../worlds/kuadrant/controllers/limitador.ts';
import { operate } from '../worlds/kuadrant/controllers/operator.ts';
import type { Place } from '../worlds/kuadrant/controllers/present.ts';
import { traffic } from '../worlds/kuadrant/controllers/traffic.ts';
import { telemetryPolicy } from '../worlds/kuadrant/policies.ts';
import { drop, type Editable, edit, type Manifest } from '../worlds/world.ts';

type Change = (cluster: { objects: Manifest[] } & Editable) => void;

/** An API server in memory that has what a world consists of, after a change. */
function placeOf(name: string, change: Change): Place {
  const world = worlds.find((each) => each.name === name);
  if (world === undefined) throw new Error(`there is no world ${name}`);
  const cluster = clusterOf(world, '127.0.97');
  const now = { ...cluster, objects: [...structuredClone(cluster.objects), ...servedCrds(servedOf(cluster))] };
  change(now);
  const at = (object: Manifest): number => now.objects.findIndex((each) => pathOf(each) === pathOf(object));
  const put = (object: Manifest): void => {
    if (at(object) < 0) now.objects.push(object);
    else now.objects[at(object)] = object;
  };
  const list = async (path: string): Promise<readonly Manifest[]> =>
    now.objects.filter(({ apiVersion, kind }) => path.endsWith(`/${apiVersion}/${resourceOf(kind).plural}`));
  const send = async (_method: string, path: string, fields: unknown) => {
    const object = now.objects.find((each) => pathOf(each) === path);
    put(merged(object, fields) as Manifest);
    return { status: 200, body: {} };
  };
  const bed = { api: { list, send }, patchStatus: async (object: Manifest, status: unknown) => put({ ...object, status }) };
  const hands = {
    cluster,
    apply: async (...objects: readonly Manifest[]) => objects.forEach(put),
    remove: async (...objects: readonly Manifest[]) => drop(now, (each) => objects.some((object) => pathOf(object) === pathOf(each))),
  };
  return { bed, hands } as unknown as Place;
}

/** The labels under which the tokens of each caller are counted from then on. */
async function counted(name: string, change: Change): Promise<readonly unknown[]> {
  const place = placeOf(name, change);
  await operate(place, await rollOut(place));
  await shape(place);
  await rollOut(place);
  return (await traffic(place, true)).map(({ labels }) => labels);
}

const nothing: Change = () => undefined;
const operator = 'kuadrant-operator-controller-manager';
const restarted: Change = (cluster) =>
  edit(cluster, 'Deployment', operator, ({ spec }) => {
    spec.template.metadata.annotations = { 'kubectl.kubernetes.io/restartedAt': 'now' };
  });
const given =
  (name: string, value: string | null): Change =>
  (cluster) =>
    edit(cluster, 'Deployment', operator, ({ spec: { template } }) => {
      const [container] = template.spec.containers;
      container.env = [...container.env.filter((each: Editable) => each.name !== name), ...(value === null ? [] : [{ name, value }])];
    });
const exposing =
  (userid: string): Change =>
  (cluster) =>
    edit(cluster, 'AuthPolicy', undefined, ({ spec }) => {
      const selector = (name: string): Editable => ({ selector: `auth.identity.metadata.annotations.kuadrant\\.io/${name}` });
      spec.rules.response.success.filters = {
        identity: { json: { properties: { userid: selector(userid), groups: selector('groups') } } },
      };
    });
const specified =
  (kind: string, change: (spec: Editable) => void): Change =>
  (cluster) =>
    edit(cluster, kind, undefined, ({ spec }) => change(spec));
const added =
  (...objects: readonly Manifest[]): Change =>
  (cluster) =>
    cluster.objects.push(...objects);

const both = [
  { user: 'user-1', group: 'free' },
  { user: 'user-2', group: 'gold' },
];
const nobody = [{}, {}];

it.each<[string, string, Change, readonly unknown[]]>([
  ['kuadrant-istio', 'as it is', nothing, both],
  ['kuadrant-istio', 'after a restart', restarted, both],
  ['kuadrant-dependency-missing', 'as it is', nothing, []],
  ['kuadrant-dependency-missing', 'after a restart', restarted, both],
  ['kuadrant-filter-missing', 'as it is', nothing, []],
  ['kuadrant-filter-missing', 'after a restart', restarted, both],
  ['kuadrant-limits-unprogrammed', 'as it is', nothing, []],
  ['kuadrant-limits-unprogrammed', 'after a restart', restarted, both],
  ['kuadrant-extensions-off', 'after a restart', restarted, nobody],
  ['kuadrant-extensions-off', 'without the variable', given('WITH_EXTENSIONS', null), both],
  ['kuadrant-foreign-controller', 'after a restart', restarted, []],
  ['kuadrant-foreign-controller', 'served', given('ISTIO_GATEWAY_CONTROLLER_NAMES', 'gateway.example.com/controller'), both],
  ['kuadrant-identity-unexposed', 'after a restart', restarted, []],
  ['kuadrant-identity-unexposed', 'exposed', exposing('user-id'), both],
  ['kuadrant-identity-unexposed', 'exposed under a wrong name', exposing('userid'), both.map((each) => ({ ...each, user: '' }))],
  ['kuadrant-limits-before-auth', 'after a restart', restarted, nobody],
  [
    'kuadrant-limits-before-auth',
    'with a counter by caller',
    specified('TokenRateLimitPolicy', ({ limits }) => {
      limits.global.counters = [{ expression: 'auth.identity.userid' }];
    }),
    both,
  ],
  ['kuadrant-condition-on-the-response', 'after a restart', restarted, []],
  [
    'kuadrant-condition-on-the-response',
    'without the condition',
    specified('TokenRateLimitPolicy', ({ limits }) => {
      limits.free.when = [];
    }),
    both,
  ],
  ['kuadrant-label-of-the-response', 'after a restart', restarted, []],
  ['kuadrant-no-telemetry-policy', 'after a restart', restarted, nobody],
  ['kuadrant-no-telemetry-policy', 'with one beside the route', added(telemetryPolicy(undefined, 'llm')), nobody],
  [
    'kuadrant-no-telemetry-policy',
    'with one at the Gateway',
    added(telemetryPolicy({ who: 'auth.identity.userid' })),
    [{ who: 'user-1' }, { who: 'user-2' }],
  ],
  ['kuadrant-no-token-limits', 'after a restart', restarted, []],
  [
    'kuadrant-two-labels-one-name',
    'with one of them',
    specified('TelemetryPolicy', ({ metrics }) => {
      delete metrics.default.labels['user.id'];
    }),
    [{ 'user-id': 'user-1' }, { 'user-id': 'user-2' }],
  ],
])('%s counts %s', async (name, _, change, labels) => expect(await counted(name, change)).toEqual(labels));
