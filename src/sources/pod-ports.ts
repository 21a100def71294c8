import type { Endpoint } from '../model/source.ts';
import { type Gate, gate } from './gate.ts';
import { type Connections, type Connector, connections } from './http.ts';

export type PodEndpoint = Extract<Endpoint, { at: 'pod' }>;

/** A port of a pod that is in use: its connections, and who may use them. */
export interface PodPort {
  readonly connections: Connections;
  readonly gate: Gate;
  /** Whether a connection was made: from then on silence is the endpoint's own. */
  reached: boolean;
}

/** Ports that are open at the moment, few at a time; one that is used again soon is kept. */
export interface PodPorts {
  /** The port under that key, opened when it is not, once it is our turn; release it after use. */
  lease(key: string, open: () => Open): Promise<Lease>;
  destroy(error: Error): void;
}

export interface Open {
  readonly endpoint: PodEndpoint;
  readonly size: number;
  readonly connector: Connector;
}

export interface Lease {
  readonly port: PodPort;
  release(): void;
}

// Each open port is a connection of the API server to a kubelet; the reader parses one body at a time anyway.
const maxOpen = 16;
const idleMs = 2_000;

interface Held extends PodPort {
  users: number;
  timer: NodeJS.Timeout | null;
}

export function podPorts(): PodPorts {
  const open = new Map<string, Held>();
  const waiting: { readonly go: () => void; readonly stop: (error: Error) => void }[] = [];
  let ended: Error | null = null;

  const close = (key: string, held: Held) => {
    if (held.timer !== null) clearTimeout(held.timer);
    open.delete(key);
    held.connections.destroy(new Error('the port is closed after use'));
    waiting.shift()?.go();
  };
  const release = (key: string, held: Held) => {
    held.users -= 1;
    if (held.users > 0) return;
    if (waiting.length > 0) close(key, held);
    else held.timer = setTimeout(() => close(key, held), idleMs).unref();
  };
  const room = async (): Promise<void> => {
    if (open.size < maxOpen) return;
    const idle = [...open].find(([, held]) => held.users === 0);
    if (idle !== undefined) close(...idle);
    else await new Promise<void>((go, stop) => waiting.push({ go, stop }));
  };
  const lease = async (key: string, opening: () => Open): Promise<Lease> => {
    while (ended === null && !open.has(key) && open.size >= maxOpen) await room();
    if (ended !== null) throw ended;
    const held = open.get(key) ?? heldOf(opening());
    open.set(key, held);
    if (held.timer !== null) clearTimeout(held.timer);
    held.timer = null;
    held.users += 1;
    return entered(held, () => release(key, held));
  };
  return {
    lease,
    destroy: (error) => {
      ended = error;
      for (const { stop } of waiting.splice(0)) stop(error);
      for (const [key, held] of open) {
        held.gate.shut(error);
        close(key, held);
      }
    },
  };
}

/** Waits for its turn at the port; a request that was turned away has released it. */
async function entered(held: Held, release: () => void): Promise<Lease> {
  const leave = await held.gate.enter().catch((error) => {
    release();
    throw error;
  });
  let released = false;
  return {
    port: held,
    release: () => {
      if (released) return;
      released = true;
      leave();
      release();
    },
  };
}

function heldOf({ endpoint, size, connector }: Open): Held {
  const port: Held = {
    connections: connections(`http://localhost:${endpoint.port}`, size, reaching),
    gate: gate(size),
    reached: false,
    users: 0,
    timer: null,
  };
  async function reaching() {
    const stream = await connector();
    port.reached = true;
    return stream;
  }
  return port;
}
