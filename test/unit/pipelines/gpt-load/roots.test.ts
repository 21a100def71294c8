import { describe, expect, it } from 'vitest';
import { faulty } from '../../memory-source.ts';
import { pod, podMonitor } from './objects.ts';
import { both, counted, down, resets } from './table.ts';
import { type Change, html, judged, page, plain, standing } from './world.ts';

describe('the root of what fails', () => {
  const notMetrics = {
    lastError: 'received unsupported Content-Type "text/html; charset=utf-8" and no fallback_scrape_protocol specified for target',
  };
  const nothing = { answers: { 'count by (__name__)': [] } } as const;
  it.each<[string, Change, RegExp]>([
    ['nothing', { stored: counted() }, /^$/],
    [
      'a stock build that is scraped',
      { metrics: html, stored: { ...nothing, targets: [notMetrics] } },
      /^metrics-absent, targets-down < metrics-absent$/,
    ],
    [
      'a stock build that is not',
      { metrics: html, extra: [], stored: { ...nothing, targets: [] } },
      /^metrics-absent, unmonitored-pods < metrics-absent, targets-missing < metrics-absent$/,
    ],
    ['no monitor', { extra: [], stored: { ...nothing, targets: [] } }, /^unmonitored-pods, .*series-absent < unmonitored-pods$/],
    [
      'a monitor without the token',
      { extra: [podMonitor({})], stored: { ...nothing, targets: [down] } },
      /^scrape-unauthorized, targets-down < scrape-unauthorized, series-absent < \S+$/,
    ],
    [
      'a database that fails',
      {
        metrics: plain('internal error', 500),
        stored: { ...nothing, targets: [{ lastError: 'server returned HTTP status 500 Internal Server Error' }] },
      },
      /^metrics-unreadable, targets-down < metrics-unreadable$/,
    ],
    [
      'a pod that is not well',
      { health: faulty('refused'), metrics: faulty('refused'), stored: { ...nothing, targets: [{ lastError: 'connection refused' }] } },
      /^health-failing, metrics-unreadable < health-failing, targets-down < health-failing$/,
    ],
    ['no traffic', { metrics: plain(page('empty.prom')), stored: nothing }, /^idle-pods$/],
    [
      'counters that fall with the container',
      { ...both({ volumes: [], mounts: [] }), pods: [pod({ volumes: [], mounts: [], status: restarted })], stored: falling() },
      /^storage-unsound, counters-falling < storage-unsound$/,
    ],
    [
      'counters that fall, and a file that goes with the pod',
      { ...both({ volumes: [], mounts: [] }), stored: falling() },
      /^storage-unsound, counters-falling$/,
    ],
  ])('%s', async (_, change, line) => expect((await standing(change)).join(', ')).toMatch(line));
});

const restarted = { containerStatuses: [{ name: 'gpt-load', ready: true, restartCount: 1, state: { running: {} } }] };
const falling = () => ({ answers: { ...counted().answers, ...resets(1).answers } });

describe('the monitor that is proposed', () => {
  it('brings the token that the pods ask for', async () => {
    const verdict = await judged('unmonitored-pods', { extra: [], stored: { targets: [] } });
    const [finding] = verdict.status === 'fail' ? verdict.findings : [];
    expect(finding?.remedy?.patch).toMatchObject({
      spec: {
        podMetricsEndpoints: [
          { port: 'http', path: '/metrics', authorization: { credentials: { name: 'gpt-load', key: 'metrics-token' } } },
        ],
      },
    });
  });
});
