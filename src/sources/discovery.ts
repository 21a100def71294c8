import { resourceName } from '../model/snapshot.ts';
import { type Kind, ReadError } from '../model/source.ts';
import { list, record, records, text } from '../parse/fields.ts';
import type { Api, ApiDocument } from './api.ts';
import { documentOf, refusal } from './refusal.ts';

/** What the API server serves, asked once and only when a kind outside the core group is wanted. */
export interface Discovery {
  /** The version under which to list a kind. Throws ReadError: `absent` when it is not served at all. */
  version(kind: Kind): Promise<string>;
}

/** The versions of one group, the server's preferred one first. */
interface Group {
  readonly name: string;
  readonly versions: readonly Version[];
}

interface Version {
  readonly name: string;
  /** Plural names; null: not known without asking for /apis/GROUP/VERSION. */
  readonly resources: readonly string[] | null;
  /** An aggregated API server that does not answer: its resources may be missing here. */
  readonly stale: boolean;
}

const what = 'get /apis';

// Aggregated discovery: beta from 1.27, v2 from 1.30; older servers answer an APIGroupList (staging/src/k8s.io/client-go/discovery/discovery_client.go).
const aggregated = ['v2', 'v2beta1'].map((version) => `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`);
const accept = [...aggregated, 'application/json'].join(',');

// A kind that was missing may have been installed meanwhile: what doctor --wait waits for.
const staleAfterMs = 5_000;

export function discovery(api: Api): Discovery {
  let served = servedBy(api);
  return {
    version: async (kind) => {
      if (kind.group === '') return kind.versions?.[0] ?? 'v1';
      const asked = served;
      try {
        return await asked.version(kind);
      } catch (error) {
        if (asked === served && performance.now() - asked.askedAt() < staleAfterMs) throw error;
        if (asked === served) served = servedBy(api);
        return await served.version(kind);
      }
    },
  };
}

interface Served extends Discovery {
  askedAt(): number;
}

function servedBy(api: Api): Served {
  let groups: Promise<ReadonlyMap<string, Group>> | null = null;
  let askedAt = 0;
  const resources = new Map<string, Promise<readonly string[]>>();
  const resourcesOf = (group: string, version: Version): Promise<readonly string[]> => {
    if (version.resources !== null) return Promise.resolve(version.resources);
    const path = `/apis/${group}/${version.name}`;
    const known = resources.get(path) ?? readResources(api, path);
    resources.set(path, known);
    return known;
  };
  const version = async (kind: Kind): Promise<string> => {
    if (groups === null) askedAt = performance.now();
    groups ??= readGroups(api);
    const group = (await groups).get(kind.group);
    if (group === undefined) throw absent(kind, `no API group ${kind.group}`);
    for (const version of inOrder(group.versions, kind.versions ?? [])) {
      if ((await resourcesOf(group.name, version)).includes(kind.resource)) return version.name;
    }
    throw group.versions.some(({ stale }) => stale) ? asleep(kind) : absent(kind, `the API group ${kind.group} without ${kind.resource}`);
  };
  return { askedAt: () => askedAt, version };
}

/** The served versions, those we understand first. */
function inOrder(served: readonly Version[], wanted: readonly string[]): readonly Version[] {
  const understood = wanted.flatMap((name) => served.filter((version) => version.name === name));
  return [...understood, ...served.filter((version) => !understood.includes(version))];
}

async function readGroups(api: Api): Promise<ReadonlyMap<string, Group>> {
  const document = record(await read(api, '/apis'));
  const groups =
    document.kind === 'APIGroupDiscoveryList' ? records(document.items).map(aggregatedGroup) : records(document.groups).map(plainGroup);
  if (document.kind !== 'APIGroupDiscoveryList' && document.kind !== 'APIGroupList')
    throw new ReadError('malformed', what, `${api.name} answered no list of API groups when asked to ${what}`);
  return new Map(groups.map((group) => [group.name, group]));
}

function aggregatedGroup(item: Readonly<Record<string, unknown>>): Group {
  return {
    name: text(record(item.metadata).name) ?? '',
    versions: records(item.versions).map((version) => ({
      name: text(version.version) ?? '',
      resources: records(version.resources).map((resource) => text(resource.resource) ?? ''),
      stale: version.freshness === 'Stale',
    })),
  };
}

function plainGroup(item: Readonly<Record<string, unknown>>): Group {
  const preferred = text(record(item.preferredVersion).version);
  const versions = list(item.versions).map((version) => text(record(version).version) ?? '');
  const ordered = [...versions.filter((name) => name === preferred), ...versions.filter((name) => name !== preferred)];
  return { name: text(item.name) ?? '', versions: ordered.map((name) => ({ name, resources: null, stale: false })) };
}

async function readResources(api: Api, path: string): Promise<readonly string[]> {
  const document = record(await read(api, path));
  return records(document.resources).map((resource) => text(resource.name) ?? '');
}

async function read(api: Api, path: string): Promise<unknown> {
  const answer = await api.read({ what: `get ${path}`, path, headers: { accept }, own: true });
  if (answer.status === 200) return documentOf(api.name, `get ${path}`, answer);
  throw refused(api, path, answer);
}

/** A refused discovery is no absence: nothing is known of what is served. */
function refused(api: Api, path: string, answer: ApiDocument): ReadError {
  const error = refusal(api.name, `get ${path}`, answer, { verbs: ['get'], resource: path, namespace: null });
  if (error.reason === 'absent')
    return new ReadError('malformed', `get ${path}`, `${api.name} answered 404 to ${path}: no API server is there`);
  if (error.needs === null) return error;
  const needs = `get ${path} (ClusterRole system:discovery)`;
  return new ReadError('forbidden', `get ${path}`, `the API server does not let this user ask which kinds it serves (needs ${needs})`, {
    needs,
  });
}

function absent(kind: Kind, saw: string): ReadError {
  return new ReadError('absent', `list ${resourceName(kind)}`, `${resourceName(kind)} is not installed: the API server serves ${saw}`);
}

function asleep(kind: Kind): ReadError {
  const message = `the API server cannot tell whether it serves ${resourceName(kind)}: the server behind ${kind.group} does not answer`;
  return new ReadError('unreachable', `list ${resourceName(kind)}`, message);
}
