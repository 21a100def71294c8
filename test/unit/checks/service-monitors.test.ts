import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/model/source.ts';
import {
  type FakePrometheus,
  type Fields,
  healthyObjects,
  healthyPrometheus,
  judged,
  messages,
  podMonitor,
  prometheusAt,
  prometheusEndpoints,
  prometheusObject,
  proxyPod,
  type World,
} from './world.ts';

const service = (name = 'tokens', spec: Fields = {}, labels: Readonly<Record<string, string>> = { app: 'tokens' }): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'gateways', labels },
  spec: {
    selector: { 'app.kubernetes.io/component': 'proxy' },
    ports: [
      { name: 'http', port: 80, targetPort: 10080 },
      { name: 'metrics', port: 8080, targetPort: 1064 },
    ],
    ...spec,
  },
});
const serviceMonitor = (spec: Fields = {}, metadata: Fields = {}): KubeObject => ({
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'ServiceMonitor',
  metadata: { name: 'tokens', namespace: 'gateways', generation: 1, labels: { release: 'kps' }, ...metadata },
  spec: { selector: { matchLabels: { app: 'tokens' } }, endpoints: [{ port: 'metrics' }], ...spec },
});
const base = healthyObjects.filter(({ kind }) => kind !== 'PodMonitor' && kind !== 'Prometheus');
const prometheus = (spec: Fields = {}): KubeObject =>
  prometheusObject('k8s', { serviceMonitorSelector: { matchLabels: { release: 'kps' } }, serviceMonitorNamespaceSelector: {}, ...spec });
const pool = 'serviceMonitor/gateways/tokens/0';
const served = (fake: FakePrometheus): NonNullable<World['endpoints']> =>
  prometheusEndpoints(prometheusAt, { ...healthyPrometheus, ...fake });
const scraped = served({ pools: [pool], targets: ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, pool })) });
const empty = served({ targets: [], pools: [], names: {} });
const world = (objects: readonly KubeObject[], endpoints = empty): World => ({
  services: true,
  objects: [...base, prometheus(), ...objects],
  endpoints,
});
const bare = (name: string, ip: string): KubeObject => proxyPod(name, ip, { spec: { initContainers: [{ name: 'extproc' }] } });

