import { delimiter, join } from 'node:path';
import { KubeconfigError } from './kubeconfig-error.ts';
import { codeOf, type Machine, whyUnread } from './kubeconfig-machine.ts';
import type { KubeconfigFile } from './kubeconfig-merge.ts';
import { parseKubeconfig } from './kubeconfig-parse.ts';

/** The kubeconfig files that count, and whether a missing one is an error. kubernetes/client-go tools/clientcmd/loader.go */
export function pathsOf(explicit: string | undefined, machine: Machine): { readonly paths: readonly string[]; readonly required: boolean } {
  if (explicit) return { paths: [explicit], required: true };
  const { KUBECONFIG } = machine.env;
  if (!KUBECONFIG) return { paths: [join(machine.home, '.kube', 'config')], required: false };
  return { paths: [...new Set(KUBECONFIG.split(delimiter).filter((path) => path !== ''))], required: false };
}

/** Reads and parses them in order; throws KubeconfigError for one that is there and broken. */
export async function readKubeconfigs(paths: readonly string[], required: boolean, machine: Machine): Promise<readonly KubeconfigFile[]> {
  const files: KubeconfigFile[] = [];
  for (const path of paths) {
    const bytes = await bytesOf(path, required, machine);
    if (bytes === null) continue;
    const text = textOf(bytes, path);
    files.push({ path, config: parseKubeconfig(text, path, await import('yaml')) });
  }
  return files;
}

async function bytesOf(path: string, required: boolean, machine: Machine): Promise<Buffer | null> {
  try {
    return await machine.readFile(path);
  } catch (error) {
    if (!required && codeOf(error) === 'ENOENT') return null;
    throw new KubeconfigError(`kubeconfig ${path} cannot be read: ${whyUnread(error)}`, { cause: error });
  }
}

function textOf(bytes: Buffer, path: string): string {
  // Windows PowerShell redirects to UTF-16; Go's YAML reads it by its byte order mark.
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (error) {
    throw new KubeconfigError(`${path}:${badLine(bytes)}: holds bytes that are no ${encoding.toUpperCase()}: this is no YAML`, {
      cause: error,
    });
  }
}

function badLine(bytes: Buffer): number {
  const decoded = new TextDecoder('utf-8').decode(bytes);
  const at = decoded.indexOf('\ufffd');
  return decoded.slice(0, Math.max(at, 0)).split('\n').length;
}
