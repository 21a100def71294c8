import {
  type ClusterEntry,
  type ContextEntry,
  type ExecEntry,
  type Kubeconfig,
  noCluster,
  noContext,
  noUser,
  type UserEntry,
} from './kubeconfig-entry.ts';
import { KubeconfigError } from './kubeconfig-error.ts';
import { bytesAt, entriesAt, flagAt, kindOf, listAt, mapAt, type Path, type Place, placeOf, textAt } from './kubeconfig-place.ts';

type Yaml = Pick<typeof import('yaml'), 'parseDocument' | 'LineCounter'>;

/** One kubeconfig file. Throws KubeconfigError with file and line; an empty file is an empty kubeconfig, as for kubectl. */
export function parseKubeconfig(text: string, file: string, yaml: Yaml): Kubeconfig {
  const root = rootOf(text, file, yaml);
  if (typeof root.value !== 'object' || Array.isArray(root.value)) {
    if (root.value !== null && root.value !== undefined)
      root.fail(`a kubeconfig is a mapping with clusters, users and contexts, not ${kindOf(root.value)}`);
  }
  expect(root.at('kind'), 'Config');
  expect(root.at('apiVersion'), 'v1');
  return {
    currentContext: textAt(root.at('current-context')),
    contexts: named(root.at('contexts'), 'context', contextAt),
    clusters: named(root.at('clusters'), 'cluster', clusterAt),
    users: named(root.at('users'), 'user', userAt),
  };
}

function expect(place: Place, wanted: string): void {
  const found = textAt(place);
  if (found !== '' && found !== wanted) place.fail(`is ${JSON.stringify(found)}, but a kubeconfig has ${JSON.stringify(wanted)} there`);
}

function rootOf(text: string, file: string, { parseDocument, LineCounter }: Yaml): Place {
  const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.exec(text);
  if (control !== null) throw new KubeconfigError(`${file}:${lineOf(text, control.index)}: holds control characters: this is no YAML`);
  const lines = new LineCounter();
  // What sigs.k8s.io/yaml reads: YAML 1.1 (yes is true, << merges), the first document only, the last of two equal keys.
  const document = parseDocument(text, {
    version: '1.1',
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'silent',
    // Go knows neither dates nor 12:34 as a number of base 60.
    customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !(tag.tag.endsWith(':timestamp') || tag.format === 'TIME')),
  });
  const fault = document.errors.find(({ code }) => code !== 'MULTIPLE_DOCS');
  if (fault !== undefined) throw new KubeconfigError(`${file}:${lines.linePos(fault.pos[0]).line}: ${sentence(fault.message)}`);
  const blame = (path: Path, message: string): never => {
    const where = path.length === 0 ? '' : `${dotted(path)} `;
    throw new KubeconfigError(`${file}:${lines.linePos(offsetOf(document, path)).line}: ${where}${message}`);
  };
  return placeOf(contentOf(document, file), [], blame);
}

function contentOf(document: { toJS(options: { maxAliasCount: number }): unknown }, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 1000 });
  } catch (error) {
    throw new KubeconfigError(`${file}:1: ${sentence(error instanceof Error ? error.message : String(error))}`, { cause: error });
  }
}

function offsetOf(document: { getIn(path: Path, keepScalar: true): unknown }, path: Path): number {
  const node = document.getIn(path, true);
  if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) return Number(node.range[0]);
  return path.length === 0 ? 0 : offsetOf(document, path.slice(0, -1));
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function dotted(path: Path): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('');
}

function sentence(message: string): string {
  const [first = ''] = message.split('\n');
  return `${first.charAt(0).toLowerCase()}${first.slice(1)}`.replace(/[:.]\s*$/, '');
}

function named<T>(list: Place, field: string, read: (place: Place) => T): ReadonlyMap<string, T> {
  const found = new Map<string, T>();
  for (const item of listAt(list)) {
    const name = textAt(mapAt(item).at('name'));
    if (found.has(name)) item.fail(`is a second ${field} with the name ${JSON.stringify(name)}`);
    found.set(name, read(mapAt(item.at(field))));
  }
  return found;
}

function contextAt(place: Place): ContextEntry {
  return { ...noContext, cluster: textAt(place.at('cluster')), user: textAt(place.at('user')), namespace: textAt(place.at('namespace')) };
}

function clusterAt(place: Place): ClusterEntry {
  flagAt(place.at('disable-compression'));
  const extensions = named(place.at('extensions'), 'extension', ({ value }) => value);
  return {
    ...noCluster,
    server: textAt(place.at('server')),
    tlsServerName: textAt(place.at('tls-server-name')),
    insecureSkipTlsVerify: flagAt(place.at('insecure-skip-tls-verify')),
    certificateAuthority: textAt(place.at('certificate-authority')),
    certificateAuthorityData: bytesAt(place.at('certificate-authority-data')),
    proxyUrl: textAt(place.at('proxy-url')),
    // clusterExtensionKey of kubernetes/client-go tools/clientcmd/client_config.go
    execConfig: extensions.get('client.authentication.k8s.io/exec'),
  };
}

function userAt(place: Place): UserEntry {
  const extra = entriesAt(place.at('as-user-extra')).map(([name, values]) => [name, listAt(values).map(textAt)] as const);
  const provider = mapAt(place.at('auth-provider'));
  return {
    ...noUser,
    clientCertificate: textAt(place.at('client-certificate')),
    clientCertificateData: bytesAt(place.at('client-certificate-data')),
    clientKey: textAt(place.at('client-key')),
    clientKeyData: bytesAt(place.at('client-key-data')),
    token: textAt(place.at('token')),
    tokenFile: textAt(place.at('tokenFile')),
    username: textAt(place.at('username')),
    password: textAt(place.at('password')),
    impersonate: textAt(place.at('as')),
    impersonateUid: textAt(place.at('as-uid')),
    impersonateGroups: listAt(place.at('as-groups')).map(textAt),
    impersonateExtra: Object.fromEntries(extra),
    exec: execAt(mapAt(place.at('exec'))),
    authProvider:
      provider.value === null || provider.value === undefined
        ? null
        : {
            name: textAt(provider.at('name')),
            config: Object.fromEntries(entriesAt(provider.at('config')).map(([key, at]) => [key, textAt(at)])),
          },
  };
}

function execAt(place: Place): ExecEntry | null {
  if (place.value === null || place.value === undefined) return null;
  const apiVersion = textAt(place.at('apiVersion'));
  return {
    apiVersion,
    command: textAt(place.at('command')),
    args: listAt(place.at('args')).map(textAt),
    env: listAt(place.at('env')).map((pair) => ({ name: textAt(mapAt(pair).at('name')), value: textAt(pair.at('value')) })),
    installHint: textAt(place.at('installHint')),
    provideClusterInfo: flagAt(place.at('provideClusterInfo')),
    interactiveMode: textAt(place.at('interactiveMode')) || defaultMode(apiVersion),
  };
}

// kubernetes/client-go tools/clientcmd/api/v1/defaults.go: only v1 has no default.
function defaultMode(apiVersion: string): string {
  return /^client\.authentication\.k8s\.io\/v1(alpha1|beta1)$/.test(apiVersion) ? 'IfAvailable' : '';
}
