import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from './api.ts';

/** Where ports of a pod lead. */
export interface Forward {
  readonly ports: readonly number[];
  readonly target: { readonly address: string; readonly port: number };
}

/** What kwok reads to know where a pod's ports lead; the name is the pod's. */
export function forwarding(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  forwards: readonly Forward[],
): Manifest {
  return { apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'PortForward', metadata: { namespace, name }, spec: { forwards } };
}

/** What kwok reads to know where a container's log lies: files by container, "" for those that have none of their own. */
export function logging(
  { namespace, name }: { readonly namespace: string; readonly name: string },
  files: Readonly<Record<string, string>>,
): Manifest {
  const logs = Object.entries(files).map(([container, logsFile]) =>
    container === '' ? { logsFile } : { containers: [container], logsFile },
  );
  return { apiVersion: 'kwok.x-k8s.io/v1alpha1', kind: 'Logs', metadata: { namespace, name }, spec: { logs } };
}

/** A container's log as a container runtime writes it, a line each second until now; returns the file. */
export function writeLog(
  folder: string,
  { namespace, name, container }: { readonly namespace: string; readonly name: string; readonly container: string | null },
  lines: readonly string[],
): string {
  const own = join(folder, 'logs');
  mkdirSync(own, { recursive: true });
  const file = join(own, `${namespace}_${name}_${container ?? 'any'}.log`);
  writeFileSync(file, lines.map((line, index) => `${timeOf(index - lines.length)} stdout F ${line}\n`).join(''));
  return file;
}

/** As k8s.io/cri-client pkg/logs, parseCRILog, wants it. */
function timeOf(secondsFromNow: number): string {
  return new Date(Date.now() + secondsFromNow * 1000).toISOString().replace('Z', '000000Z');
}
