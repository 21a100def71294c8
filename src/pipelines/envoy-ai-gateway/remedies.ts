import { removing } from '../../checks/patching.ts';
import type { Operation } from '../../model/change.ts';
import type { Remedy } from '../../model/check.ts';
import { flagsNamed } from '../../parse/go-flags.ts';
import { shellWord } from '../../parse/shell-word.ts';
import type { Controller } from './facts/controller.ts';
import { agreed } from './releases.ts';

/** A remedy that a shell can run. */
type Commanded = Remedy & { readonly command: string };

/** Sets a flag of the controller to one value and removes its other copies. */
export function settingFlag(controller: Controller, flag: string, value: string, removed: readonly string[] = []): Commanded {
  const patch = [...operations(controller, flag, value, removed)];
  const { namespace, name } = controller.deployment;
  const command = `kubectl -n ${namespace} patch deployment ${name} --type=json -p ${shellWord(JSON.stringify(patch))}`;
  return {
    text: `set --${flag}=${value} on ${controller.subject}${helmNote(controller, flag, value)}${rollNote(controller)}`,
    command,
    patch,
  };
}

/** Running sidecars keep the arguments that they were created with, except where the controller rolls them. */
function rollNote({ guess }: Controller): string {
  return agreed(guess, (line) => line.rollsOnMappingChange) === true ? '' : ', then create the proxies anew';
}

/** A flag patched by hand is gone after the next upgrade of the chart. */
function helmNote({ deployment, guess }: Controller, flag: string, value: string): string {
  const release = deployment.metadata.annotations?.['meta.helm.sh/release-name'];
  if (release === undefined) return '';
  if (flag === environmentFlag) return `, and as the Helm value extProc.extraEnvVars of release ${release}, or the next upgrade undoes it`;
  const known = agreed(guess, (line) => line.helmValue);
  const key = known?.endsWith(`.${flag}`) ? known : `controller.${flag}`;
  return `, and as the Helm value ${key}=${value.replaceAll(',', '\\,')} of release ${release}, or the next upgrade undoes it`;
}

function operations(controller: Controller, flag: string, value: string, removed: readonly string[]): readonly Operation[] {
  const { flags, place } = controller;
  const base = `/spec/template/spec/containers/${place.container}/args`;
  const copies = flagsNamed(flags, flag);
  const last = copies.at(-1);
  const gone = [...copies.slice(0, -1), ...removed.flatMap((name) => flagsNamed(flags, name))];
  // From the end, so that each index is still right when its turn comes.
  const removals = gone
    .flatMap(({ index, joined, written, value: own }) =>
      joined
        ? [{ index, argument: `${written}=${own}` }]
        : [
            { index: index + 1, argument: own },
            { index, argument: written },
          ],
    )
    .sort((left, right) => right.index - left.index)
    .flatMap(({ index, argument }) => removing(`${base}/${index - place.offset}`, argument));
  if (last === undefined) return [...removals, { op: 'add', path: `${base}/0`, value: `--${flag}=${value}` }];
  const at = (last.joined ? last.index : last.index + 1) - place.offset;
  const replaced: Operation = { op: 'replace', path: `${base}/${at}`, value: last.joined ? `${last.written}=${value}` : value };
  return [replaced, ...removals];
}

/** The flag with the environment of every sidecar, "NAME=value;NAME=value": cmd/controller/main.go. */
const environmentFlag = 'extProcExtraEnvVars';

/**
 * Sets an environment variable of the sidecars. What the flag has already may be secret and is not repeated: the argument is extended where it is.
 * Null where that cannot be done in one command.
 */
export function settingEnvironment(controller: Controller, name: string, value: string): Commanded | null {
  const copies = flagsNamed(controller.flags, environmentFlag);
  if (copies.length === 0) return settingFlag(controller, environmentFlag, `${name}=${value}`);
  const [only] = copies;
  if (copies.length > 1 || only === undefined || !only.joined) return null;
  const { namespace, name: deployment } = controller.deployment;
  const argument = `.spec.template.spec.containers[${controller.place.container}].args[${only.index - controller.place.offset}]`;
  const isAsRead = `startswith(${JSON.stringify(`${only.written}=`)}) and (contains(";${name}=") | not)`;
  const program = `${argument} |= if ${isAsRead} then rtrimstr(";") + ";${name}=${value}" else error("the argument is not as it was read") end`;
  const extended = `jq ${shellWord(program)}`;
  return {
    text: `add ${name}=${value} to --${environmentFlag} of ${controller.subject}, and to the Helm value extProc.extraEnvVars, then create the proxies anew`,
    command: `kubectl -n ${namespace} get deployment ${deployment} -o json | ${extended} | kubectl replace -f -`,
  };
}

/** The command, and then the one that creates the proxies anew: not before the controller that gives them their sidecars runs with what was changed. */
export function thenAnew(command: string, { deployment: { namespace, name } }: Controller, restart: string): string {
  return [command, `kubectl -n ${namespace} rollout status deployment/${name} --timeout=5m`, restart].join('\n');
}

/** Lets the Gateway of a route ask its backends for the usage of streams: api/v1alpha1/shared_types.go LLMRequestCost. */
export function settingCosts(subject: string, { namespace, name }: { readonly namespace: string; readonly name: string }): Remedy {
  const patch = { spec: { llmRequestCosts: [{ metadataKey: 'llm_total_token', type: 'TotalToken' }] } };
  return {
    text: `set spec.llmRequestCosts on ${subject}; one route is enough for its Gateway`,
    command: `kubectl -n ${namespace} patch aigatewayroute ${name} --type=merge -p ${shellWord(JSON.stringify(patch))}`,
    patch,
  };
}
