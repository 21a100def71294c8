import { listed } from '../../../checks/phrases.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Attempt } from '../../../model/fact.ts';
import type { Many } from '../../../model/source.ts';
import { grouped } from '../../../parse/grouped.ts';
import { asksResponse, asksResponseBody } from '../expressions.ts';
import { emissions } from '../facts/emissions.ts';
import { emitters } from '../facts/emitters.ts';
import type { GatewayRef } from '../facts/gateways.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { type Path, scene } from '../facts/scene.ts';
import { parting, without } from '../label-remedies.ts';
import { routeLabel } from '../meter.ts';
import { gatewayKey, sameName } from '../names.ts';
import { labelKeys, pathKeys, podKeys, show } from '../phrases.ts';
import { labelsAt, type TelemetryLabel } from '../telemetry.ts';
import { trafficOf } from '../traffic.ts';

/** Labels that destroy more than themselves. */
export const telemetryHazard = defineCheck({
  id: 'telemetry-hazard',
  title: 'no label of a TelemetryPolicy endangers the others',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'An expression that cannot be evaluated takes all labels of the request with it, and the count itself. Two names that become one make every scrape of the server fail.',
  fix: 'Fill labels with attributes of the request and of the caller alone, and give each a name that stays its own when every other character than letters, digits and _ becomes _.',
  follows: ['telemetry-unenforced'],
  needs: { scene, telemetryPolicies },
  wants: { emissions, emitters },
  judge: ({ scene, telemetryPolicies, emissions, emitters }) => {
    if (scene.gateways.length === 0) return { status: 'skip', because: 'no Gateway has token limits' };
    const pods = podKeys(emitters);
    const findings = scene.gateways.flatMap((gateway) => {
      const labels = labelsAt(gateway, telemetryPolicies.policies);
      const paths = scene.paths.filter((path) => sameName(path.gateway, gateway));
      const seen: Seen = { gateway, paths, emissions, pods };
      return [...colliding(labels, seen), ...responding(labels, seen), ...reading(labels, seen)];
    });
    return verdict(findings, scene.unread);
  },
});

interface Seen {
  readonly gateway: GatewayRef;
  readonly paths: readonly Path[];
  readonly emissions: Attempt<Many<Emission>>;
  readonly pods: readonly string[];
}

/** recorded-pipelines.md: `label name "a_b" is not unique: invalid sample`, and the whole target is down. Limitador adds limitador_namespace itself. */
function colliding(labels: readonly TelemetryLabel[], { pods, emissions }: Seen): readonly Finding[] {
  return [...grouped(labels, ({ label }) => label)].flatMap(([label, same]) => {
    const names = [...new Set([...same.map(({ name }) => name), ...(label === routeLabel ? ['that of Limitador itself'] : [])])];
    const [first] = same;
    if (names.length < 2 || first === undefined) return [];
    return [
      {
        subject: first.policy.subject,
        message: `${listed(names)} ${label === routeLabel ? 'are one label' : `become one label ${label}`}: a series carries it twice, and Prometheus refuses all that this Limitador serves`,
        evidence: { saw: `labels: ${names.join(', ')}`, run: show('telemetrypolicy', first.policy) },
        remedy: parting(same, emissions),
        about: [...labelKeys(labels.map((each) => each.label)), ...pods],
      },
    ];
  });
}

/** Attributes of the response: kuadrant-operator issue 2242. A label that was seen with a value proves that its release evaluates it later. */
function responding(labels: readonly TelemetryLabel[], seen: Seen): readonly Finding[] {
  const wrong = labels.filter(({ expression, label }) => asksResponse(expression) && !isSeen(label, seen));
  const [first] = wrong;
  if (first === undefined) return [];
  return [
    {
      subject: first.policy.subject,
      message: `label ${listed(wrong.map(({ name }) => name))} asks for the response, which is not there when a request is judged: no label is sent, and nothing is counted`,
      evidence: { saw: `${first.name}: ${first.expression}`, run: show('telemetrypolicy', first.policy) },
      remedy: without(wrong, ''),
      about: aboutOf(labels, seen),
    },
  ];
}

/** The body of the response can be read for tokens and not for calls; some releases lose both. Only silence gives it away. */
function reading(labels: readonly TelemetryLabel[], seen: Seen): readonly Finding[] {
  const doubtful = labels.filter(({ expression, label }) => asksResponseBody(expression) && !isSeen(label, seen));
  const [first] = doubtful;
  if (first === undefined || !isSilent(seen)) return [];
  return [
    {
      subject: first.policy.subject,
      message: `label ${listed(doubtful.map(({ name }) => name))} reads the body of the response, for which some releases discard all labels and the count; nothing was counted yet`,
      evidence: { saw: `${first.name}: ${first.expression}`, run: show('telemetrypolicy', first.policy) },
      remedy: without(doubtful, 'if requests pass and nothing is counted, '),
      severity: 'warning',
      about: aboutOf(labels, seen),
    },
  ];
}

function aboutOf(labels: readonly TelemetryLabel[], { gateway, paths, pods }: Seen): readonly string[] {
  return [...new Set([gatewayKey(gateway), ...pathKeys(paths), ...labelKeys(labels.map(({ label }) => label)), ...pods])];
}

function isSeen(label: string, { paths, emissions }: Seen): boolean {
  const read = emissions.status === 'read' ? emissions.value.read : [];
  return paths.some(({ route }) => trafficOf(read, route).series.some(({ labels }) => (labels[label] ?? '') !== ''));
}

/** Whether every Limitador answered, and none has counted anything of these routes. */
function isSilent({ paths, emissions }: Seen): boolean {
  if (emissions.status === 'unread' || emissions.value.unread.length > 0 || emissions.value.read.length === 0) return false;
  const { read } = emissions.value;
  return paths.every(({ route }) => trafficOf(read, route).calls + trafficOf(read, route).hits === 0);
}
