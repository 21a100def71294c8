import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { faulty } from '../../memory-source.ts';
import {
  authPolicy,
  byUser,
  gateway,
  gatewayClass,
  idlePage,
  kuadrantObject,
  limitador,
  limitadorArgs,
  limitadorPod,
  onChat,
  operator,
  pageOf,
  podMonitor,
  programmed,
  properties,
  ratePolicy,
  route,
  telemetryPolicy,
  toGateway,
  tokenPolicy,
  trafficPage,
  unenforced,
  unready,
  wasmPlugin,
} from './objects.ts';
import { type Change, type Stored, standing } from './world.ts';

const text = (body: string) => ({ headers: { 'content-type': 'text/plain; charset=utf-8' }, body });
const idle = text(idlePage);
const nobody = text(trafficPage([null]));
/** What Prometheus says where no series has a label of the caller. */
const unlabelled: Stored = {
  labels: ['__name__', 'instance', 'limitador_namespace'],
  answers: { 'count({__name__=~"authorized_hits(_total)?",user!=""})': [], 'count({__name__=~"authorized_hits(_total)?",group!=""})': [] },
};
/** What it says where there are none. */
const empty: Stored = { ...unlabelled, answers: { ...unlabelled.answers, 'count by (__name__)': [] } };
const down = (error: string): Stored => ({ ...empty, targets: [error] });
const waiting = unenforced('Unknown', 'TokenRateLimitPolicy waiting for the following components to sync: [Limitador]');
const orphan = unenforced('Unknown', 'TokenRateLimitPolicy is not in the path to any existing routes');
const crashing = {
  ready: false,
  restartCount: 4,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { exitCode: 1, message: 'no such file' } },
};
const dashboard = (expr: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'tokens', namespace: 'monitoring', labels: { grafana_dashboard: '1' } },
  data: {
    'tokens.json': JSON.stringify({
      title: 'tokens',
      panels: [{ title: 'by user', type: 'timeseries', targets: [{ expr, datasource: { type: 'prometheus' } }] }],
    }),
  },
});

