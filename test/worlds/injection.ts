import type { SidecarRelease } from '../e2e/emulator/releases.ts';
import type { Workbench } from '../e2e/fixing.ts';
import { listed } from './lgtm/rollouts.ts';
import { sidecarOf, withSidecar } from './objects/proxies.ts';
import { type Look, looks } from './objects/releases.ts';
import { webhookCa } from './objects/webhook-ca.ts';
import type { Editable } from './world.ts';

export const sidecarName = 'ai-gateway-extproc';

/** A header and the attribute that it becomes. */
export interface Pair {
  readonly header: string;
  readonly attribute: string;
}

/** The release that an image's tag says. */
export function releaseOf(image: string): SidecarRelease {
  const found = Object.entries(looks).find(([, { version }]) => image.endsWith(`:${version}`));
  if (found === undefined) throw new Error(`no release has image ${image}`);
  return found[0] as SidecarRelease;
}

/** The controller of the gateway as its Deployment has it started. */
export interface Controller {
  readonly look: Look;
  readonly args: readonly string[];
}

/** @throws Error for arguments with which the program ends at once: envoyproxy/ai-gateway cmd/controller/main.go parseAndValidateFlags. */
export function controllerOf({ spec }: Editable): Controller {
  const [{ image, args }] = spec.template.spec.containers;
  const look = looks[releaseOf(image)];
  const foreign = args.find((arg: string) => /^--?metricsRequestHeader/.test(arg) && !arg.includes(`-${look.mappingFlag}=`));
  if (foreign !== undefined) throw new Error(`the controller ends: flag provided but not defined: ${foreign}`);
  const mapping = flagOf(args, look.mappingFlag);
  if (mapping !== '' && mapping.split(',').some((pair) => !/^[^:]+:[^:]+$/.test(pair)))
    throw new Error(`the controller ends: invalid metrics header attributes: ${mapping}`);
  return { look, args };
}

/** The value of "--FLAG=VALUE"; empty without it. */
function flagOf(args: readonly string[], flag: string | null): string {
  return args.find((argument) => argument.startsWith(`--${flag}=`))?.slice(`--${flag}=`.length) ?? '';
}

/** The sidecar among the containers of a pod. */
export function sidecarIn(spec: Editable): Editable | undefined {
  return [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }: Editable) => name === sidecarName);
}

/** What a sidecar maps. */
export function mappedBy(sidecar: Editable): readonly Pair[] {
  const at = sidecar.args.findIndex((argument: string) => /^-metricsRequestHeader(Attributes|Labels)$/.test(argument));
  const pairs: readonly string[] = at < 0 ? [] : sidecar.args[at + 1].split(',');
  return pairs.map((pair) => ({ header: pair.slice(0, pair.indexOf(':')), attribute: pair.slice(pair.indexOf(':') + 1) }));
}

/** Whether new sidecars would be told another mapping than one has. */
export function remaps({ look, args }: Controller, sidecar: Editable): boolean {
  const pairs = mappedBy(sidecar).map(({ header, attribute }) => `${header}:${attribute}`);
  return pairs.join(',') !== flagOf(args, look.mappingFlag);
}

/** Variables of the former sidecar that its controller's flag does not explain come from a GatewayConfig, and are there again. */
export interface Former {
  readonly sidecar: Editable | undefined;
  readonly args: readonly string[];
}

/** The spec of a pod that is created from a template, as the API server stores it after it called the webhook; null: it refuses the pod. */
export function admitted(template: Editable, { kubectl }: Workbench, former: Former): Editable | null {
  const { metadata, spec } = template;
  const webhook = listed(kubectl, 'mutatingwebhookconfigurations')
    .flatMap(({ webhooks }) => webhooks)
    .find(({ clientConfig, objectSelector }) => {
      const wanted = Object.entries(objectSelector?.matchLabels ?? {});
      return clientConfig.service?.path === '/mutate' && wanted.every(([name, value]) => metadata.labels[name] === value);
    });
  if (webhook === undefined) return spec;
  const deployment = listed(kubectl, 'deployments').find(({ metadata: { name } }) => name === 'ai-gateway-controller');
  const trusted = Buffer.from(webhook.clientConfig.caBundle ?? '', 'base64').toString() === webhookCa;
  if (deployment === undefined || !trusted) return webhook.failurePolicy === 'Fail' ? null : spec;
  return isRouted(metadata.labels, listed(kubectl, 'aigatewayroutes')) ? injected(spec, controllerOf(deployment), former) : spec;
}

/** Some AI route leads through the Gateway whose proxy it is. */
function isRouted(labels: Editable, routes: readonly Editable[]): boolean {
  const owner = 'gateway.envoyproxy.io/owning-gateway';
  return routes.some(
    ({ metadata, spec }) =>
      metadata.namespace === labels[`${owner}-namespace`] &&
      [...(spec.parentRefs ?? []), ...(spec.targetRefs ?? [])].some(({ name }: Editable) => name === labels[`${owner}-name`]),
  );
}

function injected(spec: Editable, { look, args }: Controller, former: Former): Editable {
  const own = variablesOf(former.args).map(({ name }) => name);
  const kept = (former.sidecar?.env ?? []).filter(({ name }: Editable) => !own.includes(name));
  const env = [...kept, ...variablesOf(args)];
  const sidecar = {
    ...sidecarOf(look, flagOf(args, look.mappingFlag)),
    image: flagOf(args, 'extProcImage'),
    ...(env.length === 0 ? {} : { env }),
  };
  return withSidecar(spec, look, sidecar);
}

interface Variable {
  readonly name: string;
  readonly value: string;
}

/** "A=b;C=d": envoyproxy/ai-gateway cmd/controller/main.go, extProcExtraEnvVars. */
function variablesOf(args: readonly string[]): readonly Variable[] {
  const pairs = flagOf(args, 'extProcExtraEnvVars').split(';').filter(Boolean);
  return pairs.map((pair) => ({ name: pair.slice(0, pair.indexOf('=')), value: pair.slice(pair.indexOf('=') + 1) }));
}
