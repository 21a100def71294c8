import { createServer } from 'node:http';

/** Envoy's own statistics on a pod's address; resolves to what ends it. Port 19001: envoyproxy/gateway internal/envoygateway defaults. */
export async function startEnvoyStats(address: string, port = 19001): Promise<() => Promise<void>> {
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4').end('# TYPE envoy_server_live gauge\nenvoy_server_live{} 1\n');
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, address, resolve));
  return () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  };
}
