/** One way in which a scrape job finds its targets. */
export type JobDiscovery =
  | {
      readonly by: 'kubernetes';
      /** "pod", "endpoints", "node"… */
      readonly role: string;
      /** Namespaces that are looked at; null: all, or the collector's own when `own` is set. */
      readonly namespaces: readonly string[] | null;
      readonly own: boolean;
      /** Selectors of the pod role: kubernetes_sd_config selectors. */
      readonly selectors: readonly { readonly label: string; readonly field: string }[];
      /** What is looked up beside the targets: attach_metadata. Absent: nothing. */
      readonly attaches?: readonly ('node' | 'namespace')[];
      /** It names an API server or a kubeconfig, and so who it is there; absent: it is the ServiceAccount of its pod. */
      readonly otherIdentity?: true;
    }
  | { readonly by: 'static'; readonly targets: readonly string[] }
  /** PodMonitors, through a target allocator or a component that reads them. */
  | { readonly by: 'podmonitors' }
  /** Anything whose targets cannot be told from the configuration, with its name. */
  | { readonly by: 'unknown'; readonly what: string };

/** A scrape job of a collector, in the words of Prometheus whatever the collector's own are. */
export interface ScrapeJob {
  /** What series carry as `job` unless a rule sets it. */
  readonly name: string;
  /** The component that scrapes: "prometheus/ai-gateway", "prometheus.scrape.aigw". */
  readonly receiver: string;
  readonly path: string;
  readonly discovery: readonly JobDiscovery[];
  /** relabel_configs as the scraper gets them: in snake_case, escapes of the collector's own configuration undone. */
  readonly rules: readonly Readonly<Record<string, unknown>>[];
  /** Ids of the exporters that its metrics reach. */
  readonly wiredTo: readonly string[];
  /** Several instances of the collector share its targets out: a target allocator, a cluster of Alloys. */
  readonly shared: boolean;
  /** False: part of the way from the targets to the exporters could not be followed. */
  readonly followed: boolean;
}

/** Where a collector sends metrics. */
export interface CollectorExporter {
  /** "prometheusremotewrite/mimir", "prometheus.remote_write.mimir". */
  readonly id: string;
  readonly kind: 'remote-write' | 'otlp' | 'debug' | 'other';
  readonly endpoint: string | null;
  /** The X-Scope-OrgID header. */
  readonly tenant: string | null;
  /** Some pipeline of metrics ends in it. */
  readonly used: boolean;
}
