import type { ContainerState } from '../facts/pods.ts';

/** "1 proxy", "3 proxies". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** "a", "a and b", "a, b and c", "a, b and 3 more". */
export function listed(names: readonly string[], most = 4): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length < 2 ? (shown[0] ?? 'none') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
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
