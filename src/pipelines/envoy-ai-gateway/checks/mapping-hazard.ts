import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { labelOf, printMapping } from '../../../parse/mapping.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { type ProxyPod, proxies } from '../facts/proxies.ts';
import { type Hazard, hazardsOf } from '../hazards.ts';
import { gatewayKey } from '../names.ts';
import { grouped, releaseText, showArgs, showPod } from '../phrases.ts';
import type { Guess } from '../releases.ts';
import { settingFlag } from '../remedies.ts';

/** A label name that hurts: renamed, merged, refused or fatal. */
export const mappingHazard = defineCheck({
  id: 'mapping-hazard',
  title: 'the identity labels have names that survive the way to Prometheus',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'Some label names break the whole metrics endpoint, some overwrite the model or the token type, and some are renamed by the scraper. Queries by that label then find nothing, or everything is lost.',
  fix: 'Choose label names of your own, such as `user.id` and `tenant.id`, on the right side of each pair of `--metricsRequestHeaderAttributes`.',
  follows: ['mapping-invalid'],
  needs: { controllers },
  wants: { proxies },
  judge: ({ controllers, proxies }) => {
    const pods = proxies.status === 'read' ? proxies.value.read.filter(({ sidecar }) => sidecar !== null) : [];
    const [controller] = controllers;
    const own =
      controller === undefined
        ? []
        : agreedHazards(controller.mapping.pairs, controller.guess).map((hazard) => ofController(controller, hazard, pods));
    const old =
      controller === undefined
        ? pods
        : pods.filter(({ sidecar }) => printMapping(sidecar?.mapping.pairs ?? []) !== printMapping(controller.mapping.pairs));
    if (controller === undefined && pods.length === 0) return { status: 'skip', because: 'there is no mapping that could be read' };
    return verdict([...own, ...grouped(old, ({ sidecar }) => printMapping(sidecar?.mapping.pairs ?? [])).flatMap(ofSidecars)]);
  },
});

/** While the release cannot be told, only what is dangerous in all that fit. */
function agreedHazards(pairs: Parameters<typeof hazardsOf>[0], guess: Guess): readonly Hazard[] {
  const [first = [], ...others] = guess.candidates.map((release) => hazardsOf(pairs, release));
  return first.filter(({ label }) => others.every((hazards) => hazards.some((hazard) => hazard.label === label)));
}

function ofController(controller: Controller, hazard: Hazard, pods: readonly ProxyPod[]): Finding {
  const part = controller.mapping.parts.findLast(
    ({ mapping }) => mapping.status === 'parsed' && hazard.pairs.some((pair) => mapping.pairs.includes(pair)),
  );
  const flag = part?.flag ?? 'metricsRequestHeaderAttributes';
  const pairs = part?.mapping.status === 'parsed' ? part.mapping.pairs : controller.mapping.pairs;
  const mended = pairs.map((pair) => (hazard.pairs.at(-1) === pair ? { ...pair, attribute: saferName(pair.header) } : pair));
  return {
    subject: controller.subject,
    message: `${printMapping(hazard.pairs)}: ${hazard.message}`,
    evidence: { saw: `--${flag}=${part?.value ?? ''}`, run: showArgs(controller) },
    remedy: settingFlag(controller, flag, printMapping(mended)),
    ...graded(hazard, pods),
  };
}

/** A proxy that still runs a dangerous mapping which its controller no longer has. */
function ofSidecars(pods: readonly ProxyPod[]): readonly Finding[] {
  const [first] = pods;
  if (first?.sidecar == null) return [];
  const { mapping, guess } = first.sidecar;
  return agreedHazards(mapping.pairs, guess).map((hazard) => ({
    subject: first.subject,
    message: `${printMapping(hazard.pairs)} of the running sidecar (${releaseText(guess)}): ${hazard.message}`,
    evidence: { saw: printMapping(mapping.pairs), run: showPod(first.pod) },
    ...graded(hazard, pods),
  }));
}

function graded(hazard: Hazard, pods: readonly ProxyPod[]): Pick<Finding, 'about' | 'severity'> {
  const labels = hazard.pairs.map(({ attribute }) => `label ${labelOf(attribute, 'escape-name')}`);
  const gateways = pods.flatMap(({ gateway }) => (gateway === null ? [] : [gatewayKey(gateway)]));
  const about = [
    ...new Set([`label ${hazard.label}`, ...labels, ...(hazard.breaks === 'endpoint' ? [...pods.map(({ key }) => key), ...gateways] : [])]),
  ];
  return hazard.severity === 'warning' ? { about, severity: 'warning' } : { about };
}

/** "x-user-id" → "user.id". */
function saferName(header: string): string {
  const words = header
    .toLowerCase()
    .replace(/^x-/, '')
    .split(/[^a-z0-9]+/)
    .filter(Boolean);
  return words.length > 1 ? words.join('.') : `request.${words[0] ?? 'identity'}`;
}
