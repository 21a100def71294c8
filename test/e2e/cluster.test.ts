import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from '../../src/facts/kinds.ts';
import type { Endpoint, ReadError } from '../../src/model/source.ts';
import { type Cluster, type ClusterOptions, openCluster } from '../../src/sources/cluster.ts';
import type { Connection } from '../../src/sources/connection.ts';
import type { Manifest } from './testbed/api.ts';
import { missingPrograms } from './testbed/processes.ts';
import { startTestbed, type Testbed } from './testbed/testbed.ts';

const missing = missingPrograms();
const megabytes = 49;
const port = 18064;

describe.skipIf(missing.length > 0)(
  `a real API server and kubelet${missing.length > 0 ? ` (not built: ${missing.join(', ')})` : ''}`,
  () => {
    let bed: Testbed;
    let admin: Cluster;
    let server: http.Server;
    let connections = 0;
    const open: Cluster[] = [];

    beforeAll(async () => {
      bed = await startTestbed();
      server = http.createServer(metrics);
      server.on('connection', () => {
        connections += 1;
      });
      await new Promise<void>((resolve) => server.listen(port, '0.0.0.0', resolve));
      await pod('answering', '127.0.0.1', port);
      await pod('refusing', '127.0.0.1', 1);
      admin = await cluster('admintok');
    }, 180_000);

    afterAll(async () => {
      await Promise.all(open.map((source) => source.close()));
      server?.close();
      server?.closeAllConnections();
      await bed?.stop();
    }, 60_000);

    async function pod(name: string, address: string, target: number): Promise<void> {
      await bed.apply(podNamed(name, address));
      await bed.forward({ namespace: 'default', name }, port, { address, port: target });
    }

    async function cluster(token: string, options: Partial<ClusterOptions> = {}, server = bed.server): Promise<Cluster> {
      const connection: Connection = {
        context: 'testbed',
        server: new URL(server),
        namespace: 'default',
        proxy: null,
        inCluster: false,
        credentials: async () => ({
          headers: [['authorization', `Bearer ${token}`]],
          tls: { ca: readFileSync(join(bed.folder, 'certs/apiserver.crt')), rejectUnauthorized: true },
        }),
      };
      const source = await openCluster(connection, { requestTimeoutMs: 10_000, via: 'auto', version: '0.0.0-e2e', ...options });
      open.push(source);
      return source;
    }

    it('is listed page by page', async () => {
      const names = Array.from({ length: 1100 }, (_, n) => `bulk-${String(n).padStart(4, '0')}`);
      for (let at = 0; at < names.length; at += 50) {
        await Promise.all(
          names.slice(at, at + 50).map((name) => bed.api.send('POST', '/api/v1/namespaces/default/pods', podNamed(name, '127.0.0.9'))),
        );
      }
      const before = admin.requests.kubernetes;
      const found = await admin.list(kinds.pods, { labelSelector: 'bulk' });
      expect(found.map(({ metadata }) => metadata.name).sort()).toEqual(names);
      expect(found[0]).toMatchObject({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default' } });
      expect(admin.requests.kubernetes - before).toBe(3);
    });

    it('serves custom resources at the newest version, and says which it does not serve', async () => {
      await bed.apply({
        apiVersion: 'monitoring.coreos.com/v1',
        kind: 'PodMonitor',
        metadata: { name: 'm', namespace: 'default' },
        spec: { selector: {} },
      });
      expect(await admin.list(kinds.podmonitors)).toMatchObject([
        { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor', metadata: { name: 'm' } },
      ]);
      const unknown = { group: 'example.org', resource: 'things', kind: 'Thing', namespaced: true };
      await expect(admin.list(unknown)).rejects.toMatchObject({ reason: 'absent' });
      await expect(admin.list({ ...kinds.podmonitors, resource: 'podmonitorz' })).rejects.toMatchObject({ reason: 'absent' });
    });

    it('carries many requests over one websocket', async () => {
      const before = connections;
      for (let n = 0; n < 20; n += 1) expect(await text(admin, '/headers')).toContain('"user-agent":"tokmeter/0.0.0-e2e"');
      expect(connections - before).toBeLessThanOrEqual(1);
    });

    it(`carries ${megabytes} MB in bounded memory`, async () => {
      const rss = process.memoryUsage().rss;
      let most = 0;
      let bytes = 0;
      for await (const chunk of (await admin.get(answering, { path: '/big' })).body) {
        bytes += chunk.length;
        most = Math.max(most, process.memoryUsage().rss - rss);
      }
      expect(bytes).toBe(megabytes * 1024 * 1024);
      expect(most).toBeLessThan(50 * 1024 * 1024);
    });

    it('tells a refused port, a pod that is gone and one that never answers', async () => {
      await expect(text(admin, '/', refusing)).rejects.toMatchObject({ reason: 'unreachable', fault: 'refused' });
      await expect(text(admin, '/', { ...answering, pod: 'gone' })).rejects.toMatchObject({
        reason: 'unreachable',
        fault: null,
        message: expect.stringContaining('pods "gone" not found'),
      });
      const hasty = await cluster('admintok', { requestTimeoutMs: 500 });
      await expect(text(hasty, '/never')).rejects.toMatchObject({ reason: 'timeout', fault: 'slow' });
      expect(await text(hasty, '/headers')).toContain('tokmeter');
    });

    it('carries TLS to a pod whose certificate nobody knows, and says when a port speaks none', async () => {
      const [key, cert] = ['kubelet.key', 'kubelet.crt'].map((name) => readFileSync(join(bed.folder, name)));
      const secure = https.createServer({ key, cert }, metrics);
      await new Promise<void>((resolve) => secure.listen(port + 1, '127.0.0.1', resolve));
      await pod('secure', '127.0.0.1', port + 1);
      expect(await text(admin, '/headers', { ...answering, pod: 'secure', scheme: 'https' })).toContain('tokmeter');
      await expect(text(admin, '/headers', { ...answering, scheme: 'https' })).rejects.toMatchObject({ fault: 'not-http' });
      secure.close();
      secure.closeAllConnections();
    });

    it('names the missing verb of each refusal, and needs no more than that', async () => {
      const viewer = await cluster('viewtok');
      const refused = async (promise: Promise<unknown>) => (await promise.catch((error: ReadError) => error)) as ReadError;
      expect(await refused(viewer.list(kinds.pods))).toMatchObject({
        reason: 'forbidden',
        needs: 'list pods in all namespaces',
        message: 'pods is forbidden for "viewer" (needs list in all namespaces)',
      });
      expect(await refused(viewer.list(kinds.podmonitors, { namespace: 'default' }))).toMatchObject({
        needs: 'list podmonitors.monitoring.coreos.com in namespace default',
      });
      const both = await refused(text(viewer, '/headers'));
      expect(both).toMatchObject({ reason: 'forbidden', needs: 'get pods/portforward in namespace default' });
      expect(both.message).toContain('pods/proxy is forbidden for "viewer"');
      expect(await refused(text(viewer, '/', { at: 'service', namespace: 'default', service: 'kubernetes', port: 443 }))).toMatchObject({
        needs: 'get services/proxy in namespace default',
      });
      await bed.apply(...permission('forwarding', [''], ['pods/portforward'], ['get']));
      expect(await text(await cluster('viewtok'), '/headers')).toContain('tokmeter');
    });

    it('sends nothing of a Secret but what it is called', async () => {
      const planted = 'c4n4ryx7Qz9';
      const data = { token: Buffer.from(planted).toString('base64') };
      const lastApplied = { 'kubectl.kubernetes.io/last-applied-configuration': 'kept once more' };
      const metadata = {
        name: 'keys',
        namespace: 'default',
        labels: { grafana_dashboard: '1' },
        annotations: { note: 'x', ...lastApplied },
      };
      await bed.apply({ apiVersion: 'v1', kind: 'Secret', type: 'Opaque', metadata, data });
      const tap = await tapped(new URL(bed.server), readFileSync(join(bed.folder, 'certs/apiserver.crt')));
      const source = await cluster('admintok', {}, tap.url);
      const found = await source.list(kinds.secrets, { metadataOnly: true, labelSelector: 'grafana_dashboard' });
      expect(found).toMatchObject([
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'keys', namespace: 'default', labels: { grafana_dashboard: '1' }, annotations: { note: 'x' } },
        },
      ]);
      expect(JSON.stringify(found)).not.toContain('kept once more');
      expect(tap.heard()).toContain('"kind":"PartialObjectMetadataList"');
      expect(tap.heard()).not.toMatch(new RegExp(`${planted}|${data.token}|Opaque`));
      const viewer = await cluster('viewtok');
      await expect(viewer.list(kinds.secrets, { metadataOnly: true })).rejects.toMatchObject({ needs: 'list secrets in all namespaces' });
      await bed.apply(...permission('naming', [''], ['secrets'], ['list']));
      expect(await viewer.list(kinds.secrets, { metadataOnly: true, labelSelector: 'grafana_dashboard' })).toEqual(found);
      tap.close();
    });

    it('names what reading a log takes', async () => {
      const log: Endpoint = { at: 'logs', namespace: 'default', pod: 'answering', container: 'main', tailLines: 10 };
      const viewer = await cluster('viewtok');
      await expect(viewer.get(log, { path: '/log', keep: [] })).rejects.toMatchObject({
        reason: 'forbidden',
        needs: 'get pods/log in namespace default',
      });
      const other = { ...log, container: 'other' };
      await expect(admin.get(other, { path: '/log', keep: [] })).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringContaining('container other is not valid for pod answering'),
      });
      await expect(admin.get({ ...log, pod: 'gone' }, { path: '/log', keep: [] })).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringContaining('pods "gone" not found'),
      });
    });

    const address = Object.values(networkInterfaces())
      .flat()
      .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')?.address;
    it.skipIf(address === undefined)('is read through its proxy where port-forward is not wanted', async () => {
      await pod('routed', address ?? '', port);
      const source = await cluster('admintok', { via: 'proxy' });
      const routed: Endpoint = { ...answering, pod: 'routed' };
      expect(await text(source, '/headers', routed)).toContain('tokmeter/0.0.0-e2e');
      await expect(text(source, '/headers', { ...routed, port: 1 })).rejects.toMatchObject({ fault: 'refused' });
      await expect(text(source, '/cut', routed)).rejects.toMatchObject({ fault: 'truncated' });
      await expect(text(source, '/headers')).rejects.toMatchObject({
        reason: 'unreachable',
        message: expect.stringContaining('address not allowed'),
      });
    });

    it('has seen nothing but GETs and upgrades', () => {
      const ours = bed.audit().filter(({ userAgent }) => userAgent.startsWith('tokmeter/'));
      expect(ours.length).toBeGreaterThan(10);
      expect([...new Set(ours.map(({ verb }) => verb))].sort()).toEqual(['get', 'list']);
    });
  },
);

