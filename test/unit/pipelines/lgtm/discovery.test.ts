import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { changesOf } from '../../../../src/parse/changes.ts';
import { discoveryForbidden } from '../../../../src/pipelines/lgtm/checks/discovery-forbidden.ts';
import { findingsOf, lineOf } from '../envoy-ai-gateway/world.ts';
import { addressRule, agent, type Change, job, judged, override } from './collector-world.ts';
import { account, binding, podRule, role } from './rbac-objects.ts';
import { judgedLgtm, sound } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

const there = 'envoy-gateway-system';
/** Rules for pods, with what a test changes, and a binding of the collector. */
const ruled = (change: Fields, ...more: KubeObject[]): Change => ({
  rbac: [role([{ ...podRule, ...change }]), ...(more.length > 0 ? more : [binding()])],
});
const bound = (subject: Fields, namespace?: string): Change => ({ rbac: [role(), binding([subject], namespace)] });
const looking = (sd: Fields, rbac: readonly KubeObject[], more: Fields = {}): Change => ({
  override: override({ jobs: [job({ kubernetes_sd_configs: [{ role: 'pod', ...sd }], ...more })] }),
  rbac,
});
const everywhere = [role(), binding()];
const inOne = [role(), binding([account()], there)];

describe('discovery-forbidden', () => {
  it.each<[string, Change, RegExp]>([
    ['a ClusterRole that is bound everywhere', { rbac: everywhere }, /^pass$/],
    ['a ClusterRole that is bound where the proxies are', { rbac: inOne }, /^pass$/],
    [
      'a Role where the proxies are',
      { rbac: [role([podRule], 'collector', there), binding([account()], there, { kind: 'Role' })] },
      /^pass$/,
    ],
    [
      'a Role of another namespace',
      { rbac: [role([podRule], 'collector', 'elsewhere'), binding([account()], there, { kind: 'Role' })] },
      /^fail: ServiceAccount monitoring\/default may not list pods in namespace envoy-gateway-system, where job ai-gateway-genai would find sidecar/,
    ],
    ['rules that say nothing', ruled({ verbs: [{ toString: null }, null], resources: 'pods' }), /^fail/],
    ['a ClusterRole that is bound elsewhere', { rbac: [role(), binding([account()], 'monitoring')] }, /^fail/],
    ['nothing', { rbac: [] }, /^fail/],
    [
      'nothing, and its receiver has accepted something',
      { rbac: [], self: 'otelcol_receiver_accepted_metric_points{receiver="prometheus/ai-gateway-genai"} 12\n' },
      /^pass: RBAC does not let ServiceAccount monitoring\/default list pods in namespace envoy-gateway-system, and it finds them all the same/,
    ],
    [
      'nothing, and another receiver has accepted something',
      { rbac: [], self: 'otelcol_receiver_accepted_metric_points{receiver="otlp"} 12\n' },
      /^fail/,
    ],
    ['no role behind the binding', { rbac: [binding()] }, /^fail/],
    ['all verbs', ruled({ verbs: ['*'] }), /^pass$/],
    ['all resources', ruled({ resources: ['*'] }), /^pass$/],
    ['all groups', ruled({ apiGroups: ['*'] }), /^pass$/],
    ['get alone', ruled({ verbs: ['get'] }), /^fail/],
    ['get and list', ruled({ verbs: ['get', 'list'] }), /^pass: ServiceAccount monitoring\/default may list and not watch pods/],
    ['pods by their names', ruled({ resourceNames: ['maas-0'] }), /^fail/],
    ['pods of another group', ruled({ apiGroups: ['metrics.k8s.io'] }), /^fail/],
    ['logs of pods', ruled({ resources: ['pods/log', 'pods/*'] }), /^fail/],
    ['another ServiceAccount', bound(account('other')), /^fail/],
    ['a ServiceAccount of its name elsewhere', bound(account('default', 'observability')), /^fail/],
    ['a ServiceAccount without a namespace, in a binding of its namespace', bound(account('default', null), 'monitoring'), /^fail/],
    ['its user name', bound({ kind: 'User', name: 'system:serviceaccount:monitoring:default' }), /^pass$/],
    ['every ServiceAccount', bound({ kind: 'Group', name: 'system:serviceaccounts' }), /^pass$/],
    ['every ServiceAccount of its namespace', bound({ kind: 'Group', name: 'system:serviceaccounts:monitoring' }), /^pass$/],
    ['every ServiceAccount of another namespace', bound({ kind: 'Group', name: 'system:serviceaccounts:llm' }), /^fail/],
    ['everybody', bound({ kind: 'Group', name: 'system:authenticated' }), /^pass$/],
    ['a group of people', bound({ kind: 'Group', name: 'developers' }), /^fail/],
    ['a job for all namespaces', looking({}, everywhere), /^pass$/],
    [
      'a job for all namespaces, bound in one',
      looking({}, inOne),
      /^fail: ServiceAccount monitoring\/default may not list pods in the whole cluster/,
    ],
    ['a job for two namespaces, bound in that of the proxies', looking({ namespaces: { names: [there, 'llm'] } }, inOne), /^pass$/],
    [
      'nodes beside the pods',
      looking({ namespaces: { names: [there] }, attach_metadata: { node: true } }, inOne),
      /^fail: .* may not list nodes in the whole cluster/,
    ],
    ['no nodes beside the pods', looking({ namespaces: { names: [there] }, attach_metadata: { node: false } }, inOne), /^pass$/],
    [
      'another API server',
      looking({ api_server: 'https://elsewhere' }, []),
      /^skip: no collector looks for sidecars in the API server with a ServiceAccount that is known/,
    ],
    ['a namespace from a variable', looking({ namespaces: { names: ['${env:WATCHED}'] } }, []), /^skip/],
    [
      'a second discovery that it may use',
      looking({}, inOne, {
        kubernetes_sd_configs: [{ role: 'pod' }, { role: 'pod', namespaces: { names: [there] } }],
      }),
      /^pass$/,
    ],
    [
      'addresses as they stand',
      looking({}, [], { kubernetes_sd_configs: undefined, static_configs: [{ targets: ['10.244.1.27:1064'] }] }),
      /^skip/,
    ],
    [
      'the endpoints of Services',
      looking({ role: 'endpoints' }, [role([{ ...podRule, resources: ['pods', 'endpoints'] }]), binding()]),
      /^fail: .* may not list services in the whole cluster/,
    ],
    [
      'the slices of Services',
      looking({ role: 'endpointslice' }, [
        role([
          { ...podRule, resources: ['pods', 'services'] },
          { ...podRule, apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'] },
        ]),
        binding(),
      ]),
      /^pass$/,
    ],
    ['no collector', { agent: null }, /^skip: there is no collector/],
    ['roles that are refused', { refused: { clusterroles: 'forbidden' }, rbac: inOne.slice(1) }, /^unknown: forbidden list clusterroles/],
    ['roles that are refused, and a Role is enough', { refused: { clusterrolebindings: 'forbidden' }, rbac: inOne }, /^pass$/],
    [
      'a cluster without RBAC',
      { refused: { roles: 'absent', rolebindings: 'absent', clusterroles: 'absent', clusterrolebindings: 'absent' } },
      /^skip: the API server serves no roles/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judged(discoveryForbidden, change))).toMatch(line));

  it.each<[string, readonly KubeObject[], RegExp, string]>([
    [
      'nothing',
      [],
      /^no binding names it$/,
      'kubectl -n envoy-gateway-system create role opentelemetry-collector-agent-discovery --verb=get,list,watch --resource=pods && kubectl -n envoy-gateway-system create rolebinding opentelemetry-collector-agent-discovery --role=opentelemetry-collector-agent-discovery --serviceaccount=monitoring:default',
    ],
    [
      'a binding of another namespace',
      [role(), binding([account('default', 'observability')])],
      /^ClusterRoleBinding collector names default of namespace observability$/,
      'kubectl -n envoy-gateway-system create role',
    ],
    [
      'a binding of its own namespace',
      [role(), binding([account()], 'monitoring')],
      /^RoleBinding collector holds in namespace monitoring alone$/,
      'kubectl -n envoy-gateway-system create role',
    ],
    [
      'a role of its name',
      [role([podRule], 'opentelemetry-collector-agent')],
      /^no binding names it$/,
      'kubectl -n envoy-gateway-system create rolebinding opentelemetry-collector-agent --clusterrole=opentelemetry-collector-agent --serviceaccount=monitoring:default',
    ],
    [
      'no role behind the binding',
      [binding()],
      /^ClusterRoleBinding collector names ClusterRole collector, which does not exist$/,
      'kubectl create clusterrole collector --verb=get,list,watch --resource=pods',
    ],
    [
      'a role for other things',
      [role([{ ...podRule, resources: ['nodes'] }]), binding()],
      /^it is bound to ClusterRole collector, and no rule there lets it list pods$/,
      `kubectl patch clusterrole collector --type json -p '[{"op":"add","path":"/rules/-","value":{"apiGroups":[""],"resources":["pods"],"verbs":["get","list","watch"]}}]'`,
    ],
  ])('says what there is, and what mends it: %s', async (_, rbac, saw, command) => {
    const [finding] = findingsOf(await judged(discoveryForbidden, { rbac }));
    expect(finding?.evidence.saw).toMatch(saw);
    expect(finding?.evidence.run).toBe(
      'kubectl auth can-i list pods --as system:serviceaccount:monitoring:default -n envoy-gateway-system',
    );
    expect(finding?.remedy?.command?.slice(0, command.length)).toBe(command);
    const made = changesOf(finding?.remedy ?? { text: '' }).flatMap((change) => (change.does === 'put' ? [change.object] : []));
    if (made.length > 0) expect(lineOf(await judged(discoveryForbidden, { rbac: [...rbac, ...made] }))).toBe('pass');
  });

  it('is mended in a binding that names its namesake', async () => {
    const named = structuredClone(agent()) as unknown as { spec: { template: { spec: { serviceAccountName?: string } } } };
    named.spec.template.spec.serviceAccountName = 'otel';
    const rbac = [role(), binding([account('otel', 'observability')])];
    const [finding] = findingsOf(await judged(discoveryForbidden, { agent: named as unknown as KubeObject, rbac }));
    expect(finding?.remedy?.command).toBe(
      `kubectl patch clusterrolebinding collector --type json -p '[{"op":"add","path":"/subjects/-","value":{"kind":"ServiceAccount","namespace":"monitoring","name":"otel"}}]'`,
    );
  });

  it('is told of what is put to the ServiceAccount that the pods name', async () => {
    const named = structuredClone(agent()) as unknown as { spec: { template: { spec: { serviceAccountName?: string } } } };
    named.spec.template.spec.serviceAccountName = 'otel';
    const change = { agent: named as unknown as KubeObject };
    expect(lineOf(await judged(discoveryForbidden, { ...change, rbac: [role(), binding([account('otel')])] }))).toBe('pass');
    expect(lineOf(await judged(discoveryForbidden, { ...change, rbac: everywhere }))).toMatch(
      /^fail: ServiceAccount monitoring\/otel may not/,
    );
  });
});

describe('what RBAC denies', () => {
  const found = { samples: { 'count by (instance) (up': [[{ instance: '10.244.1.27:1064' }, 2]], ...sound.samples } } as const;
  it.each<[string, Parameters<typeof judgedLgtm>[1], RegExp]>([
    [
      'and is scraped all the same',
      { rbac: [], answers: found },
      /^pass: RBAC does not let ServiceAccount monitoring\/default list pods in the whole cluster, and it finds them all the same/,
    ],
    [
      'and another sidecar is scraped',
      {
        rbac: [],
        answers: { samples: { 'count by (instance) (up': [[{ instance: '10.0.0.9:1064' }, 2]], ...sound.samples } },
      },
      /^fail/,
    ],
    [
      'and whose addresses are relabelled, with fresh series',
      { rbac: [], answers: { samples: { 'time() - max(timestamp(': [[{}, 12]], ...sound.samples, 'count by (instance)': [] } } },
      /^pass: RBAC does not let/,
    ],
    [
      'and whose series are old',
      { rbac: [], answers: { samples: { ...sound.samples, 'time() - max(timestamp(': [[{}, 900]], 'count by (instance)': [] } } },
      /^fail/,
    ],
    [
      'or may not be read, and is scraped',
      {
        answers: found,
        refused: { clusterroles: 'forbidden', roles: 'forbidden', rolebindings: 'forbidden', clusterrolebindings: 'forbidden' },
      },
      /^pass: RBAC could not be read .* it finds them/,
    ],
    [
      'or may not be read, and nothing is stored',
      { answers: { samples: {} }, refused: { clusterroles: 'forbidden' } },
      /^unknown: forbidden list clusterroles/,
    ],
  ])('%s', async (_, change, line) => expect(lineOf(await judgedLgtm(discoveryForbidden, change))).toMatch(line));
});

describe('whoever looks', () => {
  const alone = { agent: null, override: null } as const;
  const found = { kubernetes_sd_configs: [{ role: 'pod', namespaces: { names: [there] } }] };
  const resource: KubeObject = {
    apiVersion: 'opentelemetry.io/v1beta1',
    kind: 'OpenTelemetryCollector',
    metadata: { name: 'main', namespace: 'monitoring' },
    spec: {
      mode: 'statefulset',
      targetAllocator: { enabled: true },
      config: {
        receivers: { prometheus: { config: { scrape_configs: [job({ relabel_configs: [addressRule('$${1}:1064')], ...found })] } } },
        exporters: { 'otlphttp/mimir': { endpoint: 'http://lgtm-pack-mimir.monitoring:8080/otlp' } },
        service: { pipelines: { metrics: { receivers: ['prometheus'], exporters: ['otlphttp/mimir'] } } },
      },
    },
  };
  const running = (name: string, kind: string, image: string, serviceAccountName: string): KubeObject => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: {
      name,
      namespace: 'monitoring',
      labels: { 'app.kubernetes.io/managed-by': 'opentelemetry-operator', 'app.kubernetes.io/instance': 'monitoring.main' },
    },
    spec: { template: { spec: { serviceAccountName, containers: [{ name: 'otc-container', image }] } } },
  });
  const pods = running('main-collector', 'StatefulSet', 'otel/opentelemetry-collector:0.140.0', 'main-collector');
  const allocator = running('main-targetallocator', 'Deployment', 'otel/target-allocator:0.140.0', 'main-targetallocator');
  it.each<[string, readonly KubeObject[], string, RegExp]>([
    ['the target allocator, which may', [resource, pods, allocator], 'main-targetallocator', /^pass$/],
    [
      'the target allocator, and its collectors may',
      [resource, pods, allocator],
      'main-collector',
      /^fail: ServiceAccount monitoring\/main-targetallocator may not/,
    ],
    ['a target allocator that is not there', [resource, pods], 'main-collector', /^skip/],
  ])('is %s', async (_, extra, name, line) =>
    expect(lineOf(await judged(discoveryForbidden, { ...alone, extra, rbac: [role(), binding([account(name)])] }))).toMatch(line),
  );
});
