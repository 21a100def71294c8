import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { emitters } from '../facts/emitters.ts';
import { type Gateway, gatewayClasses, gateways } from '../facts/gateways.ts';
import { envOf, type Operator, operators } from '../facts/operator.ts';
import { telemetryPolicies } from '../facts/policies.ts';
import { scene } from '../facts/scene.ts';
import { sameName } from '../names.ts';
import { pathKeys, podKeys } from '../phrases.ts';
import { labelKeysAt } from '../telemetry.ts';

/** A Gateway of a controller that the operator does not serve. */
export const providerUnknown = defineCheck({
  id: 'provider-unknown',
  title: 'the operator serves the controller of every Gateway with token limits',
  hop: 'configure',
  severity: 'error',
  why: 'The operator puts its filter only into the proxies of controllers that it knows by name. Behind any other, requests pass uncounted.',
  fix: 'Name the controller of the GatewayClass in the variable ISTIO_GATEWAY_CONTROLLER_NAMES or ENVOY_GATEWAY_GATEWAY_CONTROLLER_NAMES of the operator.',
  follows: ['crds-missing'],
  needs: { scene, gateways, gatewayClasses },
  wants: { operators, emitters, telemetryPolicies },
  judge: ({ scene, gateways, gatewayClasses, operators, emitters, telemetryPolicies }) => {
    const own = gateways.filter((gateway) => scene.gateways.some((ref) => sameName(ref, gateway)));
    if (own.length === 0) return { status: 'skip', because: 'no Gateway has token limits' };
    if (operators.status === 'unread') return { status: 'unknown', unread: [operators.unread] };
    const [operator] = operators.value;
    if (operator === undefined) return { status: 'skip', because: 'no Deployment of the operator was found' };
    const known = controllersOf(operator);
    const findings = own.flatMap((gateway) => {
      const controller = gatewayClasses.get(gateway.gatewayClass ?? '') ?? '';
      if (controller === '' || known.includes(controller)) return [];
      const paths = scene.paths.filter((path) => sameName(path.gateway, gateway));
      return [
        findingOf(gateway, controller, {
          operator,
          about: [gateway.key, ...pathKeys(paths), ...podKeys(emitters), ...labelKeysAt(gateway, telemetryPolicies)],
        }),
      ];
    });
    return verdict(findings);
  },
});

/** Defaults: kuadrant-operator internal/controller/data_plane_policies_workflow.go; OpenShift's is among them in some releases. */
const variables = [
  ['ISTIO_GATEWAY_CONTROLLER_NAMES', ['istio.io/gateway-controller', 'openshift.io/gateway-controller/v1']],
  ['ENVOY_GATEWAY_GATEWAY_CONTROLLER_NAMES', ['gateway.envoyproxy.io/gatewayclass-controller']],
] as const;

function controllersOf(operator: Operator): readonly string[] {
  return variables.flatMap(([name, defaults]) => {
    const given = envOf(operator, name);
    return given === null || given.trim() === '' ? defaults : given.split(',').map((part) => part.trim());
  });
}

function findingOf(
  gateway: Gateway,
  controller: string,
  { operator, about }: { readonly operator: Operator; readonly about: readonly string[] },
): Finding {
  const { namespace, name } = operator.deployment;
  const variable = /envoyproxy/.test(controller) ? variables[1][0] : variables[0][0];
  const given = envOf(operator, variable);
  const value = [
    ...(given === null || given === '' ? (variables.find(([each]) => each === variable)?.[1] ?? []) : [given]),
    controller,
  ].join(',');
  return {
    subject: gateway.subject,
    message: `its GatewayClass ${gateway.gatewayClass} belongs to ${controller}, which the operator does not serve`,
    evidence: {
      saw: `${variable}=${given ?? '(default)'}`,
      run: `kubectl -n ${namespace} set env deployment/${name} --list | grep CONTROLLER_NAMES`,
    },
    remedy: {
      text: 'name the controller in the operator, as the provider that it is: Istio or Envoy Gateway',
      command: `kubectl -n ${namespace} set env deployment/${name} ${shellWord(`${variable}=${value}`)}`,
    },
    about,
  };
}
