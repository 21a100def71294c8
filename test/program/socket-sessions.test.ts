import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selfSigned } from '../../src/sandbox/certificate.ts';
import type { TlsMaterial } from '../../src/sources/connection.ts';
import { openSocket } from '../../src/sources/socket.ts';

const own = selfSigned('api');
const resumed: boolean[] = [];
const server = tls.createServer({ ...own }, (socket) => {
  resumed.push(socket.isSessionReused());
  socket.on('error', () => {});
  socket.write('hello');
});

beforeAll(async () => {
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
afterAll(() => void server.close());

/** What the server saw of each connection: whether it resumed a session. */
async function dial(...materials: readonly TlsMaterial[]): Promise<readonly boolean[]> {
  resumed.length = 0;
  for (const material of materials) {
    const { port } = server.address() as AddressInfo;
    const socket = await openSocket({ host: '127.0.0.1', port, tls: material, proxy: null, timeoutMs: 5_000 });
    await once(socket, 'data');
    socket.destroy();
  }
  return [...resumed];
}

const trusting = (): TlsMaterial => ({ ca: Buffer.from(own.cert), rejectUnauthorized: true });

describe('connections to one server', () => {
  it('resume the session of the first, with the same material', async () => {
    const material = trusting();
    expect(await dial(material, material, material)).toEqual([false, true, true]);
  });

  it('share nothing with other material', async () => {
    expect(await dial(trusting(), trusting())).toEqual([false, false]);
  });

  it('do not inherit trust from one that did not look', async () => {
    await dial({ rejectUnauthorized: false });
    await expect(dial({ rejectUnauthorized: true })).rejects.toThrow(/certificate/);
  });

  it('do not inherit trust in a name', async () => {
    const material = trusting();
    await dial(material);
    const elsewhere = { ...material, servername: 'elsewhere.example' };
    await expect(dial(elsewhere)).rejects.toThrow(/certificate|elsewhere/);
  });
});