describe('the root of what fails', () => {
  it.each<[string, Change, readonly string[]]>([
    ['nothing', {}, []],
    [
      'no object of Kuadrant',
      { kuadrant: null, limitador: null, pods: [], monitors: [], auth: [], limits: [], telemetry: [], carriers: [] },
      ['kuadrant-unready', 'limits-unenforced < kuadrant-unready'],
    ],
    [
      'Kuadrant that misses its dependencies',
      {
        kuadrant: kuadrantObject(
          {},
          unready(
            'MissingDependency',
            '[Istio, Gateway API provider] is not installed, please restart Kuadrant Operator pod once dependency has been installed',
          ),
        ),
        limits: [tokenPolicy({ status: unenforced('MissingDependency', 'not installed') })],
        metrics: idle,
        stored: empty,
      },
      ['kuadrant-unready', 'limits-unenforced < kuadrant-unready', 'idle-limitador < kuadrant-unready'],
    ],
    [
      'an older Kuadrant',
      {
        refused: { tokenratelimitpolicies: 'absent', telemetrypolicies: 'absent' },
        limits: [],
        telemetry: [],
        metrics: idle,
        stored: empty,
      },
      ['crds-missing', 'idle-limitador < crds-missing'],
    ],
    [
      'extensions that are off',
      {
        operator: operator([{ name: 'WITH_EXTENSIONS', value: 'false' }]),
        telemetry: [telemetryPolicy({ status: {} })],
        metrics: nobody,
        stored: unlabelled,
      },
      ['extensions-disabled', 'telemetry-unenforced < extensions-disabled', 'identity-absent < extensions-disabled'],
    ],
    [
      'a TelemetryPolicy that nobody reads',
      { telemetry: [telemetryPolicy({ status: {} })], metrics: nobody, stored: unlabelled },
      ['extensions-disabled', 'telemetry-unenforced < extensions-disabled', 'identity-absent < extensions-disabled'],
    ],
    [
      'a Limitador that crashes',
      {
        pods: [limitadorPod({ state: crashing })],
        limitador: limitador({}, unready('DeploymentNotReady', 'Deployment is not ready')),
        kuadrant: kuadrantObject({ observability: { enable: true } }, unready('LimitadorNotReady', 'limitador is not ready')),
        limits: [tokenPolicy({ status: waiting })],
        metrics: faulty('refused'),
        stored: down('dial tcp 10.0.1.1:8080: connect: connection refused'),
      },
      [
        'kuadrant-unready < limitador-unready',
        'limitador-unready',
        'limits-unenforced < limitador-unready',
        'metrics-unreadable < limitador-unready',
        'targets-down < limitador-unready',
      ],
    ],
    [
      'no pod of a Limitador',
      { pods: [], kuadrant: kuadrantObject({ observability: { enable: true } }, unready('LimitadorNotReady', 'x')), stored: empty },
      ['kuadrant-unready < limitador-unready', 'limitador-unready'],
    ],
    [
      'a Limitador of before tokens',
      {
        pods: [limitadorPod({ image: 'quay.io/kuadrant/limitador:v2.1.0' })],
        metrics: text(trafficPage(['user-1'], { tokens: 0 })),
        stored: empty,
      },
      ['limitador-outdated', 'tokens-unextracted < limitador-outdated'],
    ],
    [
      'a Limitador without labels',
      {
        pods: [limitadorPod({ args: limitadorArgs.filter((word) => !/metric-labels|descriptors/.test(word)) })],
        metrics: nobody,
        stored: unlabelled,
      },
      ['labels-default-missing', 'identity-absent < labels-default-missing'],
    ],
    [
      'a controller that the operator does not serve',
      {
        gatewayClass: gatewayClass('example.com/controller'),
        carriers: [],
        limits: [tokenPolicy({ status: orphan })],
        metrics: idle,
        stored: empty,
      },
      ['provider-unknown', 'limits-unenforced < provider-unknown', 'wasm-missing < provider-unknown', 'idle-limitador < provider-unknown'],
    ],
    [
      'a Gateway that is not programmed',
      {
        gateway: gateway([
          { type: 'Accepted', status: 'True' },
          { type: 'Programmed', status: 'False', reason: 'Invalid', message: 'port taken' },
        ]),
        metrics: idle,
        stored: empty,
      },
      ['gateway-unready', 'idle-limitador < gateway-unready'],
    ],
    [
      'a route that is refused',
      {
        route: route([{ type: 'Accepted', status: 'False', reason: 'NotAllowedByListeners', message: 'no' }]),
        limits: [tokenPolicy({ status: orphan })],
        auth: [authPolicy({ status: unenforced('Unknown', 'AuthPolicy is not in the path to any existing routes') })],
        metrics: idle,
        stored: empty,
      },
      ['gateway-unready', 'auth-unenforced < gateway-unready', 'limits-unenforced < gateway-unready', 'idle-limitador < gateway-unready'],
    ],
    ['no AuthPolicy', { auth: [], metrics: nobody, stored: unlabelled }, ['auth-unenforced', 'identity-absent < auth-unenforced']],
    [
      'an AuthPolicy that is refused',
      {
        auth: [authPolicy({ status: unenforced('Unknown', 'waiting for the following components to sync: [AuthConfig]') })],
        metrics: nobody,
        stored: unlabelled,
      },
      ['auth-unenforced', 'identity-absent < auth-unenforced'],
    ],
    [
      'an AuthPolicy that exposes nothing',
      { auth: [authPolicy({ filters: {} })], metrics: idle, stored: empty },
      ['identity-unexposed', 'idle-limitador < identity-unexposed'],
    ],
    [
      'an AuthPolicy that exposes too little',
      {
        auth: [authPolicy({ filters: { identity: { json: { properties: { userid: properties.userid } } } } })],
        metrics: text(
          pageOf([
            'authorized_hits{user="a",limitador_namespace="llm/llm-sim"} 90',
            'authorized_calls{user="a",limitador_namespace="llm/llm-sim"} 9',
          ]),
        ),
        stored: { labels: ['user'], answers: { 'count({__name__=~"authorized_hits(_total)?",group!=""})': [] } },
      },
      ['identity-unexposed', 'identity-absent < identity-unexposed'],
    ],
    [
      'no token limits, though labels are meant for tokens',
      { limits: [], carriers: [], limitador: limitador({ limits: [] }), metrics: idle, stored: empty },
      ['limits-unenforced', 'idle-limitador < limits-unenforced'],
    ],
    [
      'a policy that targets a Gateway without routes',
      { limits: [tokenPolicy({ status: orphan })], limitador: limitador({ limits: [] }), metrics: idle, stored: empty },
      ['limits-unenforced', 'limits-unprogrammed < limits-unenforced', 'idle-limitador < limits-unenforced'],
    ],
    [
      'limits that mention no auth',
      { limits: [tokenPolicy({ limits: { global: { rates: [{ limit: 1e6, window: '1h' }] } } })], metrics: nobody, stored: unlabelled },
      ['auth-unreferenced', 'identity-absent < auth-unreferenced'],
    ],
    [
      'a limit that asks for the response',
      {
        limits: [tokenPolicy({ limits: { free: { when: [{ predicate: 'responseBodyJSON("/object") != "error"' }], counters: byUser } } })],
        metrics: idle,
        stored: empty,
      },
      ['predicate-hazard', 'idle-limitador < predicate-hazard'],
    ],
    ['no TelemetryPolicy', { telemetry: [], metrics: nobody, stored: unlabelled }, ['telemetry-unenforced']],
    [
      'no TelemetryPolicy, and a label that is expected',
      { telemetry: [], metrics: nobody, stored: unlabelled, options: { expectLabels: ['user'] } },
      ['telemetry-unenforced', 'identity-absent < telemetry-unenforced'],
    ],
    [
      'a TelemetryPolicy beside the route',
      {
        telemetry: [
          telemetryPolicy({
            namespace: 'llm',
            status: { conditions: [{ type: 'Accepted', status: 'False', reason: 'TargetNotFound', message: 'x' }] },
          }),
        ],
        metrics: nobody,
        stored: unlabelled,
      },
      ['telemetry-unenforced', 'identity-absent < telemetry-unenforced'],
    ],
    [
      'a TelemetryPolicy that is refused',
      {
        telemetry: [
          telemetryPolicy({
            status: { conditions: [{ type: 'Accepted', status: 'False', reason: 'InvalidCelExpression', message: 'x' }] },
          }),
        ],
        carriers: [wasmPlugin({ hits: '/usage/total_tokens' })],
        metrics: nobody,
        stored: unlabelled,
      },
      ['telemetry-unenforced', 'wasm-missing < telemetry-unenforced', 'identity-absent < telemetry-unenforced'],
    ],
    [
      'a label of the response',
      {
        telemetry: [telemetryPolicy({ labels: { user: 'auth.identity.userid', code: 'response.code' } })],
        carriers: [wasmPlugin({ hits: '/usage/total_tokens', 'metrics.labels.user': '', 'metrics.labels.code': '' })],
        metrics: idle,
        stored: empty,
      },
      ['telemetry-hazard', 'idle-limitador < telemetry-hazard'],
    ],
    [
      'two labels that become one',
      {
        telemetry: [telemetryPolicy({ labels: { 'a-b': 'auth.identity.userid', 'a.b': 'auth.identity.groups' } })],
        carriers: [wasmPlugin({ hits: '/usage/total_tokens', 'metrics.labels.a-b': '', 'metrics.labels.a.b': '' })],
        metrics: text(pageOf(['authorized_hits{a_b="1",a_b="2",limitador_namespace="llm/llm-sim"} 7'])),
        stored: down('label name "a_b" is not unique: invalid sample'),
      },
      ['telemetry-hazard', 'metrics-unreadable < telemetry-hazard', 'targets-down < telemetry-hazard'],
    ],
    ['no filter in the proxies', { carriers: [], metrics: idle, stored: empty }, ['wasm-missing', 'idle-limitador < wasm-missing']],
    [
      'a filter that reads no tokens',
      {
        carriers: [wasmPlugin({ 'metrics.labels.user': '', 'metrics.labels.group': '' })],
        metrics: text(trafficPage(['a'], { tokens: 0 })),
        stored: empty,
      },
      ['wasm-missing', 'tokens-unextracted < wasm-missing'],
    ],
    [
      'limits that never reached Limitador',
      { limitador: limitador({ limits: [{ ...programmed[0], namespace: 'other/route' }] }), metrics: idle, stored: empty },
      ['limits-unprogrammed', 'idle-limitador < limits-unprogrammed'],
    ],
    [
      'a closed port',
      { metrics: faulty('refused'), stored: down('connection refused') },
      ['metrics-unreadable', 'targets-down < metrics-unreadable'],
    ],
    [
      'no Redis',
      { metrics: text(trafficPage(['a', 'b']).replace('datastore_partitioned 0', 'datastore_partitioned 1')) },
      ['metrics-unreadable'],
    ],
    ['nobody asked yet', { metrics: idle, stored: empty }, ['idle-limitador']],
    ['responses without usage', { metrics: text(trafficPage(['a', 'b'], { tokens: 0 })), stored: empty }, ['tokens-unextracted']],
    ['a label that never arrives', { metrics: nobody, stored: unlabelled }, ['identity-absent']],
    [
      'a label that is always empty',
      { metrics: text(trafficPage([''])), stored: { answers: { 'count({__name__=~"authorized_hits(_total)?",user!=""})': [] } } },
      ['identity-empty'],
    ],
    ['limits of requests on the same route', { extra: [ratePolicy()] }, ['requests-counted']],
    [
      'monitors that were never switched on',
      { kuadrant: kuadrantObject({}), monitors: [], stored: { ...empty, targets: [] } },
      [
        'monitors-disabled',
        'unmonitored-limitadors < monitors-disabled',
        'targets-missing < monitors-disabled',
        'series-absent < monitors-disabled',
      ],
    ],
    [
      'a monitor that is gone',
      { monitors: [], stored: { ...empty, targets: [] } },
      [
        'monitors-disabled',
        'unmonitored-limitadors < monitors-disabled',
        'targets-missing < monitors-disabled',
        'series-absent < monitors-disabled',
      ],
    ],
    [
      'a monitor of another port',
      { monitors: [podMonitor({ port: 'metrics' })], stored: { ...empty, targets: [] } },
      ['unmonitored-limitadors', 'targets-missing < unmonitored-limitadors', 'series-absent < unmonitored-limitadors'],
    ],
    [
      'mutual TLS in front of Limitador',
      {
        kuadrant: kuadrantObject({ observability: { enable: true }, mtls: { enable: true } }),
        stored: down('Get "http://10.0.1.1:8080/metrics": read tcp: connection reset by peer'),
      },
      ['scrape-walled', 'targets-down < scrape-walled', 'series-absent < scrape-walled'],
    ],
    [
      'a dashboard of raw counters',
      {
        extra: [dashboard('sum by (user) (authorized_hits)')],
        stored: { answers: { 'count(authorized_hits': [[{}, 2]], 'count({__name__="authorized_hits"': [[{}, 2]] } },
      },
      ['queries-overcounted'],
    ],
    [
      'limits that mention no auth, and no monitor',
      {
        limits: [tokenPolicy({ limits: { global: {} } })],
        metrics: nobody,
        kuadrant: kuadrantObject({}),
        monitors: [],
        stored: { ...empty, targets: [] },
      },
      [
        'auth-unreferenced',
        'identity-absent < auth-unreferenced',
        'monitors-disabled',
        'unmonitored-limitadors < monitors-disabled',
        'targets-missing < monitors-disabled',
        'series-absent < monitors-disabled',
      ],
    ],
  ])('%s', async (_, change, expected) => expect(await standing(change)).toEqual(expected));
});

