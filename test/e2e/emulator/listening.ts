import { createServer, type RequestListener } from 'node:http';

/** An HTTP server that listens. */
export interface Listening {
  readonly port: number;
  /** Ends its connections too. */
  stop(): Promise<void>;
}

/** Starts an HTTP server at an address; port 0: any that is free. */
export async function listening(listener: RequestListener, address: string, port: number): Promise<Listening> {
  const server = createServer(listener);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, address, resolve));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound !== null ? bound.port : port,
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
