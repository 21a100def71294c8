/**
 * `node bare-requests FILE`: the requests of a run of doctor made by undici and ws alone, each answer read to its end and thrown away.
 * What the file holds is a Plan as JSON. It is the least that any program could do to ask the same.
 */
import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { Agent, Client, request } from 'undici';
import WebSocket from 'ws';
import type { Plan } from './doctor.ts';

const plan = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Plan;
const authorization = `Bearer ${plan.token}`;
const dispatcher = new Agent({ connect: { ca: plan.ca } });

async function drain(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}

async function ask(path: string): Promise<void> {
  const { body } = await request(`${plan.url}${path}`, { dispatcher, headers: { authorization, 'accept-encoding': 'gzip' } });
  await drain(body);
}

/** A port of a pod: channel 0 carries data, 1 errors, and the first message of each is the port. */
function tunnel(path: string): Promise<Duplex> {
  const socket = new WebSocket(`${plan.url.replace(/^http/, 'ws')}${path}`, 'v4.channel.k8s.io', {
    ca: plan.ca,
    headers: { authorization },
  });
  const stream: Duplex & { ref?(): void; unref?(): void } = new Duplex({
    read: () => {},
    write: (chunk: Buffer, _, done) => socket.send(Buffer.concat([Buffer.of(0), chunk]), done),
    destroy: (error, done) => {
      socket.terminate();
      done(error);
    },
  });
  stream.ref = () => {};
  stream.unref = () => {};
  let greeted = false;
  socket.on('message', (message: Buffer) => {
    if (message[0] === 0 && greeted) stream.push(message.subarray(1));
    if (message[0] === 0) greeted = true;
  });
  return new Promise((resolve, reject) => socket.once('open', () => resolve(stream)).once('error', reject));
}

async function askThrough({ path, requests }: Plan['tunnels'][number]): Promise<void> {
  const stream = await tunnel(path);
  const client = new Client('http://pod', { connect: (_, connected) => void setImmediate(() => connected(null, stream as never)) });
  for (const { path: wanted, accept } of requests) {
    const { body } = await client.request({ path: wanted, method: 'GET', headers: { accept, 'accept-encoding': 'gzip' } });
    await drain(body);
  }
  await client.destroy();
  stream.destroy();
}

await Promise.all(plan.paths.map(ask));
await Promise.all(plan.tunnels.map(askThrough));
await dispatcher.destroy();
