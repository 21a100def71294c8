import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Options } from '../model/fact.ts';
import type { Snapshot, World } from '../model/snapshot.ts';
import type { Served } from '../sandbox/serve.ts';
import type { Shell } from './shell.ts';
import { flagsOf } from './world-flags.ts';

/** Keeps a served recording up for kubectl until it is interrupted; the kubeconfig goes with it. */
export async function keptUp(
  headline: string,
  { snapshot, options = {} }: Pick<World, 'snapshot' | 'options'>,
  served: Served,
  shell: Shell,
): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'tokmeter-demo-'));
  try {
    const file = join(folder, 'kubeconfig');
    await writeFile(file, served.kubeconfig, { mode: 0o600 });
    const doctor = [shell.program, 'doctor', ...(await flagsWithTokens(options, folder))].join(' ');
    await shell.write(invitation(headline, snapshot, file, doctor));
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

/** The flags of doctor for such a cluster; the tokens of its servers lie beside the kubeconfig. */
async function flagsWithTokens(options: Partial<Options>, folder: string): Promise<readonly string[]> {
  for (const name of ['metricsToken', 'grafanaToken'] as const) {
    const token = options[name];
    if (token !== undefined) await writeFile(join(folder, name), token, { mode: 0o600 });
  }
  return flagsOf(options, (name) => join(folder, name));
}

function invitation(headline: string, snapshot: Snapshot, file: string, doctor: string): string {
  const pod = meteringPod(snapshot);
  const forward =
    pod === null
      ? []
      : [`kubectl port-forward -n ${pod.namespace} pod/${pod.name} ${pod.port}  # then: curl localhost:${pod.port}/metrics`];
  const commands = ['kubectl get podmonitors -A', 'kubectl get pods -A', ...forward, doctor];
  return [headline, '', `  export KUBECONFIG=${file}`, ...commands.map((command) => `  ${command}`), '', ''].join('\n');
}

function meteringPod(snapshot: Snapshot): { readonly namespace: string; readonly name: string; readonly port: number } | null {
  const endpoints = snapshot.gets
    .filter(({ question, answer }) => question.path === '/metrics' && answer.status === 'reply')
    .map(({ endpoint }) => endpoint);
  const found = endpoints.find((endpoint) => endpoint.at === 'pod');
  return found?.at === 'pod' ? { namespace: found.namespace, name: found.pod, port: found.port } : null;
}
