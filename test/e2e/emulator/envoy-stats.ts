import { listening } from './listening.ts';

/** Envoy's own statistics on a pod's address; resolves to what ends it. Port 19001: envoyproxy/gateway internal/envoygateway defaults. */
export async function startEnvoyStats(address: string, port = 19001): Promise<() => Promise<void>> {
  const page = '# TYPE envoy_server_live gauge\nenvoy_server_live{} 1\n';
  const server = await listening((_, response) => response.setHeader('content-type', 'text/plain; version=0.0.4').end(page), address, port);
  return server.stop;
}
