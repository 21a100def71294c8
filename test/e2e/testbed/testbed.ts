import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Api, Manifest } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { exchanged, isAbsent, type Served, servedCrds, shippedCrds } from './crds.ts';
import { publishEndpoints } from './endpoints.ts';
import { aged } from './etcd.ts';
import { type Forward, forwarding, logging, writeLog } from './kwok.ts';
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
  /** Makes what the controllers of Endpoints would make of the Services and pods that are there now. */
  publishEndpoints(): Promise<void>;
  /** A pod's port leads to an address on this machine, beside its other ports. */
  forward(
    pod: { readonly namespace: string; readonly name: string },
    port: number,
    to: { readonly address: string; readonly port: number },
  ): Promise<void>;
  /** What the kubelet answers for the log of a pod's container; null: of those that have none of their own. */
  log(pod: { readonly namespace: string; readonly name: string }, container: string | null, lines: readonly string[]): Promise<void>;
  /** An object of a kind of its own has been there for so many seconds. */
  age(object: Manifest, seconds: number): Promise<void>;
  /** Runs a Prometheus with exactly what the operator generates for a Prometheus object that exists; again after a change: it reloads. */
  startPrometheus(
    release: PrometheusRelease,
    namespace?: string,
    name?: string,
    blind?: boolean,
    shard?: number,
  ): Promise<RunningPrometheus>;
  /** Serves other kinds from now on; nothing is done when they are the same. Takes seconds to minutes. */
  serve(wanted: Served): Promise<void>;
  /** All requests so far, or those since a mark. */
  audit(since?: number): readonly Audited[];
  /** Ends every Prometheus and deletes what was applied and what the operator made of it. */
  reset(): Promise<void>;
  stop(): Promise<void>;
}

/** Brings the bed up in 8–20 s; a release says that Envoy AI Gateway's CRDs are served, and no other system's. What is to be absent goes with `serve`: an operator that starts without its kinds never looks for them again. */
export async function startTestbed(dir?: string, first: string | Omit<Served, 'absent'> = 'v1.1'): Promise<Testbed> {
  const { release, systems = [] } = typeof first === 'string' ? { release: first } : first;
  const served: Served = { release, systems };
  const folder = dir ?? mkdtempSync(join(tmpdir(), 'testbed-'));
  mkdirSync(folder, { recursive: true });
  const plane = await startControlPlane(folder);
  await Promise.all([...shippedCrds(), ...servedCrds(served)].map((crd) => plane.api.apply(crd)));
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
  return testbedOf(folder, plane, served, async () => end(operator), dir === undefined);
}

async function established(api: Api): Promise<void> {
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const ready = (crd: Manifest): boolean => JSON.stringify(crd.status ?? '').includes('"type":"Established"');
  while ((await api.list(path)).some((crd) => !ready(crd))) await new Promise((resolve) => setTimeout(resolve, 200));
}

/** Equal for what is served alike. */
export function keyOf(served: Served): string {
  return JSON.stringify([servedCrds(served).map(versionsOf).toSorted(), [...(served.absent ?? [])].toSorted()]);
}

/** Name and versions of a CustomResourceDefinition. */
function versionsOf({ metadata, spec }: Manifest): string {
  const { versions } = spec as { readonly versions: readonly { readonly name: string }[] };
  return `${metadata.name} ${versions.map(({ name }) => name).toSorted()}`;
}

/** Other kinds than before; the shipped ones stay but for the absent. */
async function exchange(api: Api, served: Served): Promise<void> {
  const { absent = [] } = served;
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const present = await api.list(path);
  const wanted = servedCrds(served);
  const kept = (crd: Manifest): boolean => !exchanged.has(groupOf(crd)) || wanted.some((each) => versionsOf(each) === versionsOf(crd));
  const gone = present.filter((crd) => isAbsent(crd, absent) || !kept(crd));
  for (const crd of gone) await api.send('DELETE', `${path}/${crd.metadata.name}`);
  await until(
    'CustomResourceDefinitions to be gone',
    async () => {
      const names = (await api.list(path)).map(({ metadata }) => metadata.name);
      return gone.every(({ metadata }) => !names.includes(metadata.name)) || null;
    },
    240,
  );
  const left = new Set(present.filter((crd) => !gone.includes(crd)).map(({ metadata }) => metadata.name));
  const missing = [...shippedCrds(), ...wanted].filter((crd) => !isAbsent(crd, absent) && !left.has(crd.metadata.name));
  for (const crd of missing) await api.apply(crd);
  await established(api);
  const answers = async (group: string): Promise<boolean> => (await api.send('GET', `/apis/${group}`)).status === 200;
  for (const group of new Set(missing.map(groupOf))) await until(`${group} to be served`, async () => (await answers(group)) || null);
  // discovery of a version follows the CustomResourceDefinition by a moment
  await new Promise((resolve) => setTimeout(resolve, 1500));
}

function groupOf({ metadata: { name } }: Manifest): string {
  return name.slice(name.indexOf('.') + 1);
}

function testbedOf(folder: string, plane: ControlPlane, first: Served, stopOperator: () => Promise<void>, temporary: boolean): Testbed {
  const applied: Manifest[] = [];
  const servers = new Map<string, RunningPrometheus>();
  const { api } = plane;
  const forwards = new Map<string, readonly Forward[]>();
  const logs = new Map<string, Readonly<Record<string, string>>>();
  let served = keyOf(first);

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
    publishEndpoints: async () => {
      applied.push(...(await publishEndpoints(api, plane.etcd)));
    },
    forward: async (pod, port, target) => {
      const key = `${pod.namespace}/${pod.name}`;
      const others = (forwards.get(key) ?? []).filter(({ ports }) => !ports.includes(port));
      const all = [...others, { ports: [port], target: { address: target.address, port: target.port } }];
      forwards.set(key, all);
      await apply(forwarding(pod, all));
    },
    log: async (pod, container, lines) => {
      const key = `${pod.namespace}/${pod.name}`;
      const all = { ...logs.get(key), [container ?? '']: writeLog(folder, { ...pod, container }, lines) };
      logs.set(key, all);
      await apply(logging(pod, all));
    },
    age: (object, seconds) => aged(plane.etcd, object, seconds),
    startPrometheus: async (release, namespace = 'monitoring', name = 'k8s', blind = false, shard = 0) => {
      const key = `${namespace}/${name}/${shard}`;
      const server = await startPrometheusOf({ folder, api, release, namespace, name, blind, shard, running: servers.get(key) ?? null });
      servers.set(key, server);
      return server;
    },
    serve: async (wanted) => {
      if (served === keyOf(wanted)) return;
      served = '';
      await exchange(api, wanted);
      served = keyOf(wanted);
    },
    audit: (since = 0) => audited(join(folder, 'audit.log')).slice(since),
    reset: async () => {
      await endServers();
      forwards.clear();
      logs.clear();
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
