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

/** Reason, exit code and last words of a container that is not well, as the kubelet has them. */
export function stateText(state: ContainerState | null): string {
  if (state === null) return 'the kubelet reports no state';
  const now = [state.state, state.reason].filter(Boolean).join(' ');
  const restarts = state.restarts > 0 ? `, ${state.restarts} restart${state.restarts === 1 ? '' : 's'}` : '';
  const readiness = state.state === 'running' && !state.ready ? ', not ready' : '';
  return `${now}${readiness}${restarts}${ending(state)}`;
}

function ending({ last }: ContainerState): string {
  if (last === null) return '';
  const code = last.exitCode === null ? '' : ` with code ${last.exitCode}`;
  return `, last ended${code}${last.reason === null ? '' : ` (${last.reason})`}`;
}

/** Longest quotation of a container. */
const most = 400;

/** What the container said last: of its last words the line that tells most; null when the kubelet kept none. */
export function lastWords(state: ContainerState | null): string | null {
  const words = state?.last?.message ?? (state?.state === 'running' ? null : state?.message) ?? '';
  const lines = words
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const telling = lines.findLast((line) => /error|fail|invalid|panic|not defined|mismatch/i.test(line)) ?? lines.at(-1);
  return telling === undefined ? null : telling.length > most ? `${telling.slice(0, most)}…` : telling;
}
