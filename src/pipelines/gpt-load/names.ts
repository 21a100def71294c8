/** Names and numbers of gpt-load, from github.com/tbphp/gpt-load main@cc5383c and the unmerged metrics change, refs/pull/416/head@77f11ff. */

/** README.md and internal/utils/config_manager.go: PORT. */
export const defaultPort = 3001;
/** PR: internal/router/router.go. */
export const metricsPath = '/metrics';
/** internal/router/router.go. */
export const healthPath = '/health';
/** Where the image keeps its database without DATABASE_DSN: Dockerfile WORKDIR /app, internal/config ./data/gpt-load.db. */
export const defaultDatabase = './data/gpt-load.db';
export const workDirectory = '/app';
/** PR: internal/handler/metrics_handler.go. */
export const tokenFamily = 'gpt_load_tokens_total';
export const requestFamily = 'gpt_load_requests_total';
export const costFamily = 'gpt_load_cost_total';
/** PR: internal/proxy/usage.go, isChatCompletionPath: usage is parsed on these paths alone. */
export const meteredPaths: readonly string[] = ['/chat/completions', '/messages', '/completions', '/generate'];

/** The key of a pod in `about`. */
export const podKey = (pod: { readonly namespace: string; readonly name: string }): string => `pod ${pod.namespace}/${pod.name}`;
