import { counted, listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { flagsBeyond } from '../../../parse/go-flags.ts';
import { labelOf, type Pair, pairsMissing, parseMapping, printMapping } from '../../../parse/mapping.ts';
import { type Controller, controllers } from '../facts/controller.ts';
import { aiRoutes, type GatewayRef, sameGateway } from '../facts/routes.ts';
import { type TrafficPolicy, trafficPolicies } from '../facts/traffic-policies.ts';
import { flawsOf, unquoted } from '../flaws.ts';
import { isMappingFlag, unionOf } from '../mapping.ts';
import { showArgs } from '../phrases.ts';
import { booleanFlags } from '../releases.ts';
import { settingFlag } from '../remedies.ts';
import { allowingUnderscores } from '../traffic-remedies.ts';

/** A mapping that the controller accepts and no request ever matches. */
export const mappingIneffective = defineCheck({
  id: 'mapping-ineffective',
  title: 'every mapped header can match a request',
  hop: 'configure',
  severity: 'error',
  inObjects: true,
  why: 'The controller starts, nothing is logged, and the label never appears. Tokens are counted without the identity that the configuration seems to ask for.',
  fix: 'Write header names in lower case and without quotes, each once, in a single `--metricsRequestHeaderAttributes` that no other argument stands in front of.',
  follows: ['mapping-invalid'],
  needs: { controllers },
  wants: { policies: trafficPolicies, routes: aiRoutes },
  judge: ({ controllers, policies, routes }) => {
    const [controller] = controllers;
    if (controller === undefined) return { status: 'skip', because: 'there is no controller whose flags could be read' };
    const flawed = [
      ...stray(controller),
      ...repeated(controller),
      ...controller.mapping.parts.flatMap((part) => flawedPart(controller, part)),
    ];
    const underscored = controller.mapping.pairs.filter(({ header }) => header.includes('_'));
    if (underscored.length === 0) return verdict(flawed);
    if (policies.status === 'unread') return verdict(flawed, [policies.unread]);
    const gateways = routes.status === 'read' ? routes.value.routes.flatMap((route) => route.gateways) : [];
    const refused = underscored.flatMap((pair) => underscores(controller, pair, policies.value, gateways));
    return verdict([...flawed, ...refused], routes.status === 'unread' ? [routes.unread] : []);
  },
});

const about = (pairs: readonly Pair[]): readonly string[] => [
  ...new Set(pairs.map(({ attribute }) => `label ${labelOf(attribute, 'escape-name')}`)),
];

/** A mapping flag behind an argument that ended the parsing. */
function stray(controller: Controller): readonly Finding[] {
  const { flags, argv, subject } = controller;
  if (flags.stoppedAt === null) return [];
  const beyond = flagsBeyond(flags, booleanFlags).filter(({ name }) => isMappingFlag(`-${name}`));
  if (beyond.length === 0) return [];
  const stop = argv[flags.stoppedAt] ?? '';
  const names = listed([...new Set(beyond.map(({ written }) => written))]);
  return [
    {
      subject,
      message: `${names} stands after ${JSON.stringify(stop)}, where the parsing of flags ends: it has no effect`,
      evidence: { saw: `${stop} … ${beyond.map(({ written, value }) => `${written}=${value}`).join(' ')}`, run: showArgs(controller) },
      remedy: { text: `remove the argument ${JSON.stringify(stop)} from ${subject}, or join it with its flag by "="` },
      about: about(beyond.flatMap(({ value }) => pairsOf(value))),
    },
  ];
}

const pairsOf = (value: string): readonly Pair[] => {
  const mapping = parseMapping(value);
  return mapping.status === 'parsed' ? mapping.pairs : [];
};

/** A flag given twice: the last copy wins, and what only the others say is lost. */
function repeated(controller: Controller): readonly Finding[] {
  return controller.mapping.repeated.flatMap(({ flag, copies }) => {
    const union = unionOf(copies);
    const lost = pairsMissing(controller.mapping.pairs, union);
    if (lost.length === 0) return [];
    const saw = copies.map(({ written, value }) => `${written}=${value}`).join(' ');
    const message = `--${flag} is given ${counted(copies.length, 'time')} and only the last counts: ${printMapping(lost)} ${lost.length === 1 ? 'is' : 'are'} lost`;
    const remedy = settingFlag(controller, flag, printMapping(union));
    return [{ subject: controller.subject, message, evidence: { saw, run: showArgs(controller) }, remedy, about: about(lost) }];
  });
}

type Part = Controller['mapping']['parts'][number];

function flawedPart(controller: Controller, { flag, value, mapping }: Part): readonly Finding[] {
  if (mapping.status === 'invalid') return [];
  return flawsOf(mapping.pairs).map(({ wrong, message, mended }) => ({
    subject: controller.subject,
    message: `--${flag}: ${message}`,
    evidence: { saw: `--${flag}=${value}`, run: showArgs(controller) },
    remedy: settingFlag(controller, flag, printMapping(mended)),
    about: about([...wrong, ...wrong.map(unquoted)]),
  }));
}

/** A header with an underscore is refused at the door unless a policy of its Gateway lets it in. */
function underscores(
  controller: Controller,
  pair: Pair,
  policies: readonly TrafficPolicy[],
  gateways: readonly GatewayRef[],
): readonly Finding[] {
  const named = [...new Set(gateways.map(({ namespace, name }) => `${namespace}/${name}`))];
  const open = new Set(
    policies
      .filter(({ underscores }) => underscores === 'Allow')
      .flatMap((policy) => policy.gateways.map(({ namespace, name }) => `${namespace}/${name}`)),
  );
  const closed = named.filter((name) => !open.has(name));
  if (closed.length === 0 && (named.length > 0 || open.size > 0)) return [];
  const where =
    closed.length === 0 ? 'no ClientTrafficPolicy lets it in' : `no ClientTrafficPolicy of Gateway ${listed(closed)} lets it in`;
  return [
    {
      subject: controller.subject,
      message: `header ${pair.header} has an underscore, and ${where}: such requests are refused`,
      evidence: {
        saw: `withUnderscoresAction: Allow on ${open.size === 0 ? 'no Gateway' : listed([...open])}`,
        run: 'kubectl get clienttrafficpolicies -A -o yaml',
      },
      remedy: lettingIn(pair, closed, policies),
      about: about([pair]),
    },
  ];
}

function lettingIn({ header }: Pair, [gateway]: readonly string[], policies: readonly TrafficPolicy[]): Remedy {
  const text = `name the header ${header.replaceAll('_', '-')}, or set spec.headers.withUnderscoresAction: Allow in a ClientTrafficPolicy of the Gateway`;
  const [namespace, name] = gateway?.split('/') ?? [];
  if (namespace === undefined || name === undefined) return { text };
  const own = policies.filter(({ gateways }) => gateways.some((ref) => sameGateway(ref, { namespace, name })));
  return allowingUnderscores({ namespace, name }, own, text);
}
