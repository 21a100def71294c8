import type { Unreadable } from '../facts/emissions.ts';

/** What is wrong with a metrics endpoint, in words; `metrics` is what it ought to serve: "the metrics of a sidecar". */
export function unreadableText(problem: Unreadable['problem'], metrics: string): string {
  switch (problem) {
    case 'refused':
      return 'refuses connections';
    case 'http-status':
      return 'answers with an error';
    case 'not-metrics':
      return `does not serve ${metrics}`;
    case 'truncated':
      return 'stops in the middle of its answer';
    case 'slow':
      return 'does not finish its answer in time';
    case 'malformed':
      return 'serves what no scraper accepts';
  }
}
