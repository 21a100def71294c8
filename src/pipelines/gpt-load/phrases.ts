/** "1 pod", "3 pods". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** "a", "a and b", "a, b and 3 more". */
export function listed(names: readonly string[], most = 4): string {
  const shown = names.length > most ? [...names.slice(0, most - 1), `${names.length - most + 1} more`] : names;
  return shown.length < 2 ? (shown[0] ?? 'none') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`;
}

interface Place {
  readonly pod: { readonly namespace: string; readonly name: string };
  readonly port: number;
}

/** The command that shows what a pod answers at a path. */
export function ask({ pod, port }: Place, path: string, flags = '-si'): string {
  return `kubectl -n ${pod.namespace} port-forward pod/${pod.name} ${port} & curl ${flags} localhost:${port}${path} | head -n 20`;
}

/** "deployment/NAME", as kubectl takes a workload; a pod that stands alone by itself. */
export function kubectlName(workload: { readonly kind: string; readonly name: string } | null, pod: { readonly name: string }): string {
  return workload === null ? `pod/${pod.name}` : `${workload.kind.toLowerCase()}/${workload.name}`;
}
