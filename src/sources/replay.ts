import { asAsked } from '../model/metadata-only.ts';
import {
  endpointName,
  getKey,
  listKey,
  questionOf,
  type RecordedReply,
  type Refusal,
  resourceName,
  type Snapshot,
} from '../model/snapshot.ts';
import { type Endpoint, type Kind, ReadError, type Reply, type Request, type Scope, type Source } from '../model/source.ts';
import { bytesOf } from './late-text.ts';

/** A source that gives recorded answers and refusals again, at the recorded time. A question that was not asked then is `unrecorded`: nothing is computed from broader answers. */
export function replay(snapshot: Snapshot, origin: Source['origin'] = snapshot.origin): Source {
  const lists = new Map(snapshot.lists.map((entry) => [listKey(entry.kind, entry.scope), entry.answer]));
  const gets = new Map(snapshot.gets.map((entry) => [getKey(entry.endpoint, entry.question), entry.answer]));
  return {
    origin,
    now: new Date(snapshot.now),
    requests: snapshot.requests,
    list: async (kind, scope = {}) => {
      const answer = lists.get(listKey(kind, scope));
      if (answer === undefined) throw unrecordedList(kind, scope);
      if (answer.status === 'refused') throw refused(answer.refusal);
      return asAsked(kind, scope, answer.objects);
    },
    get: async (endpoint, request) => {
      const answer = gets.get(getKey(endpoint, questionOf(request)));
      if (answer === undefined) throw unrecordedGet(endpoint, request);
      if (answer.status === 'refused') throw refused(answer.refusal);
      return answered(answer);
    },
  };
}

/** The reply that was recorded, to be read again. */
export function answered(recorded: RecordedReply): Reply {
  return { status: recorded.code, headers: recorded.headers, body: body(recorded), via: recorded.via };
}

/** The error that was recorded. */
export function refused(refusal: Refusal): ReadError {
  const needs = refusal.needs === null ? {} : { needs: refusal.needs };
  const fault = refusal.fault === null ? {} : { fault: refusal.fault };
  return new ReadError(refusal.reason, refusal.what, refusal.message, { ...needs, ...fault });
}

async function* body(recorded: RecordedReply): AsyncGenerator<Uint8Array> {
  const bytes = bytesOf(recorded.body);
  if (bytes.length > 0) yield bytes;
  if (recorded.cut !== null) throw refused(recorded.cut);
}

function unrecordedList(kind: Kind, scope: Scope): ReadError {
  const where = scope.namespace === undefined ? 'in all namespaces' : `in namespace ${scope.namespace}`;
  const which = scope.labelSelector === undefined ? '' : ` with labels ${scope.labelSelector}`;
  const what = `list ${resourceName(kind)}`;
  return new ReadError('unrecorded', what, `${what} ${where}${which} is not in the recording`);
}

function unrecordedGet(endpoint: Endpoint, request: Request): ReadError {
  const what = `GET ${endpointName(endpoint)}${request.path}`;
  return new ReadError('unrecorded', what, `${what} is not in the recording`);
}
