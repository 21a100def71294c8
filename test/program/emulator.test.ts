import { afterEach, describe, expect, it } from 'vitest';
import { type Emulated, type Emulator, startEmulator, type Trouble } from '../e2e/emulator/emulator.ts';

const flows = [{ model: 'gpt-4o-mini', identity: { 'user.id': 'alice' }, input: 100, output: 30, before: 7, perSecond: 0 }];
let emulator: Emulator | null = null;

async function ask(emulated: Partial<Emulated>, path = '/metrics', headers: Record<string, string> = {}): Promise<Response> {
  emulator = await startEmulator('127.0.0.1', { release: 'v0.5', flows, ...emulated }, 0);
  return fetch(`http://127.0.0.1:${emulator?.port}${path}`, { headers });
}

describe('an emulated metrics port', () => {
  afterEach(async () => {
    await emulator?.stop();
    emulator = null;
  });

  it('answers text to everybody, gzipped to whoever takes it', async () => {
    const packed = await ask({}, '/metrics', { 'accept-encoding': 'gzip' });
    expect(packed.headers.get('content-encoding')).toBe('gzip');
    expect(packed.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
    expect(await packed.text()).toContain('user_id="alice"} 700');
  });

  it.each<[Trouble, number, string]>([
    ['http-500', 500, 'text/plain; charset=utf-8'],
    ['html', 200, 'text/html; charset=utf-8'],
    ['not-found', 404, 'text/plain; charset=utf-8'],
  ])('fails with %s as the real one does', async (trouble, status, type) => {
    const answer = await ask({ trouble });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, type]);
    await answer.text();
  });

  it('breaks off inside its answer', async () => {
    const answer = await ask({ trouble: 'truncated' });
    await expect(answer.text()).rejects.toThrow();
  });

  it('never finishes a slow answer', async () => {
    const answer = await ask({ trouble: 'slow' });
    const late = new Promise((resolve) => setTimeout(() => resolve('late'), 200));
    expect(await Promise.race([answer.text(), late])).toBe('late');
  });

  it('has a health check, and listens nowhere when it refuses', async () => {
    expect(await (await ask({}, '/health')).text()).toBe('OK\n');
    expect(await startEmulator('127.0.0.1', { release: 'v0.5', flows, trouble: 'refused' }, 0)).toBeNull();
  });
});
