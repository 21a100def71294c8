import { describe, expect, it } from 'vitest';
import { envoyAiGateway } from '../../../../src/pipelines/envoy-ai-gateway/index.ts';
import { kuadrant } from '../../../../src/pipelines/kuadrant/index.ts';
import { usage } from '../../../../src/pipelines/kuadrant/usage.ts';
import { faulty } from '../../memory-source.ts';
import { idlePage, limitadorPod } from './objects.ts';
import { type Change, readerOf } from './world.ts';

const shown = async (change: Change = {}) => kuadrant.views.proxies.show(readerOf(change));

describe('get proxies', () => {
  it('has the columns of every other system, whose tables it is joined with', async () => {
    const { columns } = await shown();
    expect(columns).toEqual((await envoyAiGateway.views.proxies.show(readerOf())).columns);
  });

  it.each<[string, Change, readonly string[]]>([
    ['a busy Limitador', {}, ['yes', '0', 'user:auth.identity.userid,group:auth.identity.groups', '2 series']],
    ['an idle one', { metrics: idlePage }, ['yes', '0', 'user:auth.identity.userid,group:auth.identity.groups', 'idle']],
    ['one that refuses', { metrics: faulty('refused'), telemetry: [] }, ['yes', '0', '<none>', 'unreadable: refused']],
    [
      'one that is not ready',
      { pods: [limitadorPod({ state: { ready: false, restartCount: 3 } })] },
      ['no', '3', 'user:auth.identity.userid,group:auth.identity.groups', '2 series'],
    ],
  ])('shows %s', async (_, change, cells) => {
    const { rows } = await shown(change);
    expect(rows.map((row) => row.slice(0, 5))).toEqual([
      ['kuadrant-system', 'limitador-limitador-6b9d-x', 'api-gateway/external', 'v2.3.0', '-'],
    ]);
    expect(rows[0]?.slice(5, 9)).toEqual(cells);
    expect(rows[0]?.slice(9)).toEqual([
      'worker-1',
      '10.0.1.1',
      '8080',
      'http',
      cells[3] === '2 series' ? '2' : '-',
      '4d4h',
      'quay.io/kuadrant/limitador:v2.3.0',
    ]);
  });
});

describe('usage', () => {
  it('is read from the counters of Limitador itself', async () => {
    const question = {
      by: ['user'],
      window: { start: 0, end: 60, step: 60 },
      where: [],
      types: null,
      requests: false,
      priced: false,
      apart: false,
    };
    const answer = await usage.direct(readerOf(), question as never);
    if (answer.status !== 'read') throw new Error(answer.status);
    expect(answer.usage.rows.map(({ values, tokens }) => [values, tokens])).toEqual([
      [['user-1'], { total: 131 }],
      [['user-2'], { total: 131 }],
    ]);
  });
});
