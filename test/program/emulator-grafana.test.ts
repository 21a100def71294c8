import { afterEach, describe, expect, it } from 'vitest';
import { type Grafana, startGrafana } from '../e2e/emulator/grafana.ts';

let stop = async (): Promise<void> => undefined;

interface Said {
  readonly status: number;
  readonly location: string | null;
  readonly body: unknown;
}

async function ask(grafana: Partial<Grafana>, path: string, token: string | null = 'glsa_x'): Promise<Said> {
  const dashboards = [
    { uid: 'tokens', title: 'Tokens' },
    { uid: 'by-team', title: 'Tokens by team' },
  ];
  const running = await startGrafana('127.0.0.1', { token: 'glsa_x', dashboards, ...grafana }, 0);
  stop = running.stop;
  const headers: Record<string, string> = token === null ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(`http://127.0.0.1:${running.port}${path}`, { redirect: 'manual', headers });
  const text = await answer.text();
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
  return { status: answer.status, location: answer.headers.get('location'), body: isJson ? JSON.parse(text) : text };
}

describe('the port of an emulated Grafana', () => {
  afterEach(() => stop());
  const one = '/api/dashboards/uid/tokens';
  it.each<[string, Partial<Grafana>, string, string | null, object]>([
    ['a dashboard', {}, one, 'glsa_x', { status: 200, body: { dashboard: { uid: 'tokens' }, meta: { provisioned: true } } }],
    ['no such dashboard', {}, '/api/dashboards/uid/other', 'glsa_x', { status: 404, body: { message: 'Dashboard not found' } }],
    [
      'another token',
      {},
      one,
      'glsa_y',
      { status: 401, body: { message: 'Invalid API key', messageId: 'api-key.invalid', statusCode: 401 } },
    ],
    ['no token', {}, one, null, { status: 401, body: { message: 'Unauthorized' } }],
    ['a token that may not', { viewing: false }, one, 'glsa_x', { status: 403, body: { title: 'Access denied' } }],
    ['a search', {}, '/api/search?type=dash-db&query=by%20team', 'glsa_x', { status: 200, body: [{ uid: 'by-team', type: 'dash-db' }] }],
    ['another path of the API', {}, '/api/other', 'glsa_x', { status: 404, body: { message: 'Not found' } }],
    ['a path without its own', { subPath: '/grafana' }, one, 'glsa_x', { status: 301, location: `https://grafana.example/grafana${one}` }],
    ['a path of its own', { subPath: '/grafana' }, `/grafana${one}`, 'glsa_x', { status: 200 }],
    ['a login in front', { login: true }, one, 'glsa_x', { status: 302, location: '/login' }],
    ['its pages', {}, '/d/tokens', null, { status: 200, body: expect.stringContaining('<title>Grafana</title>') }],
  ])('answers %s', async (_, grafana, path, token, said) => expect(await ask(grafana, path, token)).toMatchObject(said));
});
