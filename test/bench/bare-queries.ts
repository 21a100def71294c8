/** `node bare-queries FILE`: the requests of a run of usage made by undici alone, each answer read to its end and thrown away. FILE: [[URL, …], …], each list at once. */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as readonly (readonly string[])[];
const dispatcher = new Agent({ headersTimeout: 600_000, bodyTimeout: 600_000 });

async function ask(url: string): Promise<void> {
  const { body, statusCode } = await request(url, { dispatcher, headers: { 'accept-encoding': 'gzip' } });
  for await (const chunk of body) void chunk;
  if (statusCode !== 200) throw new Error(`HTTP ${statusCode}: ${url}`);
}

for (const urls of plan) await Promise.all(urls.map(ask));
await dispatcher.destroy();
