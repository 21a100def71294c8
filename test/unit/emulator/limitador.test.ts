import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLimitador, type TokenFlow } from '../../e2e/emulator/limitador.ts';
import { limitadorPage } from '../../e2e/emulator/limitador-page.ts';

const flow = (
  labels: Readonly<Record<string, string>>,
  tokens: number | null,
  before: number,
  more: Partial<TokenFlow> = {},
): TokenFlow => ({
  namespace: 'llm/llm-sim',
  labels,
  tokens,
  before,
  perSecond: 0,
  ...more,
});

const lines = (page: string, name: string): readonly string[] => page.split('\n').filter((line) => line.startsWith(`${name}{`));

describe('the page of a Limitador', () => {
  it('has two gauges before there is traffic, as recorded', () => {
    expect(limitadorPage({ flows: [] }, 0)).toBe(`# HELP datastore_partitioned Limitador is partitioned from backing datastore
# TYPE datastore_partitioned gauge
datastore_partitioned 0

# HELP limitador_up Limitador is running
# TYPE limitador_up gauge
limitador_up 1

`);
  });

  const flows = [
    flow({ user: 'user-1', group: 'free' }, 37, 3),
    flow({ user: 'user-2', group: 'gold' }, 525, 1, { limit: 'gold', limited: { before: 3, perSecond: 0 } }),
    flow({ group: 'free', user: '' }, 11, 1),
    flow({ group: 'free' }, 12, 1),
    flow({ user: 'a"b\\c\nd\r', group: 'free' }, 0, 1),
    flow({ user: 'user-9' }, null, 4),
  ];

  it('adds the tokens of each caller, 0 as 1, and nothing where no usage was found', () => {
    expect(lines(limitadorPage({ flows }, 0), 'authorized_hits')).toEqual([
      'authorized_hits{user="user-1",group="free",limitador_namespace="llm/llm-sim"} 111',
      'authorized_hits{user="user-2",group="gold",limitador_namespace="llm/llm-sim"} 525',
      'authorized_hits{group="free",user="",limitador_namespace="llm/llm-sim"} 11',
      'authorized_hits{group="free",limitador_namespace="llm/llm-sim"} 12',
      'authorized_hits{user="a\\"b\\\\c\\nd\r",group="free",limitador_namespace="llm/llm-sim"} 1',
    ]);
    expect(lines(limitadorPage({ flows }, 0), 'authorized_calls')).toHaveLength(6);
  });

  it('names the limit on refused calls alone, and only when telemetry is exhaustive', () => {
    expect(lines(limitadorPage({ flows }, 0), 'limited_calls')).toEqual([
      'limited_calls{user="user-2",group="gold",limitador_namespace="llm/llm-sim"} 3',
    ]);
    expect(lines(limitadorPage({ flows, exhaustive: true }, 0), 'limited_calls')).toEqual([
      'limited_calls{user="user-2",group="gold",limitador_namespace="llm/llm-sim",limit_name="gold"} 3',
    ]);
  });

  it('has one series a route without --metric-labels-default', () => {
    expect(lines(limitadorPage({ flows, unlabelled: true }, 0), 'authorized_hits')).toEqual([
      'authorized_hits{limitador_namespace="llm/llm-sim"} 660',
    ]);
  });

  it('writes a label twice when two names become one', () => {
    const page = limitadorPage({ flows: [flow({ 'a-b': '1', 'a.b': '2', '9x': 'y', ключ: 'k' }, 7, 1)] }, 0);
    expect(lines(page, 'authorized_hits')).toEqual([
      'authorized_hits{a_b="1",a_b="2",_x="y",____="k",limitador_namespace="llm/llm-sim"} 7',
    ]);
  });

  it('mixes requests into the tokens where a RateLimitPolicy counts too', () => {
    const page = limitadorPage({ flows: [flow({}, 10, 4, { rateLimited: true })] }, 0);
    expect(lines(page, 'authorized_hits')).toEqual(['authorized_hits{limitador_namespace="llm/llm-sim"} 44']);
    expect(lines(page, 'authorized_calls')).toEqual(['authorized_calls{limitador_namespace="llm/llm-sim"} 8']);
  });

  it('grows', () => {
    const page = limitadorPage({ flows: [flow({}, 10, 4, { perSecond: 2 })] }, 3);
    expect(lines(page, 'authorized_hits')).toEqual(['authorized_hits{limitador_namespace="llm/llm-sim"} 100']);
  });
});

describe('the HTTP port of a Limitador', () => {
  const limit = { namespace: 'llm/llm-sim', max_value: 500, seconds: 60, name: 'gold', conditions: ['a'], variables: ['b'] };
  let running: Awaited<ReturnType<typeof startLimitador>>;
  beforeAll(async () => {
    running = await startLimitador('127.0.0.1', { flows: [flow({ user: 'user-1' }, 5, 1, { limit: 'gold' })], limits: [limit] }, 0);
  });
  afterAll(() => running.stop());

  const whole = '[{"id":null,"namespace":"llm/llm-sim","max_value":500,"seconds":60,"name":"gold","conditions":["a"],"variables":["b"]}]';
  it.each([
    ['GET', '/metrics?x=1', 200, 'text/plain; charset=utf-8', /limitador_up 1/],
    ['HEAD', '/metrics', 404, undefined, /^$/],
    ['POST', '/metrics', 404, undefined, /^$/],
    ['GET', '/metrics/', 404, undefined, /^$/],
    ['GET', '/limits/llm%2Fllm-sim', 200, 'application/json', whole],
    ['GET', '/limits/llm/llm-sim', 404, undefined, /^$/],
    ['GET', '/limits/nope', 200, 'application/json', '[]'],
    [
      'GET',
      '/counters/llm%2Fllm-sim',
      200,
      'application/json',
      /"set_variables":{"b":"user-1"},"remaining":500,"expires_in_seconds":59}]$/,
    ],
    ['GET', '/status', 200, 'application/json', /^{"started_at":"[-0-9]+T[:0-9]+\.[0-9]{9}","config_applied_at":/],
    ['GET', '/', 404, undefined, /^$/],
  ] as const)('answers %s %s as recorded', async (method, path, status, type, body) => {
    const answer = await request(`http://127.0.0.1:${running.port}${path}`, { method });
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([status, type]);
    const text = await answer.body.text();
    if (typeof body === 'string') expect(text).toBe(body);
    else expect(text).toMatch(body);
  });
});
