/** Worlds whose root has a remedy that a shell can run: what it does is proven on the bed. "WORLD ID" is another root than the first. */
export const mended: readonly string[] = [
  'gpt-load-monitor-without-token',
  'gpt-load-no-monitor',
  'gpt-load-two-monitors',
  'gpt-load-target-label-shadows-group',
  'gpt-load-dashboard-of-all-types',
  'gpt-load-open-and-overcounted queries-overcounted',
  'gpt-load-timeout-over-interval',
  'gpt-load-rule-not-selected',
  'gpt-load-group-dropped',
  'gpt-load-tokens-dropped',
  'gpt-load-monitor-on-wrong-port',
  'gpt-load-monitor-not-selected',
  'gpt-load-open-inside',
  'gpt-load-open-load-balancer',
  'gpt-load-open-and-overcounted',
  'gpt-load-token-renewed',
  'gpt-load-two-files',
  'gpt-load-port-undeclared',
  'gpt-load-slow-scrapes',
  'gpt-load-replicas-on-one-database',
  'gpt-load-dashboard-for-a-newer-prometheus',
  'gpt-load-configuration-not-reloaded',
  'kuadrant-and-gpt-load-each-broken duplicate-monitors',
];

/** Ids whose remedies nothing of ours can carry out, and why. */
export const elsewhere: Readonly<Record<string, string>> = {
  'operator-missing': 'the chart is installed from a registry',
};
