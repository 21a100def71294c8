import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type GptLoad, startGptLoad } from '../e2e/emulator/gpt-load.ts';
import { type GptLoadFlow, gptLoadPage, requestLog } from '../e2e/emulator/gpt-load-page.ts';

const page = (name: string): string => readFileSync(join(import.meta.dirname, '../unit/pipelines/gpt-load/pages', name), 'utf8').trimEnd();
const chat = (group: string, model: string, prompt: number, completion: number): GptLoadFlow => ({
  group,
  model,
  prompt,
  completion,
  before: 1,
  perSecond: 0,
});
const other = (group: string, model: string): GptLoadFlow => ({ group, model, before: 1, perSecond: 0 });

describe('the page of an emulated gpt-load', () => {
  it('is the recorded one, byte for byte', () => {
    const log = requestLog(
      chat('team-a', 'gpt-4o-mini', 11, 7),
      chat('team-a', 'gpt-4o-mini', 11, 7),
      { ...chat('team-a', 'gpt-4o-mini', 100, 100), streamed: true },
      chat('team-a', 'legacy', 11, 7),
      chat('team-c', 'claude-x', 21, 8),
      other('team-a', ''),
      other('team-a', 'gpt-4.1'),
      other('team-a', 'text-embedding-3-small'),
      other('team-g', 'gemini-2.5-flash'),
    );
    expect(gptLoadPage(log, Date.now()).trimEnd()).toBe(page('traffic.prom'));
  });
  it('has families without samples before traffic', () => {
    expect(gptLoadPage(requestLog(), Date.now()).trimEnd()).toBe(page('empty.prom'));
  });
  it('quotes names as Go does', () => {
    const text = gptLoadPage(requestLog(other('g', 'tab\there\u0001\u0007')), Date.now());
    expect(text).toContain('model="tab\\there\\x01\\a"');
    expect(page('tab.prom')).toContain('model="tab\\there\\x01\\a"');
  });
});

let stop = async (): Promise<void> => undefined;

async function ask(gptLoad: Partial<GptLoad>, path: string, init: RequestInit = {}): Promise<readonly [number, string | null, string]> {
  const running = await startGptLoad('127.0.0.1', { log: requestLog(), ...gptLoad }, 0);
  stop = running.stop;
  const answer = await fetch(`http://127.0.0.1:${running.port}${path}`, init);
  return [answer.status, answer.headers.get('content-type'), (await answer.text()).trimEnd()];
}

describe('the port of an emulated gpt-load', () => {
  afterEach(() => stop());
  const text = 'text/plain; charset=utf-8';
  const html = 'text/html; charset=utf-8';
  const bearer = (token: string): RequestInit => ({ headers: { authorization: token } });
  it.each<[string, Partial<GptLoad>, string, RequestInit, number, string, string]>([
    ['metrics', {}, '/metrics', {}, 200, text, page('empty.prom')],
    ['a stock build', { stock: true }, '/metrics', {}, 200, html, page('stock.html')],
    ['a POST', {}, '/metrics', { method: 'POST' }, 200, html, page('stock.html')],
    ['no token', { token: 't' }, '/metrics', {}, 401, text, 'missing or invalid authorization header'],
    ['a lower-case bearer', { token: 't' }, '/metrics', bearer('bearer t'), 401, text, 'missing or invalid authorization header'],
    ['basic', { token: 't' }, '/metrics', bearer('Basic dA=='), 401, text, 'missing or invalid authorization header'],
    ['another token', { token: 't' }, '/metrics', bearer('Bearer x'), 401, text, 'invalid metrics token'],
    ['the token', { token: 't' }, '/metrics', bearer('Bearer t'), 200, text, page('empty.prom')],
    ['a query that fails', { trouble: 'database' }, '/metrics', {}, 500, text, 'internal error'],
    ['the API', {}, '/api/nope', {}, 404, 'application/json; charset=utf-8', '{"error":"Not Found"}'],
    ['the proxy', {}, '/proxy/x', {}, 401, 'application/json; charset=utf-8', '{"code":"UNAUTHORIZED","message":"Authentication failed"}'],
  ])('%s', async (_, gptLoad, path, init, ...expected) => expect(await ask(gptLoad, path, init)).toEqual(expected));
  it('says that it is well', async () => {
    const [status, type, body] = await ask({ token: 't' }, '/health');
    expect([status, type]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(body)).toMatchObject({ status: 'healthy' });
  });
});
