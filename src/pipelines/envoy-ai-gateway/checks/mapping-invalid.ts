import type { ContainerState } from '../../../facts/pods.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Options } from '../../../model/fact.ts';
import { flagsNamed, flagValue } from '../../../parse/go-flags.ts';
import { labelOf, type Mapping, parseMapping } from '../../../parse/mapping.ts';
import { lastWords } from '../container-state.ts';
import { type Controller, controllerPods, controllers } from '../facts/controller.ts';
import { isMappingFlag, unknownFlags } from '../mapping.ts';
import { releaseText, showArgs } from '../phrases.ts';
import { agreed } from '../releases.ts';
import { settingFlag } from '../remedies.ts';

/** A mapping, or a flag, that makes the controller exit. */
export const mappingInvalid = defineCheck({
  id: 'mapping-invalid',
  title: 'the controller accepts its header mapping',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'The controller exits on a mapping that it cannot parse, and the previous one keeps serving, so that the change seems to have no effect. After the next eviction there is no controller at all.',
  fix: 'Write the value of `--metricsRequestHeaderAttributes` as `header:attribute,header:attribute`, without a comma at its end.',
  needs: { controllers },
  wants: { pods: controllerPods },
  judge: ({ controllers, pods }, options) => {
    if (controllers.length === 0) return { status: 'skip', because: 'there is no controller whose flags could be read' };
    const findings = controllers.flatMap((controller) => {
      const found = [...unparsed(controller), ...strangers(controller), ...unreadable(controller)];
      const said =
        pods.status === 'read'
          ? complaints(
              controller,
              (pods.value.get(controller.key) ?? []).flatMap(({ states }) => states),
            )
          : [];
      return (found.length > 0 ? found : said).map((finding) => ({ ...finding, about: aboutOf(controller, options) }));
    });
    return verdict(findings);
  },
});

/** The labels that this mapping was to bring, so that their absence is laid at its door. */
function aboutOf(controller: Controller, options: Options): readonly string[] {
  const labels = [...controller.mapping.pairs.map(({ attribute }) => attribute), ...options.expectLabels];
  return [controller.key, ...labels.map((attribute) => `label ${labelOf(attribute, 'escape-name')}`)];
}

/** Mapping flags, and those for spans and logs, which the controller validates as well. */
function unparsed(controller: Controller): readonly Finding[] {
  const { guess, flags, mapping } = controller;
  const side = agreed(guess, (release) => release.side) ?? 'attribute';
  const others = (agreed(guess, (release) => release.otherFlags) ?? []).map((flag) => {
    const value = flagValue(flags, flag) ?? '';
    return { flag, value, mapping: parseMapping(value, side) };
  });
  return [...mapping.parts, ...others].flatMap(({ flag, value, mapping }) =>
    mapping.status === 'invalid' ? [unparsedPair(controller, flag, value, mapping)] : [],
  );
}

function unparsedPair(controller: Controller, flag: string, value: string, wrong: Extract<Mapping, { status: 'invalid' }>): Finding {
  const mended = mend(value);
  const evidence = { saw: `--${flag}=${value}`, run: showArgs(controller) };
  const message = `--${flag}: ${wrong.message}${hint(wrong, value)}`;
  const example = mended === '' ? 'x-user-id:user.id' : mended;
  return { subject: controller.subject, message, evidence, remedy: settingFlag(controller, flag, example) };
}

function hint({ kind, position, pair }: Extract<Mapping, { status: 'invalid' }>, value: string): string {
  const pairs = value.split(',').length;
  if (kind === 'empty-pair') {
    if (pairs === 1) return ', the value is blank';
    return position === pairs
      ? ', the value ends with a comma'
      : position === 1
        ? ', the value begins with a comma'
        : ', two commas follow each other';
  }
  if (kind === 'no-colon') return pair.includes('=') ? ', with "=" where ":" belongs' : '';
  return pair.startsWith(':') && pair.indexOf(':', 1) > 0 ? ', pseudo headers cannot be mapped' : '';
}

/** The value with what can be mended mended: empty pairs go, "=" becomes ":". What stays wrong goes too. */
function mend(value: string): string {
  return value
    .split(',')
    .map((pair) => pair.trim())
    .map((pair) => (pair.includes(':') ? pair : pair.replace('=', ':')))
    .filter((pair) => parseMapping(pair).status === 'parsed' && pair !== '')
    .join(',');
}

/** A mapping flag of another release, or in another case: the program exits on it. */
function strangers(controller: Controller): readonly Finding[] {
  const { guess, flags, subject } = controller;
  return unknownFlags(flags, guess).map(({ name, written, value }) => {
    const successor = agreed(guess, ({ mappingFlags }) => mappingFlags.at(-1) ?? null);
    const there = successor === null ? '' : `; it is --${successor} there`;
    const message = `${releaseText(guess)} knows no flag ${written}: flag provided but not defined: -${name}${there}`;
    const evidence = { saw: `${written}=${value}`, run: showArgs(controller) };
    const remedy =
      successor === null
        ? { text: `remove ${written}, or upgrade to a release that has it` }
        : settingFlag(controller, successor, flagValue(flags, successor) ?? value, [name]);
    return { subject, message, evidence, remedy };
  });
}

/** Arguments that Go's flag package refuses, whatever the flag. */
function unreadable(controller: Controller): readonly Finding[] {
  const { flags, subject } = controller;
  if (flags.error === null) return [];
  return [
    {
      subject,
      message: `the controller's arguments do not parse: ${flags.error}`,
      evidence: { saw: flags.error, run: showArgs(controller) },
    },
  ];
}

/** A mapping flag that the controller itself says it does not know, where its release could not be told. Its other last words are controller-unready's. */
function complaints(controller: Controller, states: readonly ContainerState[]): readonly Finding[] {
  const words = states
    .flatMap((state) => (state.ready ? [] : (lastWords(state) ?? [])))
    .find((line) => refusedFlag(line, controller) !== null);
  if (words === undefined) return [];
  return [{ subject: controller.subject, message: `the controller exits: ${words}`, evidence: { saw: words, run: showArgs(controller) } }];
}

function refusedFlag(line: string, { flags }: Controller): string | null {
  const name = /flag provided but not defined: -(\S+)/.exec(line)?.[1];
  return name !== undefined && isMappingFlag(`-${name}`) && flagsNamed(flags, name).length > 0 ? name : null;
}
