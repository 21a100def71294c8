import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Snapshot } from '../model/snapshot.ts';
import type { Served } from '../sandbox/serve.ts';
import type { Shell } from './shell.ts';

/** Keeps a served recording up for kubectl until it is interrupted; the kubeconfig goes with it. */
export async function keptUp(headline: string, snapshot: Snapshot, served: Served, shell: Shell): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tokmeter-demo-'));
  try {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, served.kubeconfig, { mode: 0o600 });
    await shell.write(invitation(headline, snapshot, file, shell.program));
    await interruption(shell.interrupt);
    return shell.interruptedBy() ?? 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function interruption(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function invitation(headline: string, snapshot: Snapshot, file: string, program: string): string {
  const pod = meteringPod(snapshot);
  const forward =
    pod === null
      ? []
      : [`kubectl port-forward -n ${pod.namespace} pod/${pod.name} ${pod.port}  # then: curl localhost:${pod.port}/metrics`];
  const commands = ['kubectl get podmonitors -A', 'kubectl get pods -A', ...forward, `${program} doctor`];
  return [headline, '', `  export KUBECONFIG=${file}`, ...commands.map((command) => `  ${command}`), '', ''].join('\n');
}

function meteringPod(snapshot: Snapshot): { readonly namespace: string; readonly name: string; readonly port: number } | null {
  const endpoints = snapshot.gets
    .filter(({ question, answer }) => question.path === '/metrics' && answer.status === 'reply')
    .map(({ endpoint }) => endpoint);
  const found = endpoints.find((endpoint) => endpoint.at === 'pod');
  return found?.at === 'pod' ? { namespace: found.namespace, name: found.pod, port: found.port } : null;
}
