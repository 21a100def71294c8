import type { Access, Endpoint, Kind, Reply, Source } from '../model/source.ts';
import { withoutEndSlashes } from '../parse/slashes.ts';
import type { Ending } from './ending.ts';

/** One request of a run, for -v. */
export interface RequestEvent {
  /** "list pods", "GET pod ns/name:1064/metrics". */
  readonly what: string;
  readonly durationMs: number;
  readonly outcome: string;
}

export interface Observer {
  access(access: Access): void;
  via(reply: Reply): void;
  request(event: RequestEvent): void;
  clock(): number;
}

/** The same source, telling what is asked of it: which permissions, which way, how long. */
export function observed(source: Source, observer: Observer, ending: Ending, now: () => Date): Source {
  const timed = async <T>(what: string, ask: () => Promise<T>, outcome: (answer: T) => string): Promise<T> => {
    const start = observer.clock();
    const tell = (said: string): void => observer.request({ what, durationMs: observer.clock() - start, outcome: said });
    try {
      const answer = await ending.atOnce(what, ask);
      tell(outcome(answer));
      return answer;
    } catch (error) {
      tell(error instanceof Error ? error.message : String(error));
      throw error;
    }
  };
  return {
    origin: source.origin,
    get now() {
      return now();
    },
    get requests() {
      return source.requests;
    },
    list: (kind, scope) => {
      observer.access({ verb: 'list', group: kind.group, resource: kind.resource });
      const where = scope?.namespace === undefined ? '' : ` in ${scope.namespace}`;
      return timed(
        `list ${qualified(kind)}${where}`,
        () => source.list(kind, scope),
        (objects) => `${objects.length} objects`,
      );
    },
    get: async (endpoint, request) => {
      const reply = await timed(
        `GET ${place(endpoint)}${request.path}`,
        () => source.get(endpoint, request),
        (answer) => `HTTP ${answer.status} by ${answer.via}`,
      );
      if (endpoint.at !== 'logs') observer.via(reply);
      for (const access of accessOf(endpoint.at, reply.via)) observer.access(access);
      return reply;
    },
  };
}

/** "podmonitors.monitoring.coreos.com", as in kubectl's messages. */
function qualified(kind: Kind): string {
  return kind.group === '' ? kind.resource : `${kind.resource}.${kind.group}`;
}

function place(endpoint: Parameters<Source['get']>[0]): string {
  switch (endpoint.at) {
    case 'pod':
      return `pod ${endpoint.namespace}/${endpoint.pod}:${endpoint.port}`;
    case 'service':
      return `service ${endpoint.namespace}/${endpoint.service}:${endpoint.port}`;
    case 'url':
      return withoutCredentials(endpoint.url);
    case 'logs':
      return `logs ${endpoint.namespace}/${endpoint.pod}/${endpoint.container}`;
  }
}

/** A URL may carry user:password@. */
function withoutCredentials(url: string): string {
  return withoutEndSlashes(url.replace(/\/\/[^/@]*@/, '//'));
}

/** The permissions that a request through the API server took; a direct one takes none. */
function accessOf(at: Endpoint['at'], via: Reply['via']): readonly Access[] {
  if (at === 'logs') return [{ verb: 'get', group: '', resource: 'pods/log' }];
  if (at === 'url' || via === 'direct') return [];
  if (via === 'port-forward') return [{ verb: 'get', group: '', resource: 'pods/portforward' }];
  return [{ verb: 'get', group: '', resource: at === 'pod' ? 'pods/proxy' : 'services/proxy' }];
}
