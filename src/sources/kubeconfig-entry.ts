/** A kubeconfig as kubernetes/client-go tools/clientcmd/api/types.go has it: an empty text or buffer means "not set". */
export interface Kubeconfig {
  readonly currentContext: string;
  readonly contexts: ReadonlyMap<string, ContextEntry>;
  readonly clusters: ReadonlyMap<string, ClusterEntry>;
  readonly users: ReadonlyMap<string, UserEntry>;
}

export interface ContextEntry {
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string;
}

export interface ClusterEntry {
  readonly server: string;
  readonly tlsServerName: string;
  readonly insecureSkipTlsVerify: boolean;
  readonly certificateAuthority: string;
  readonly certificateAuthorityData: Buffer;
  readonly proxyUrl: string;
  /** The extension named client.authentication.k8s.io/exec, for exec plugins. */
  readonly execConfig: unknown;
}

export interface UserEntry {
  readonly clientCertificate: string;
  readonly clientCertificateData: Buffer;
  readonly clientKey: string;
  readonly clientKeyData: Buffer;
  readonly token: string;
  readonly tokenFile: string;
  readonly username: string;
  readonly password: string;
  readonly impersonate: string;
  readonly impersonateUid: string;
  readonly impersonateGroups: readonly string[];
  readonly impersonateExtra: Readonly<Record<string, readonly string[]>>;
  readonly exec: ExecEntry | null;
  readonly authProvider: { readonly name: string; readonly config: Readonly<Record<string, string>> } | null;
}

export interface ExecEntry {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly installHint: string;
  readonly provideClusterInfo: boolean;
  readonly interactiveMode: string;
}

const nothing = Buffer.alloc(0);

export const noContext: ContextEntry = { cluster: '', user: '', namespace: '' };

export const noCluster: ClusterEntry = {
  server: '',
  tlsServerName: '',
  insecureSkipTlsVerify: false,
  certificateAuthority: '',
  certificateAuthorityData: nothing,
  proxyUrl: '',
  execConfig: undefined,
};

export const noUser: UserEntry = {
  clientCertificate: '',
  clientCertificateData: nothing,
  clientKey: '',
  clientKeyData: nothing,
  token: '',
  tokenFile: '',
  username: '',
  password: '',
  impersonate: '',
  impersonateUid: '',
  impersonateGroups: [],
  impersonateExtra: {},
  exec: null,
  authProvider: null,
};