const answering: Endpoint & { at: 'pod' } = { at: 'pod', namespace: 'default', pod: 'answering', port };
const refusing: Endpoint = { ...answering, pod: 'refusing' };
const big = gzipSync(Buffer.alloc(megabytes * 1024 * 1024, 'gen_ai_client_token_usage_token_sum{user_id="a"} 1\n'));

function metrics(request: http.IncomingMessage, response: http.ServerResponse): void {
  if (request.url === '/never') return;
  if (request.url === '/big') return void response.writeHead(200, { 'content-encoding': 'gzip' }).end(big);
  if (request.url === '/cut') {
    response.writeHead(200, { 'content-length': '100' }).write('half');
    return void setTimeout(() => response.socket?.destroy(), 50);
  }
  response.end(JSON.stringify(request.headers));
}

async function text(source: Cluster, path: string, endpoint: Endpoint = answering): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await source.get(endpoint, { path })).body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Passes requests on to the API server, and keeps what it answers. */
async function tapped(to: URL, ca: Buffer): Promise<{ readonly url: string; heard(): string; close(): void }> {
  const chunks: Buffer[] = [];
  const tap = http.createServer(({ url, headers }, response) => {
    const options = {
      host: to.hostname,
      port: to.port,
      path: url,
      ca,
      headers: { ...headers, host: to.host, 'accept-encoding': 'identity' },
    };
    https.get(options, (answer) => {
      response.writeHead(answer.statusCode ?? 0, answer.headers);
      answer.on('data', (chunk: Buffer) => chunks.push(chunk)).pipe(response);
    });
  });
  await new Promise<void>((resolve) => tap.listen(0, '127.0.0.1', resolve));
  const { port: own } = tap.address() as AddressInfo;
  const close = (): void => {
    tap.close();
    tap.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${own}`, heard: () => Buffer.concat(chunks).toString('utf8'), close };
}

function podNamed(name: string, ip: string): Manifest {
  const containers = [{ name: 'main', image: 'none', ports: [{ containerPort: port }] }];
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: 'True' }] };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: name.startsWith('bulk') ? { bulk: 'yes' } : {} },
    spec: { nodeName: 'node-a', containers },
    status,
  };
}

function permission(name: string, apiGroups: string[], resources: string[], verbs: string[]): Manifest[] {
  const kind = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name } };
  return [
    { ...kind, kind: 'ClusterRole', rules: [{ apiGroups, resources, verbs }] },
    {
      ...kind,
      kind: 'ClusterRoleBinding',
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [{ kind: 'Group', name: 'viewers', apiGroup: 'rbac.authorization.k8s.io' }],
    },
  ];
}