describe('what only looks like trouble', () => {
  it.each<[string, Change]>([
    [
      'a policy of the Gateway that the route replaces',
      {
        extra: [
          {
            ...tokenPolicy({
              namespace: 'api-gateway',
              spec: { targetRef: toGateway },
              status: unenforced('Overridden', 'is overridden by [llm/token-limits]'),
            }),
          },
        ],
      },
    ],
    [
      'a Gateway without an address',
      {
        gateway: gateway([
          { type: 'Accepted', status: 'True' },
          { type: 'Programmed', status: 'False', reason: 'AddressNotAssigned', message: 'x' },
        ]),
      },
    ],
    ['policies that were just made', { telemetry: [telemetryPolicy({ status: {}, created: '2026-11-24T11:59:00Z' })] }],
    [
      'an AuthPolicy of another route',
      {
        extra: [
          { ...authPolicy({ name: 'shop', spec: { targetRef: { kind: 'HTTPRoute', name: 'shop' } }, status: unenforced('Unknown', 'x') }) },
        ],
      },
    ],
    [
      'series of other routes without labels',
      {
        metrics: text(
          trafficPage(['user-1']).replace(
            '# TYPE authorized_calls',
            'authorized_hits{limitador_namespace="shop/shop"} 27\n# TYPE authorized_calls',
          ),
        ),
      },
    ],
    ['series of before the labels', { metrics: text(trafficPage(['user-1', null])) }],
    [
      'a label that is read from the body of the response',
      {
        telemetry: [telemetryPolicy({ labels: { user: 'auth.identity.userid', model: 'responseBodyJSON("/model")' } })],
        carriers: [wasmPlugin({ a: '/usage/total_tokens', b: 'metrics.labels.user metrics.labels.model' })],
      },
    ],
    [
      'a guarded key that is not exposed',
      {
        telemetry: [
          telemetryPolicy({ labels: { user: 'auth.identity.userid', plan: 'has(auth.identity.plan) ? auth.identity.plan : ""' } }),
        ],
        carriers: [wasmPlugin({ a: '/usage/total_tokens', b: 'metrics.labels.user metrics.labels.plan' })],
        metrics: text(trafficPage(['user-1']).replaceAll('group="free"', 'plan="gold"')),
        stored: { labels: ['user', 'plan'], answers: { 'count({__name__=~"authorized_hits(_total)?",plan!=""})': [[{}, 1]] } },
      },
    ],
    [
      "images and names of OpenShift's distribution",
      {
        operator: {
          ...operator([], 'registry.redhat.io/rhcl-1/rhcl-rhel9-operator@sha256:3d0c'),
          metadata: { name: 'kuadrant-operator-controller-manager', namespace: 'openshift-operators' },
        },
        pods: [limitadorPod({ image: 'registry.redhat.io/rhcl-1/limitador-rhel9@sha256:77aa' })],
        gatewayClass: gatewayClass('openshift.io/gateway-controller/v1'),
      },
    ],
    [
      'another carrier of the filter',
      {
        carriers: [{ ...wasmPlugin(), apiVersion: 'networking.istio.io/v1alpha3', kind: 'EnvoyFilter' }],
        operator: operator([], 'quay.io/kuadrant/kuadrant-operator:v1.5.2'),
      },
    ],
    [
      'a release that brings its filter without an object',
      { carriers: [], operator: operator([], 'quay.io/kuadrant/kuadrant-operator:v1.7.0') },
    ],
    ['arguments in the command', { pods: [limitadorPod({ args: [], command: ['limitador-server', ...limitadorArgs] })] }],
    [
      'a limit with a predicate on the word response',
      {
        limits: [
          tokenPolicy({
            limits: { free: { when: [onChat, { predicate: 'request.headers["x-mode"] == "response.code"' }], counters: byUser } },
          }),
        ],
      },
    ],
    [
      'no labels and no limits: Kuadrant for other things',
      { limits: [], telemetry: [], auth: [], carriers: [], limitador: limitador({ limits: [] }), metrics: idle, stored: empty },
    ],
  ])('%s', async (name, change) => {
    const expected = name.startsWith('no labels and no limits') ? ['limits-unenforced', 'idle-limitador < limits-unenforced'] : [];
    expect(await standing(change)).toEqual(expected);
  });
});
