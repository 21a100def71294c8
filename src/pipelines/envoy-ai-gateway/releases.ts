import type { Escaping, Side } from '../../parse/mapping.ts';
import type { Version } from '../../parse/versions.ts';

/** What one release line of the gateway is like, where tokmeter has to know. Sources are paths of github.com/envoyproxy/ai-gateway at the tag. */
export interface Release {
  /** "v0.5". */
  readonly line: string;
  /** Names that the injected container gives port 1064: internal/controller/gateway_mutator.go, v1.1 extproc_builder.go. */
  readonly portNames: readonly string[];
  /** Sidecar flag that names the metrics port: cmd/extproc/mainlib/main.go. */
  readonly portFlag: 'metricsPort' | 'adminPort';
  /** Flags that map a request header to a metric label, base first; empty: none exists. cmd/controller/main.go, cmd/extproc/mainlib/main.go. */
  readonly mappingFlags: readonly string[];
  /** Flags of the same shape for spans and logs, which the controller validates as well. */
  readonly otherFlags: readonly string[];
  /** A flag that counts only while the main one is empty. */
  readonly deprecatedFlag: string | null;
  /** Helm value of the mapping: manifests/charts/ai-gateway-helm/values.yaml. */
  readonly helmValue: string | null;
  /** What parse errors call the right side of a pair: internal/internalapi/internalapi.go. */
  readonly side: Side;
  readonly escaping: Escaping;
  /** The token histogram under underscore escaping: internal/metrics. */
  readonly family: string;
  /** telemetry_sdk_version of target_info: go.mod, recorded in idle-plain.prom. */
  readonly sdk: string;
  /** Whether the controller rolls the proxies when the mapping changes: #2427. */
  readonly rollsOnMappingChange: boolean;
  /** Label sets per instrument by default; null: no limit. otel-go CHANGELOG 1.44, recorded in cardinality-report.txt. */
  readonly seriesLimit: number | null;
  /** Whether the sidecar refuses the configuration of another release: internal/filterapi/watcher.go. */
  readonly pinsConfig: boolean;
  /** Whether tokens of concurrent requests are credited to each other's models: recorded in concurrency-report.txt. */
  readonly mixesModels: boolean;
  /** What a streamed request leaves when its usage was not asked for: recorded in cmp-nocosts-plain.prom. */
  readonly unaskedStreams: 'zeros' | 'nothing';
  /** What a label name does that may not be a label: recorded in hazard-report.txt. */
  readonly onBadLabel: 'http-500' | 'vanish';
  /** Whether a GatewayConfig may carry globalLLMRequestCosts. */
  readonly globalCosts: boolean;
}

const v02: Release = {
  line: 'v0.2',
  portNames: ['aigw-metrics'],
  portFlag: 'metricsPort',
  mappingFlags: [],
  otherFlags: [],
  deprecatedFlag: null,
  helmValue: null,
  side: 'label',
  escaping: 'escape-name',
  family: 'gen_ai_client_token_usage',
  sdk: '1.36.0',
  rollsOnMappingChange: false,
  seriesLimit: null,
  pinsConfig: false,
  mixesModels: true,
  unaskedStreams: 'zeros',
  onBadLabel: 'vanish',
  globalCosts: false,
};

const v03: Release = {
  ...v02,
  line: 'v0.3',
  mappingFlags: ['metricsRequestHeaderLabels'],
  helmValue: 'controller.metricsRequestHeaderLabels',
  family: 'gen_ai_client_token_usage_token',
  sdk: '1.37.0',
};

const v04: Release = {
  ...v03,
  line: 'v0.4',
  portNames: ['aigw-admin', 'aigw-metrics'],
  portFlag: 'adminPort',
  mappingFlags: ['metricsRequestHeaderAttributes'],
  otherFlags: ['spanRequestHeaderAttributes'],
  deprecatedFlag: 'metricsRequestHeaderLabels',
  helmValue: 'controller.metricsRequestHeaderAttributes',
  side: 'attribute',
  sdk: '1.38.0',
  mixesModels: false,
};

const v05: Release = {
  ...v04,
  line: 'v0.5',
  portNames: ['aigw-admin'],
  deprecatedFlag: null,
  escaping: 'label-namer',
  family: 'gen_ai_client_token_usage',
  sdk: '1.39.0',
  pinsConfig: true,
  unaskedStreams: 'nothing',
  onBadLabel: 'http-500',
};

const v06: Release = {
  ...v05,
  line: 'v0.6',
  mappingFlags: ['requestHeaderAttributes', 'metricsRequestHeaderAttributes'],
  otherFlags: ['spanRequestHeaderAttributes', 'logRequestHeaderAttributes'],
  sdk: '1.43.0',
  globalCosts: true,
};

const v07: Release = { ...v06, line: 'v0.7' };
const v10: Release = { ...v07, line: 'v1.0', sdk: '1.44.0', seriesLimit: 2000 };
const v11: Release = { ...v10, line: 'v1.1', rollsOnMappingChange: true };

/** Every known release line, oldest first. */
export const releases: readonly Release[] = [v02, v03, v04, v05, v06, v07, v10, v11];

/** What is assumed of a release newer than all of these. */
export const newest: Release = v11;

/** The line of a version; a newer one than all of these is taken for the newest; null for what was never released. */
export function lineOf(version: Version): Release | null {
  const line = `v${version.major}.${version.minor}`;
  const known = releases.find((release) => release.line === line);
  if (known !== undefined) return known;
  return version.major === 1 && version.minor > 1 ? newest : null;
}

/** Releases that still may be meant, and the exact one when it can be told. */
export interface Guess {
  /** "v0.5.0" from an image tag, "v0.5" from other signs; null when several lines fit. */
  readonly version: string | null;
  /** Never empty. */
  readonly candidates: readonly Release[];
}

/** What all candidates agree on; null when they do not. */
export function agreed<T>(guess: Guess, trait: (release: Release) => T): T | null {
  const [first, ...others] = guess.candidates.map(trait);
  if (first === undefined) return null;
  return others.every((other) => other === first || JSON.stringify(other) === JSON.stringify(first)) ? first : null;
}

/** Flags of the controller and of the sidecar that take no value: cmd/controller/main.go, cmd/extproc/mainlib/main.go. */
export const booleanFlags: ReadonlySet<string> = new Set(['enableLeaderElection', 'quotaRateLimitFailureModeDeny', 'enableRedaction']);

/** Flags whose values are secrets and never leave the program. */
export const secretFlags = /^-{1,2}mcp(Fallback)?SessionEncryptionSeed(=|$)/i;
