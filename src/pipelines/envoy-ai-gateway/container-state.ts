import type { ContainerState } from '../../facts/pods.ts';

const starting = new Set(['ContainerCreating', 'PodInitializing']);

/** Whether a container has not had its chance yet: the kubelet is still pulling or creating. */
export function isStarting(state: ContainerState | null): boolean {
  return (
    state === null ||
    (state.state === 'waiting' && starting.has(state.reason ?? '') && state.last === null) ||
    (state.state === 'unknown' && state.restarts === 0)
  );
}

/** Whether the program itself gives up, rather than its image, volumes or node. */
export function isCrashing(state: ContainerState): boolean {
  return state.reason === 'CrashLoopBackOff' || state.last !== null || (state.state === 'terminated' && state.reason !== 'Completed');
}

/** Longest quotation of a container. */
const most = 400;

/** What a container said last, of its last words the line that tells most; null when none were kept. Of one that never ran, what the kubelet says. */
export function lastWords(state: ContainerState | null): string | null {
  const words = ownWords(state) ?? (state?.state === 'waiting' && state.reason !== 'CrashLoopBackOff' ? state.message : null) ?? '';
  const lines = words
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.findLast((line) => /error|fail|invalid|panic|not defined|mismatch/i.test(line)) ?? lines.at(-1);
  return telling === undefined ? null : telling.length > most ? `${telling.slice(0, most)}…` : telling;
}

function ownWords(state: ContainerState | null): string | null {
  return state?.last?.message ?? (state?.state === 'terminated' ? state.message : null);
}

/** The last words as the end of a sentence; empty when there are none. */
export function quoted(state: ContainerState | null): string {
  const words = lastWords(state);
  if (words === null) return '';
  return ownWords(state) === null ? `; the kubelet said: ${words}` : `; it said: ${words}`;
}
