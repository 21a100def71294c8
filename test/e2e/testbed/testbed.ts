import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Api, Manifest } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { gatewayCrds, shippedCrds } from './crds.ts';
import { bin, end, freePort, run, until } from './processes.ts';
import { type PrometheusRelease, type RunningPrometheus, startPrometheusOf } from './prometheus.ts';

/** One request that the API server saw. */
export interface Audited {
  readonly verb: string;
  readonly requestURI: string;
  readonly userAgent: string;
  readonly user: string;
  readonly code: number;
}

/** A real control plane with the real operator and real Prometheus servers, on loopback; no containers, no controllers. */
export interface Testbed {
  readonly folder: string;
  readonly server: string;
  readonly kubeconfig: { readonly admin: string; readonly viewer: string };
  readonly api: Api;
  /** Creates or replaces objects in order, status included; what it makes is deleted by `reset`. */
  apply(...objects: readonly Manifest[]): Promise<void>;
  patchStatus(object: Manifest, status: unknown): Promise<void>;
  remove(...objects: readonly Manifest[]): Promise<void>;
  /** A pod's port leads to an address on this machine. */
  forward(
    pod: { readonly namespace: string; readonly name: string },
    port: number,
    to: { readonly address: string; readonly port: number },
  ): Promise<void>;
  /** Runs a Prometheus with exactly what the operator generates for a Prometheus object that exists; again after a change: it reloads. */
  startPrometheus(
    release: PrometheusRelease,
    namespace?: string,
    name?: string,
    blind?: boolean,
    shard?: number,
  ): Promise<RunningPrometheus>;
  /** Serves the kinds of Envoy AI Gateway as a release does, and of the operator all but those named. */
  serve(release: string, absent?: readonly string[]): Promise<void>;
  /** All requests so far, or those since a mark. */
  audit(since?: number): readonly Audited[];
  /** Ends every Prometheus and deletes what was applied and what the operator made of it. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Brings the bed up in 8–20 s. `release` says which CRDs of Envoy AI Gateway are served. */
export async function startTestbed(dir?: string, release = 'v1.1'): Promise<Testbed> {
  const folder = dir ?? mkdtempSync(join(tmpdir(), 'testbed-'));
  mkdirSync(folder, { recursive: true });
  const plane = await startControlPlane(folder);
  await Promise.all([...shippedCrds(), ...gatewayCrds(release)].map((crd) => plane.api.apply(crd)));
  await established(plane.api);
  plane.startKubelet();
  const port = await freePort();
  const operator = run(
    join(bin, 'operator'),
    [`--web.listen-address=127.0.0.1:${port}`, '--log-level=warn'],
    join(folder, 'operator.log'),
    {
      KUBECONFIG: plane.kubeconfig.admin,
    },
  );
  return testbedOf(folder, plane, release, async () => end(operator), dir === undefined);
}

async function established(api: Api): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const ready = (crd: Manifest): boolean => JSON.stringify(crd.status ?? '').includes('"type":"Established"');
  while ((await api.list(path)).some((crd) => !ready(crd))) await new Promise((resolve) => setTimeout(resolve, 200));
}

function keyOf(release: string, absent: readonly string[]): string {
  return JSON.stringify([gatewayCrds(release), absent]);
}

/** Name and versions of a CustomResourceDefinition. */
function versionsOf({ metadata, spec }: Manifest): string {
  const { versions } = spec as { readonly versions: readonly { readonly name: string }[] };
  return `${metadata.name} ${versions.map(({ name }) => name).toSorted()}`;
}

/** Other kinds than before; the operator's stay but for the absent ones. */
async function exchange(api: Api, gateway: readonly Manifest[], absent: readonly string[]): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const present = await api.list(path);
  const monitoring = (crd: Manifest): boolean => absent.some((plural) => crd.metadata.name === `${plural}.monitoring.coreos.com`);
  const kept = (crd: Manifest): boolean => gateway.some((wanted) => versionsOf(wanted) === versionsOf(crd));
  const gone = present.filter((crd) => monitoring(crd) || (crd.metadata.name.endsWith('.aigateway.envoyproxy.io') && !kept(crd)));
  for (const crd of gone) await api.send('DELETE', `${path}/${crd.metadata.name}`);
  await until(
    'CustomResourceDefinitions to be gone',
    async () => {
      const names = (await api.list(path)).map(({ metadata }) => metadata.name);
      return gone.every(({ metadata }) => !names.includes(metadata.name)) || null;
    },
    240,
  );
  const back = shippedCrds().filter((crd) => !monitoring(crd) && !present.some(({ metadata }) => metadata.name === crd.metadata.name));
  for (const crd of [
    ...gateway.filter(
      (wanted) =>
        !present.some(({ metadata }) => metadata.name === wanted.metadata.name) ||
        gone.some(({ metadata }) => metadata.name === wanted.metadata.name),
    ),
    ...back,
  ])
    await api.apply(crd);
  await established(api);
  const served = async (name: string): Promise<boolean> => (await api.send('GET', `/apis/${name}`)).status === 200;
  await until('the kinds to be served', async () => (await served('aigateway.envoyproxy.io')) || null);
  // discovery of a version follows the CustomResourceDefinition by a moment
  await new Promise((resolve) => setTimeout(resolve, 1500));
}

