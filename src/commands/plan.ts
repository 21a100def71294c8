import { readFile } from 'node:fs/promises';
import type { Options, PrometheusChoice } from '../model/fact.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { RunFlags } from './flags.ts';
import type { Shell } from './shell.ts';
import { UsageError, unknownName } from './usage-error.ts';
import { gatewayOf, headerOf, prometheusTarget } from './values.ts';

/** What the flags ask for, as facts and judges see it. */
export async function optionsOf(flags: RunFlags, environment: Shell['environment'] = {}): Promise<Options> {
  if (flags.namespace !== undefined && flags.allNamespaces) throw new UsageError('--namespace and --all-namespaces exclude each other');
  const namespace = flags.namespace ?? null;
  return {
    namespace,
    gateway: flags.gateway === undefined ? null : gatewayOf(flags.gateway, namespace),
    selector: flags.selector ?? null,
    expectLabels: flags.expectLabel ?? [],
    prometheus: await prometheusOf(flags),
    ...(await givenToken('metricsToken', { flag: '--metrics-token-file', file: flags.metricsTokenFile }, environment)),
    ...(await givenToken('grafanaToken', { flag: '--grafana-token-file', file: flags.grafanaTokenFile }, environment)),
    ...(flags.secretNames === true ? { secretNames: true } : {}),
    ...(flags.logs === true ? { logs: true } : {}),
  };
}

/** The flag goes before the variable; an empty variable is none. */
async function givenToken(
  option: keyof typeof variables,
  { flag, file }: { readonly flag: string; readonly file: string | undefined },
  environment: Shell['environment'],
): Promise<Pick<Options, keyof typeof variables>> {
  if (file !== undefined) return { [option]: await tokenOf(flag, file) };
  const name = variables[option];
  const set = environment[name] ?? '';
  return set === '' ? {} : { [option]: tokenIn(set, name) };
}

/** Variables for tokens, by the option that they set. */
const variables = { metricsToken: 'TOKMETER_METRICS_TOKEN', grafanaToken: 'TOKMETER_GRAFANA_TOKEN' } as const;

async function prometheusOf({ prometheus, prometheusTokenFile, prometheusHeader = [] }: RunFlags): Promise<PrometheusChoice | null> {
  const headers = Object.fromEntries(prometheusHeader.map(headerOf));
  const token =
    prometheusTokenFile === undefined ? {} : { Authorization: `Bearer ${await tokenOf('--prometheus-token-file', prometheusTokenFile)}` };
  if (prometheus !== undefined) return { target: prometheusTarget(prometheus), headers: { ...token, ...headers } };
  if (prometheusTokenFile === undefined && prometheusHeader.length === 0) return null;
  const flag = prometheusTokenFile === undefined ? '--prometheus-header' : '--prometheus-token-file';
  throw new UsageError(`${flag} says how to be let in; --prometheus must say where`);
}

async function tokenOf(flag: string, file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${flag}: ${file} cannot be read: ${error.code ?? error.message}`);
  });
  return tokenIn(text, `${flag}: ${file}`);
}

/** The token that a file or variable holds; never part of a message. */
function tokenIn(text: string, where: string): string {
  const token = text.trim();
  if (token === '' || /[\s\p{Cc}]/u.test(token)) throw new UsageError(`${where} holds no token`);
  return token;
}

/** The pipelines to judge: the named one, or all for auto. */
export function pipelinesOf(id: string, pipelines: readonly Pipeline[]): readonly Pipeline[] {
  if (id === 'auto') return pipelines;
  const named = pipelines.filter((pipeline) => pipeline.id === id);
  if (named.length === 0) throw unknownName('pipeline', id, ['auto', ...pipelines.map((pipeline) => pipeline.id)]);
  return named;
}

/** A value that must be one of a few words. */
export function oneOf<T extends string>(flag: string, value: string, words: readonly T[]): T {
  const word = words.find((each) => each === value);
  if (word === undefined) throw unknownName(`value of ${flag}:`, value, words);
  return word;
}
