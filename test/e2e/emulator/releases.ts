/** What the /metrics of one release of the sidecar looks like, as recorded from the real one. */
export interface Shape {
  /** The token family as registered, and the other three. */
  readonly family: string;
  readonly dotted: boolean;
  readonly openMetrics: boolean;
  readonly sdk: string;
  readonly types: readonly string[];
  readonly provider: 'system' | 'provider';
  /** The request's, the backend's and the answer's model are told apart. */
  readonly models: boolean;
  readonly schemaUrl: boolean;
  readonly scopeInfo: boolean;
  readonly identity: boolean;
  readonly firstToken: readonly number[];
}

export type SidecarRelease = 'v0.2' | 'v0.3' | 'v0.4' | 'v0.5' | 'v0.6' | 'v0.7' | 'v1.0' | 'v1.1';

// envoyproxy/ai-gateway internal/metrics/genai.go: bucket boundaries
const early = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
const late = [...early, 15, 20, 30, 45, 60];
export const tokenBuckets = Array.from({ length: 14 }, (_, power) => 4 ** power);
export const durationBuckets = Array.from({ length: 14 }, (_, power) => Number((0.01 * 2 ** power).toFixed(2)));
export const perTokenBuckets = [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5];

const withTotal = ['input', 'output', 'total'];
const cached = ['cached_input', 'input', 'output'];
const created = ['cache_creation_input', ...cached];

const v04: Shape = {
  family: 'gen_ai.client.token.usage_token',
  dotted: true,
  openMetrics: false,
  sdk: '1.38.0',
  types: cached,
  provider: 'provider',
  models: true,
  schemaUrl: true,
  scopeInfo: false,
  identity: true,
  firstToken: early,
};
const v03: Shape = { ...v04, openMetrics: true, sdk: '1.37.0', types: withTotal, provider: 'system', models: false };
const v05: Shape = { ...v04, family: 'gen_ai.client.token.usage', dotted: false, sdk: '1.39.0', types: created, firstToken: late };

/** By release: facts recorded from each binary. */
export const shapes: Readonly<Record<SidecarRelease, Shape>> = {
  'v0.2': { ...v03, family: 'gen_ai.client.token.usage', sdk: '1.36.0', schemaUrl: false, scopeInfo: true, identity: false },
  'v0.3': v03,
  'v0.4': v04,
  'v0.5': v05,
  'v0.6': { ...v05, sdk: '1.43.0' },
  // not recorded: facts of its go.mod (SDK 1.43.0), and v0.6's names; its new operations are transcription and translation
  'v0.7': { ...v05, sdk: '1.43.0' },
  'v1.0': { ...v05, sdk: '1.44.0' },
  'v1.1': { ...v05, sdk: '1.44.0' },
};
