import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A page that a real sidecar served. */
export function real(name: string): string {
  return gunzipSync(readFileSync(new URL(`../../../fixtures/envoy-ai-gateway/${name}.prom.gz`, import.meta.url))).toString('utf8');
}
