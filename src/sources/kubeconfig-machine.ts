import { createReadStream } from 'node:fs';
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
    readFile: bounded,
    serviceAccount: '/var/run/secrets/kubernetes.io/serviceaccount',
  };
}

// Far above any kubeconfig, certificate or token, and far below what /dev/zero would give.
const maxBytes = 64 * 1024 * 1024;

async function bounded(path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) throw new Error('it is larger than 64 MiB');
  }
  return Buffer.concat(chunks, length);
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
