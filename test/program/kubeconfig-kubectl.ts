import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The real kubectl of this machine; null when there is none. */
export const kubectl: string | null = findKubectl();

/** Why tests against the real kubectl do not run, for the name of what is skipped. */
export const withoutKubectl = kubectl === null ? ' (skipped: no kubectl in PATH)' : '';
if (kubectl === null) console.warn('no kubectl in PATH: what it makes of the same kubeconfigs is not compared');

function findKubectl(): string | null {
  const paths = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'kubectl'));
  return paths.find(executable) ?? null;
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs kubectl with this environment alone, so that nothing of the machine's own configuration is seen. */
export function runKubectl(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd, env: { PATH: process.env.PATH ?? '', ...env }, timeout: 30_000 };
    execFile(kubectl ?? 'kubectl', [...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, stdout, stderr });
    });
  });
}
