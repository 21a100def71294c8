import { createServer } from 'node:http';
import { request } from 'undici';

/** A proxy that does not let certain paths of a server through. */
export interface Front {
  readonly address: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** What stands before many a Prometheus: queries pass, the rest is answered by 404. */
export async function startFront(upstream: string, hidden: readonly string[]): Promise<Front> {
  const server = createServer(async (incoming, response) => {
    const path = incoming.url ?? '/';
    if (hidden.some((prefix) => path.startsWith(prefix))) {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' }).end('404 page not found\n');
      return;
    }
    const { host, connection, 'accept-encoding': encoding, ...headers } = incoming.headers;
    const answer = await request(upstream + path, { method: 'GET', headers });
    const type = answer.headers['content-type'];
    response.writeHead(answer.statusCode, typeof type === 'string' ? { 'content-type': type } : {});
    response.end(Buffer.from(await answer.body.arrayBuffer()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    address: '127.0.0.1',
    port,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