describe('ServiceMonitors', () => {
  it.each<readonly [string, readonly KubeObject[]]>([
    ['by the name of the Service port', [serviceMonitor(), service()]],
    ['by a pattern over it', [serviceMonitor({ endpoints: [{ port: 'met.*' }] }), service()]],
    [
      'by the name of the container port',
      [serviceMonitor({ endpoints: [{ targetPort: 'aigw-admin' }] }), service('tokens', { ports: [] })],
    ],
    ['by its number', [serviceMonitor({ endpoints: [{ targetPort: 1064 }] }), service()]],
    [
      'through a named targetPort',
      [serviceMonitor(), service('tokens', { ports: [{ name: 'metrics', port: 1, targetPort: 'aigw-admin' }] })],
    ],
    ['from another namespace', [serviceMonitor({ namespaceSelector: { any: true } }, { namespace: 'monitoring' }), service()]],
  ])('scrape pods %s', async (_, objects) => {
    const name = objects[0]?.metadata.namespace ?? '';
    const own = `serviceMonitor/${name}/tokens/0`;
    const endpoints = served({ pools: [own], targets: ['10.0.0.1', '10.0.0.2'].map((ip) => ({ ip, pool: own })) });
    expect((await judged(world(objects, endpoints))).failing).toEqual([]);
  });

  it('scrape a port that no container declares', async () => {
    const own = { ...world([serviceMonitor(), service()], scraped), proxies: [bare('gw-1', '10.0.0.1'), bare('gw-2', '10.0.0.2')] };
    expect((await judged(own)).failing).toEqual([]);
  });

  it.each<readonly [string, readonly KubeObject[], string, readonly string[]]>([
    [
      'a port that the Service does not have',
      [serviceMonitor({ endpoints: [{ port: 'web' }] }), service()],
      'unmonitored-proxies',
      ['port: web does not lead to the metrics through Service gateways/tokens (it has "http", "metrics")'],
    ],
    [
      'the port of the traffic',
      [serviceMonitor({ endpoints: [{ port: 'http' }] }), service()],
      'unmonitored-proxies',
      ['port: http does not lead to the metrics'],
    ],
    [
      'labels that the Service does not have',
      [serviceMonitor(), service('tokens', {}, { app: 'other' })],
      'unmonitored-proxies',
      ['its selector wants app=tokens and Service gateways/tokens has app=other'],
    ],
    [
      'another namespace',
      [serviceMonitor({}, { namespace: 'monitoring' }), service()],
      'unmonitored-proxies',
      ['it looks in namespace monitoring and Service gateways/tokens is in gateways'],
    ],
    [
      'another path',
      [serviceMonitor({ endpoints: [{ port: 'metrics', path: '/stats' }] }), service()],
      'unmonitored-proxies',
      ['path /stats'],
    ],
    [
      'one that is meant for another Service',
      [serviceMonitor(), service('others', { selector: { app: 'else' } }), service('tokens', {}, { app: 'mine' })],
      'unmonitored-proxies',
      ['no PodMonitor or ServiceMonitor comes near'],
    ],
    [
      'no Service that leads to the pods',
      [serviceMonitor(), service('tokens', { selector: { app: 'else' } })],
      'unmonitored-proxies',
      ['no PodMonitor or ServiceMonitor comes near'],
    ],
    [
      'labels that no Prometheus selects',
      [serviceMonitor({}, { labels: { release: 'other' } }), service()],
      'unselected-monitors',
      ['it wants release=kps and the ServiceMonitor has release=other'],
    ],
    ['a scrape pool that is not there', [serviceMonitor(), service()], 'pool-absent', [`no scrape pool ${pool}`]],
  ])('with %s', async (_, objects, id, words) => {
    const judgement = await judged(world(objects));
    expect(judgement.roots).toEqual([id]);
    for (const word of words) expect(messages(judgement, id).join()).toContain(word);
  });

  it('mend a port by what the Service calls it', async () => {
    const { verdicts } = await judged(world([serviceMonitor({ endpoints: [{ port: 'web' }] }), service()]));
    const verdict = verdicts['unmonitored-proxies'];
    expect(verdict?.status === 'fail' ? verdict.findings[0]?.remedy?.patch : null).toEqual([
      { op: 'replace', path: '/spec/endpoints/0/port', value: 'metrics' },
    ]);
  });

  it.each<readonly [string, readonly KubeObject[], readonly string[]]>([
    [
      'a PodMonitor beside a ServiceMonitor',
      [serviceMonitor(), service(), podMonitor('tokens')],
      ['PodMonitor gateways/tokens (port: aigw-admin) and ServiceMonitor gateways/tokens (port: metrics) both scrape'],
    ],
    [
      'two Services that one ServiceMonitor selects',
      [serviceMonitor(), service(), service('tokens-headless')],
      ['Services tokens, tokens-headless through ServiceMonitor gateways/tokens both scrape'],
    ],
  ])('double what is counted: %s', async (_, objects, words) => {
    const judgement = await judged(world(objects, scraped));
    expect(judgement.failing).toContain('duplicate-monitors');
    for (const word of words) expect(messages(judgement, 'duplicate-monitors').join()).toContain(word);
  });

  it('that are refused leave open whether pods are scraped', async () => {
    const { unknown, failing } = await judged({ ...world([service()]), refused: { servicemonitors: 'forbidden' } });
    expect(failing).not.toContain('unmonitored-proxies');
    expect(unknown).toContain('unmonitored-proxies');
  });

  it('are not asked for where no Service leads to the pods', async () => {
    const { log } = await judged({ ...world([serviceMonitor(), service()]), services: false });
    expect(log.filter((line) => /servicemonitors|services/.test(line))).toEqual([]);
  });
});
