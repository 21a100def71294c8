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
