import type { Fact } from '../model/fact.ts';
import type { Many } from '../model/source.ts';
import type { Pod } from './pods.ts';
import type { Servers } from './prometheus.ts';
import type { Workload } from './workloads.ts';

/** A pod port that serves token metrics: an ExtProc sidecar, a Limitador, a gpt-load. The shared half of the chain is judged over these. */
export interface Emitter {
  /** "pod NAMESPACE/NAME": the key findings use in `about`. */
  readonly key: string;
  /** "Pod NAMESPACE/NAME". */
  readonly subject: string;
  readonly pod: Pod;
  /** The container that serves the metrics. */
  readonly container: string;
  readonly port: number;
  /** The names that the pod's containers declare for that port; empty: the port is declared without a name. Null: no container declares the port. */
  readonly portNames: readonly string[] | null;
  /** "/metrics". */
  readonly path: string;
  /** The key of a Secret beside the pod that holds the bearer token which it asks scrapers for, by name alone; absent: it asks for none, or it is not known which. */
  readonly credentials?: { readonly name: string; readonly key: string };
  /** What version counts here, for example "v0.4.0"; null when it cannot be told. */
  readonly release: string | null;
}

/** One label set of the token family. */
export interface TokenSeries {
  /** Label names as under underscore escaping (dots become "_"), without otel_scope_*. */
  readonly labels: Readonly<Record<string, string>>;
  readonly sum: number;
  /** Observations; for a plain counter the same as sum. */
  readonly count: number;
}

/** What one emitter's metrics endpoint said. */
export interface Emission {
  readonly emitter: Emitter;
  readonly outcome:
    | {
        readonly status: 'metered';
        /** Family name as exposed: "gen_ai.client.token.usage_token" or "gen_ai_client_token_usage". */
        readonly family: string;
        readonly series: readonly TokenSeries[];
        /** Identity labels as exposed, before normalising: "user.id". */
        readonly labelNames: readonly string[];
        /** Requests seen, by model and operation, when the endpoint counts them. */
        readonly requests: readonly { readonly labels: Readonly<Record<string, string>>; readonly count: number }[];
      }
    /** It answers, and no request has passed since it started. */
    | { readonly status: 'idle' }
    /** It answers, but not with metrics, or refuses: the emitter's fault. Could-not-look is in Many.unread instead. */
    | {
        readonly status: 'unreadable';
        readonly problem: 'refused' | 'http-status' | 'not-metrics' | 'truncated' | 'slow' | 'malformed';
        readonly message: string;
      };
  /** target_info of the process; empty when absent. */
  readonly target: Readonly<Record<string, string>>;
}

/** A label that says whose tokens these are. */
export interface IdentityLabel {
  /** As on /metrics under underscore escaping: "user_id". */
  readonly label: string;
  /** As configured: "user.id". */
  readonly attribute: string;
  /** The request header that feeds it; null for --expect-label. */
  readonly header: string | null;
}

/** The token metric of a pipeline under all its spellings. */
export interface TokenFamily {
  /** For prose: "gen_ai_client_token_usage". */
  readonly name: string;
  /** RE2 for {__name__=~"…"} that matches the series to sum (the histogram's _sum, or the counter) in every spelling, on Prometheus 2.42 and 3.x. */
  readonly sumPattern: string;
  /** What doctor says it asked for when nothing is stored. */
  readonly spellings: readonly string[];
  /** Label that holds the kind of token, and the values whose sum is the total: {label: "gen_ai_token_type", values: ["input", "output"]}; null when the series is a total already. */
  readonly total: {
    readonly label: string;
    /** The same as registered, before any escaping: "gen_ai.token.type". */
    readonly attribute: string;
    readonly values: readonly string[];
  } | null;
  /** The counters are kept beside the process, which does not begin at zero: a sum of them as they are says what is kept. Absent: they count since the process began. */
  readonly kept?: {
    /** Seconds between the batches in which they rise. */
    readonly batch: number;
  };
}

/** The words and facts with which the shared checks (expose, discover, collect, query, present) are made for one pipeline. */
export interface Nouns {
  readonly one: string;
  readonly many: string;
  readonly family: TokenFamily;
  readonly emitters: Fact<Many<Emitter>>;
  readonly emissions: Fact<Many<Emission>>;
  /** Effective identity labels; those of --expect-label included. */
  readonly identity: Fact<readonly IdentityLabel[]>;
  /** Where the series are stored, when that is not the Prometheus that scrapes the emitters: a Mimir behind a collector. Absent: found through Prometheus objects and pods. */
  readonly servers?: Fact<Servers>;
  /** Whether ServiceMonitors scrape them as well: pods that Services send to. */
  readonly services?: boolean;
  /** The workloads whose templates people write, where no controller makes the containers that serve the metrics. */
  readonly workloads?: Fact<Many<Workload>>;
}
