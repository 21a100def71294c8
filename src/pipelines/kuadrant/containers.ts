import type { ContainerState, Pod } from '../../facts/pods.ts';

/** Longest quotation of a container. */
const most = 300;

/** The last line of what a container or the kubelet said; null when neither said anything. */
export function lastWords(state: ContainerState | null): string | null {
  const words = state?.last?.message ?? state?.message ?? '';
  const line = words
    .split('\n')
    .map((each) => each.trim())
    .findLast((each) => each !== '');
  return line === undefined ? null : line.length > most ? `${line.slice(0, most)}…` : line;
}

export function stateOf({ states }: Pod, container: string): ContainerState | null {
  return states.find(({ name }) => name === container) ?? null;
}

/** Whether a container has not had its chance yet. */
export function isStarting(state: ContainerState | null): boolean {
  if (state === null) return true;
  const creating = state.reason === 'ContainerCreating' || state.reason === 'PodInitializing';
  return (
    (state.state === 'waiting' && creating && state.last === null) || (state.state === 'running' && state.restarts === 0 && !state.ready)
  );
}
