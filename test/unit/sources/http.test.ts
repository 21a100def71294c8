import { createRequire } from 'node:module';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { connections } from '../../../src/sources/http.ts';

describe('undici', () => {
  it('is the version whose files are loaded by path', () => {
    const { version } = createRequire(import.meta.url)('undici/package.json') as { version: string };
    expect(version).toMatch(/^7\./);
  });

  it('still takes any Duplex for a connection', async () => {
    const [here, there] = [new PassThrough(), new PassThrough()];
    const { Duplex } = await import('node:stream');
    const socket = Duplex.from({ readable: there, writable: here });
    const pool = connections('http://localhost:1', 1, async () => socket);
    here.once('data', () => there.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\nX-Twice: a\r\nX-Twice: b\r\n\r\nok'));
    const answer = await pool.get('/x', ['accept', 'text/plain'], new AbortController().signal);
    const chunks: Buffer[] = [];
    for await (const chunk of answer.body) chunks.push(chunk);
    expect([answer.status, answer.headers['x-twice'], Buffer.concat(chunks).toString()]).toEqual([200, 'a, b', 'ok']);
    pool.destroy(new Error('done'));
  });

  it('hands on what the connector threw', async () => {
    const refused = new Error('nobody there');
    const pool = connections('http://localhost:1', 1, () => Promise.reject(refused));
    await expect(pool.get('/', [], new AbortController().signal)).rejects.toBe(refused);
  });

  it('lets go of a request whose connection never comes', async () => {
    const pool = connections('http://localhost:1', 1, () => new Promise(() => {}));
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(pool.get('/', [], signal)).rejects.toThrow('enough');
  });
});
