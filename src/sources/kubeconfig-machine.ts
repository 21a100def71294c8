import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';

/** What resolving a connection needs of this computer; a test gives its own. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly stdinIsTerminal: boolean;
  readonly now: () => number;
  readonly readFile: (path: string) => Promise<Buffer>;
  /** Where a pod finds its service account. */
  readonly serviceAccount: string;
}

export function thisMachine(env: Machine['env']): Machine {
  return {
    env,
    // k8s.io/client-go/util/homedir asks HOME first, too.
    home: env.HOME || homedir(),
    stdinIsTerminal: process.stdin.isTTY === true,
    now: Date.now,
    readFile: (path) => readFile(path),
    serviceAccount: '/var/run/secrets/kubernetes.io/serviceaccount',
  };
}

/** The code of a failed system call; '' for any other error. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Why a file could not be read, in a few words. */
export function whyUnread(error: unknown): string {
  const known: Readonly<Record<string, string>> = {
    ENOENT: 'it does not exist',
    ENOTDIR: 'it does not exist',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EISDIR: 'it is a directory',
    ELOOP: 'its symbolic links go round in circles',
  };
  return known[codeOf(error)] ?? (error instanceof Error ? error.message : String(error));
}
