/** What commander made of kubectl's connection flags. */
export interface ConnectionFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly server?: string;
  readonly token?: string;
  readonly username?: string;
  readonly password?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  readonly asUid?: string;
  readonly certificateAuthority?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly tlsServerName?: string;
  readonly insecureSkipTlsVerify?: boolean;
  readonly via: string;
  readonly requestTimeout: string;
}

/** The flags that doctor and get share. */
export interface RunFlags extends ConnectionFlags {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly pipeline: string;
  readonly gateway?: string;
  readonly expectLabel?: readonly string[];
  readonly prometheus?: string;
  readonly prometheusTokenFile?: string;
  readonly prometheusHeader?: readonly string[];
  readonly metricsTokenFile?: string;
  readonly grafanaTokenFile?: string;
  readonly secretNames?: boolean;
  readonly logs?: boolean;
  readonly timeout?: string;
  readonly color: string;
  readonly v?: string | true;
  readonly quiet?: boolean;
  /** A bundle to read instead of a cluster. */
  readonly from?: string;
}

export interface CollectFlags extends RunFlags {
  readonly file?: string;
  readonly redact?: string;
}

export interface DoctorFlags extends RunFlags {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
  readonly ignore?: readonly string[];
  readonly failOn: string;
  readonly wait?: string | true;
  readonly output?: readonly string[];
  readonly stats?: boolean;
  readonly manifests?: readonly string[];
  readonly overCluster?: boolean;
}

export interface GetFlags extends RunFlags {
  readonly output: string;
}

export interface FixFlags extends RunFlags {
  readonly output: string;
}

export interface DemoFlags extends DoctorFlags {
  readonly list?: boolean;
  readonly serve?: boolean;
}