function testbedOf(folder: string, plane: ControlPlane, release: string, stopOperator: () => Promise<void>, temporary: boolean): Testbed {
  const applied: Manifest[] = [];
  const servers = new Map<string, RunningPrometheus>();
  const { api } = plane;
  let served = keyOf(release, []);

  async function apply(...objects: readonly Manifest[]): Promise<void> {
    for (const object of objects) {
      applied.push(object);
      await api.apply(await owned(api, object));
    }
  }

  async function endServers(): Promise<void> {
    await Promise.all([...servers.values()].map((server) => server.stop()));
    servers.clear();
  }

  return {
    folder,
    server: plane.server,
    kubeconfig: plane.kubeconfig,
    api,
    apply,
    patchStatus: api.patchStatus,
    remove: async (...objects) => {
      for (const object of objects) await api.remove(object);
    },
    forward: (pod, port, target) => apply(forwarding(pod, port, target)),
    startPrometheus: async (release, namespace = 'monitoring', name = 'k8s', blind = false, shard = 0) => {
      const key = `${namespace}/${name}/${shard}`;
      const server = await startPrometheusOf({ folder, api, release, namespace, name, blind, shard, running: servers.get(key) ?? null });
      servers.set(key, server);
      return server;
    },
    serve: async (wanted, absent = []) => {
      if (served === keyOf(wanted, absent)) return;
      served = '';
      await exchange(api, gatewayCrds(wanted), absent);
      served = keyOf(wanted, absent);
    },
    audit: (since = 0) => audited(join(folder, 'audit.log')).slice(since),
    reset: async () => {
      await endServers();
      for (const object of applied.splice(0).reverse()) await api.remove(object);
      await sweep(api);
    },
    stop: async () => {
      await endServers();
      await stopOperator();
      await plane.stop();
      if (temporary) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The object with the uids of the owners that it names: there is no controller that would know them. */
async function owned(api: Api, object: Manifest): Promise<Manifest> {
  const owners = object.metadata.ownerReferences as readonly (Manifest['metadata'] & { apiVersion: string; kind: string })[] | undefined;
  if (owners === undefined) return object;
  const known = await Promise.all(
    owners.map(async (owner) => {
      const found = await api.get({ ...owner, metadata: { name: owner.name, namespace: object.metadata.namespace ?? 'default' } });
      return { ...owner, uid: found?.metadata.uid ?? owner.uid ?? '00000000-0000-0000-0000-000000000000' };
    }),
  );
  return { ...object, metadata: { ...object.metadata, ownerReferences: known } };
}

/** What kwok reads to know where a pod's port leads; the name is the pod's. */
function forwarding(
  pod: { readonly namespace: string; readonly name: string },
  port: number,
  target: { readonly address: string; readonly port: number },
): Manifest {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'PortForward',
    metadata: pod,
    spec: { forwards: [{ ports: [port], target }] },
  };
}

const leftovers = [
  ['apps/v1', 'StatefulSet', '/apis/apps/v1/statefulsets'],
  ['v1', 'Secret', '/api/v1/secrets'],
  ['v1', 'Service', '/api/v1/services'],
  ['v1', 'ConfigMap', '/api/v1/configmaps'],
  ['v1', 'Pod', '/api/v1/pods'],
] as const;

/** Deletes what the operator made: nothing collects garbage here. */
async function sweep(api: Api): Promise<void> {
  for (const [apiVersion, kind, path] of leftovers) {
    for (const { metadata } of await api.list(path)) {
      const kept = metadata.namespace === 'kube-system' || metadata.name === 'kubernetes' || metadata.name === 'kube-root-ca.crt';
      if (!kept) await api.remove({ apiVersion, kind, metadata });
    }
  }
}

/** A long request is logged twice: when its answer starts and when it ends. */
function audited(path: string): readonly Audited[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  const entries = new Map<string, Audited>();
  for (const line of lines) {
    const entry = JSON.parse(line) as { user?: { username?: string }; responseStatus?: { code?: number } } & Record<string, string>;
    const { auditID = '', verb = '', requestURI = '', userAgent = '' } = entry;
    const request = { verb, requestURI, userAgent, user: entry.user?.username ?? '', code: entry.responseStatus?.code ?? 0 };
    if (!entries.has(auditID)) entries.set(auditID, request);
  }
  return [...entries.values()];
}
