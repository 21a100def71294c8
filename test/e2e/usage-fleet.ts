import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A label set of the token histogram, without its type. */
export interface Caller {
  readonly tenant: string;
  readonly model: string;
}

/** A sidecar's counters, as v0.4 or v0.5 exposes them, that can be restarted, silenced and stopped. */
export interface Sidecar {
  readonly address: string;
  request(caller: Caller, input: number, output: number): void;
  /** A new process at the same address: everything begins at zero. */
  restart(): void;
  /** Answers 500 while it is. */
  silent: boolean;
  /** Tokens ever counted, over all its processes, by "tenant model type". */
  readonly ever: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

/** Starts a sidecar on a free port of the loopback. */
export async function startSidecar(release: 'v0.4' | 'v0.5'): Promise<Sidecar> {
  const now = new Map<string, { sum: number; count: number }>();
  const ever = new Map<string, number>();
  const state = { silent: false };
  const server: Server = createServer((request, response) => {
    const utf8 = (request.headers.accept ?? '').includes('escaping=allow-utf-8');
    response.statusCode = state.silent ? 500 : 200;
    response.setHeader(
      'content-type',
      `text/plain; version=${utf8 ? '1.0.0' : '0.0.4'}; charset=utf-8${utf8 ? '; escaping=allow-utf-8' : ''}`,
    );
    response.end(state.silent ? '' : page(now, release === 'v0.4' ? (utf8 ? 'dotted' : 'unit') : 'plain'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const count = (key: string, tokens: number): void => {
    const entry = now.get(key) ?? { sum: 0, count: 0 };
    now.set(key, { sum: entry.sum + tokens, count: entry.count + 1 });
    ever.set(key, (ever.get(key) ?? 0) + tokens);
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ever,
    request: ({ tenant, model }, input, output) => {
      count(`${tenant} ${model} input`, input);
      count(`${tenant} ${model} output`, output);
      count(`${tenant} ${model} cached_input`, Math.floor(input / 2));
    },
    restart: () => now.clear(),
    get silent() {
      return state.silent;
    },
    set silent(value) {
      state.silent = value;
    },
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function page(counters: ReadonlyMap<string, { sum: number; count: number }>, spelling: 'dotted' | 'unit' | 'plain'): string {
  return [...counters]
    .flatMap(([key, { sum, count }]) => {
      const [tenant = '', model = '', type = ''] = key.split(' ');
      return [line('sum', sum), line('count', count)];
      function line(suffix: string, value: number): string {
        const who = tenant === '-' ? '' : `,user_namespace="${tenant}"`;
        if (spelling === 'dotted')
          return `{"gen_ai.client.token.usage_token_${suffix}","gen_ai.request.model"="${model}","gen_ai.token.type"="${type}"${who}} ${value}\n`;
        const name = `gen_ai_client_token_usage${spelling === 'unit' ? '_token' : ''}_${suffix}`;
        return `${name}{gen_ai_request_model="${model}",gen_ai_token_type="${type}"${who}} ${value}\n`;
      }
    })
    .join('');
}
