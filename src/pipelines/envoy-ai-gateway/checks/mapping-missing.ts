import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { printMapping } from '../../../parse/mapping.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { proxies } from '../facts/proxies.ts';
import { isMappingFlag, mappingFlagsOf, mappingIntended } from '../mapping.ts';
import { releaseText, showArgs } from '../phrases.ts';
import { settingFlag } from '../remedies.ts';

/** No request header becomes a label. */
export const mappingMissing = defineCheck({
  id: 'mapping-missing',
  title: 'a request header is mapped to an identity label',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'Tokens are counted, but nobody knows whose they are: no series says which user or team spent them. What was counted without identity can never be attributed later.',
  fix: 'Set `--metricsRequestHeaderAttributes=x-user-id:user.id` on the controller, as the Helm value `controller.metricsRequestHeaderAttributes`.',
  follows: ['controller-missing'],
  needs: { controllers },
  wants: { proxies },
  judge: ({ controllers, proxies }) => {
    const [controller] = controllers;
    if (controller === undefined) return { status: 'skip', because: 'there is no controller whose flags could be read' };
    if (controller.mapping.pairs.length > 0) return verdict([], [], printMapping(controller.mapping.pairs));
    if (mappingIntended(controller)) return { status: 'skip', because: 'a mapping is given, but does not take effect' };
    const kept = proxies.status === 'read' ? proxies.value.read.flatMap(({ sidecar }) => sidecar?.mapping.pairs ?? []) : [];
    const old = printMapping([...new Map(kept.map((pair) => [pair.header, pair])).values()]);
    return verdict([unmapped(controller, old)]);
  },
});

function unmapped(controller: Controller, old: string): Finding {
  const { subject, guess, argv } = controller;
  const flags = mappingFlagsOf(guess);
  const evidence = { saw: seen(argv), run: showArgs(controller) };
  if (flags.length === 0) {
    const message = `${releaseText(guess)} cannot map request headers to labels at all`;
    return {
      subject,
      message,
      evidence,
      remedy: {
        text: 'upgrade to v0.4 or later, which map headers by --metricsRequestHeaderAttributes, with the CRDs and the Envoy Gateway that its compatibility matrix names: no one command does',
      },
    };
  }
  const losing = old === '' ? '' : `; running proxies still have ${old} and lose it when they restart`;
  const message = `no request header is mapped to a label: ${releaseText(guess)} reads ${flags.map((flag) => `--${flag}`).join(' and ')}${losing}`;
  return { subject, message, evidence, remedy: remedyOf(controller, flags, old) };
}

function remedyOf(controller: Controller, flags: readonly string[], old: string): Remedy {
  const flag = flags.at(-1) ?? 'metricsRequestHeaderAttributes';
  return settingFlag(controller, flag, old === '' ? 'x-user-id:user.id' : old);
}

function seen(argv: readonly string[]): string {
  const given = argv.filter((argument) => isMappingFlag(argument));
  return given.length === 0 ? 'no mapping flag among the arguments' : given.join(' ');
}
