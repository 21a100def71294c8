import type { UsageReport } from '../../src/model/usage.ts';

type Stored = NonNullable<UsageReport['usage']>;

/** A report of an hour in two pieces, of which nothing needs to be said besides. */
export function reported(
  usage: Pick<Stored, 'from' | 'by' | 'counted' | 'rows'> & Partial<Stored>,
  rest: Partial<UsageReport> = {},
): UsageReport {
  return {
    pipeline: 'envoy-ai-gateway',
    origin: { kind: 'cluster', name: 'dev' },
    usage: {
      window: { start: 1764000000, end: 1764003600, step: 1800 },
      apart: false,
      since: null,
      unsure: 0,
      notes: [],
      unread: [],
      ...usage,
    },
    why: null,
    unread: null,
    prices: null,
    top: null,
    trust: null,
    ...rest,
  };
}
