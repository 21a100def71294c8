import { describe, expect, it } from 'vitest';
import type { Api } from '../../e2e/testbed/api.ts';
import type { PodLike } from '../../e2e/testbed/pod-meta.ts';
import { endpointTargets, endsOf, serviceTargets } from '../../e2e/testbed/service-discovery.ts';
import { serviceUrl } from '../../e2e/testbed/service-url.ts';

const pod = (name: string, podIP: string, ready = 'True', phase = 'Running'): PodLike => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'llm', labels: { app: 'limitador' } },
  spec: {
    nodeName: 'node-a',
    containers: [
      {
        name: 'limitador',
        image: 'l:1',
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'grpc', containerPort: 8081 },
        ],
      },
    ],
  },
  status: { podIP, phase, conditions: [{ type: 'Ready', status: ready }] },
});

const service = (targetPort?: number | string, selector: object = { app: 'limitador' }) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'limitador', namespace: 'llm', labels: { team: 'a' } },
  spec: { selector, ports: [{ name: 'web', port: 80, ...(targetPort === undefined ? {} : { targetPort }) }] },
});

const pods = [pod('one', '127.0.9.1'), pod('two', '127.0.9.2', 'False'), pod('done', '127.0.9.3', 'False', 'Succeeded')];

describe('the pods behind a Service', () => {
  it.each([
    ['a named port', service('http'), ['127.0.9.1:8080', '127.0.9.2:8080']],
    ['a port by number', service(9000), ['127.0.9.1:9000', '127.0.9.2:9000']],
    ['the same port when no other is named', service(), ['127.0.9.1:80', '127.0.9.2:80']],
    ['a name that no container has', service('admin'), []],
    ['other labels', service('http', { app: 'other' }), []],
    ['no selector', service('http', {}), []],
  ])('%s', (_, each, addresses) => {
    expect(endsOf(each, pods).map(({ address, number }) => `${address}:${number}`)).toEqual(addresses);
  });
});

describe('discovery through a Service', () => {
  it('has a target for the Service port of each pod, and one for each other port of the pod', () => {
    const groups = endpointTargets('endpoints', service('http'), pods);
    expect(
      groups.map(({ targets, labels }) => [
        targets[0],
        labels.__meta_kubernetes_endpoint_port_name,
        labels.__meta_kubernetes_endpoint_ready,
      ]),
    ).toEqual([
      ['127.0.9.1:8080', 'web', 'true'],
      ['127.0.9.2:8080', 'web', 'false'],
      ['127.0.9.1:8081', undefined, undefined],
      ['127.0.9.2:8081', undefined, undefined],
    ]);
    expect(groups[0]?.labels).toMatchObject({
      __meta_kubernetes_service_name: 'limitador',
      __meta_kubernetes_service_label_team: 'a',
      __meta_kubernetes_pod_name: 'one',
      __meta_kubernetes_pod_container_port_name: 'http',
      __meta_kubernetes_endpoint_address_target_kind: 'Pod',
    });
  });

  it('names the port as the role does', () => {
    const [first] = endpointTargets('endpointslice', service('http'), pods);
    expect(first?.labels.__meta_kubernetes_endpointslice_port_name).toBe('web');
    expect(first?.labels.__meta_kubernetes_endpointslice_port).toBe('8080');
  });

  it('of role service leads to the first pod', () => {
    expect(serviceTargets(service('http'), pods).map(({ targets }) => targets)).toEqual([['127.0.9.1:8080']]);
  });
});

describe('a URL of a Service', () => {
  const api = { list: async (path: string) => (path.endsWith('/services') ? [service('http')] : pods) } as unknown as Api;
  it.each([
    ['http://limitador.llm.svc.cluster.local/api/v1/push', 'http://127.0.9.1:8080/api/v1/push'],
    ['http://limitador.llm:80', 'http://127.0.9.1:8080'],
    ['http://limitador.llm.svc:81/x', 'http://limitador.llm.svc:81/x'],
    ['http://other.llm.svc:80/x', 'http://other.llm.svc:80/x'],
    ['https://example.com/x', 'https://example.com/x'],
  ])('%s leads to %s', async (url, to) => {
    expect(await serviceUrl(api, url)).toBe(to);
  });
});
