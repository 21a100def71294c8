import { shortNames } from './built-ins.ts';
import type { ServedKind } from './store.ts';

const verbs = ['get', 'list'];

/** The content type that asks for discovery in one document; kubectl 1.26 and later do (client-go discovery/discovery_client.go). */
const aggregated = /application\/json;g=apidiscovery\.k8s\.io;v=(v2|v2beta1);as=APIGroupDiscoveryList/;

/** The answer to /api and /apis when the whole of discovery is asked for at once; null when it is not. */
export function aggregatedDiscovery(path: string, accept: string, kinds: readonly ServedKind[]) {
  const version = aggregated.exec(accept)?.[1];
  if (version === undefined) return null;
  const mine = kinds.filter((kind) => (kind.group === '') === (path === '/api'));
  const items = groupsOf(mine).map(([name, versions]) => ({
    metadata: name === '' ? {} : { name },
    versions: versions.map(([version, members]) => ({ version, freshness: 'Current', resources: members.map(aggregatedResource) })),
  }));
  return {
    contentType: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
    body: { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items },
  };
}

/** The answers of discovery in pieces: /api, /apis, /api/v1, /apis/GROUP and /apis/GROUP/VERSION; null for any other path. */
export function discovery(path: string, kinds: readonly ServedKind[]): unknown {
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] };
  const groups = groupsOf(kinds.filter((kind) => kind.group !== ''));
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(apiGroup) };
  const [, root, group = '', version] = /^\/(apis?)\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (root === undefined) return null;
  if (root === 'api') return version === undefined ? resourceList('', group, kinds) : null;
  const known = groups.find(([name]) => name === group);
  if (known === undefined) return null;
  return version === undefined ? { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(known) } : resourceList(group, version, kinds);
}

type Versions = readonly (readonly [version: string, members: readonly ServedKind[]])[];

function groupsOf(kinds: readonly ServedKind[]): readonly (readonly [group: string, versions: Versions])[] {
  return unique(kinds.map((kind) => kind.group)).map((group) => {
    const members = kinds.filter((kind) => kind.group === group);
    const versions = unique(members.map((kind) => kind.version));
    return [group, versions.map((version) => [version, members.filter((kind) => kind.version === version)] as const)] as const;
  });
}

const unique = (names: readonly string[]): readonly string[] => [...new Set(names)];

function apiGroup([name, versions]: readonly [string, Versions]) {
  const named = versions.map(([version]) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: named, preferredVersion: named[0] };
}

function resourceList(group: string, version: string, kinds: readonly ServedKind[]): unknown {
  const members = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (members.length === 0) return null;
  const groupVersion = group === '' ? version : `${group}/${version}`;
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources: members.flatMap(legacyResources) };
}

function legacyResources({ resource, kind, namespaced }: ServedKind) {
  const short = shortNames[resource];
  const own = { name: resource, singularName: kind.toLowerCase(), namespaced, kind, verbs, ...(short ? { shortNames: short } : {}) };
  return [
    own,
    ...subresourcesOf(resource).map((name) => ({ ...own, name: `${resource}/${name}`, singularName: '', verbs: ['get', 'create'] })),
  ];
}

function aggregatedResource({ resource, kind, namespaced, group, version }: ServedKind) {
  const responseKind = { group, version, kind };
  const short = shortNames[resource];
  return {
    resource,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.toLowerCase(),
    verbs,
    ...(short ? { shortNames: short } : {}),
    subresources: subresourcesOf(resource).map((subresource) => ({ subresource, responseKind, verbs: ['get', 'create'] })),
  };
}

function subresourcesOf(resource: string): readonly string[] {
  if (resource === 'pods') return ['log', 'portforward', 'proxy'];
  return resource === 'services' ? ['proxy'] : [];
}
