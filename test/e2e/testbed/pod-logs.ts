import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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
