import type { Editable } from '../../world.ts';
import { nameOf, type Place, present } from './present.ts';

/** A way of requests: from a Gateway to a route that its controller has accepted. */
export interface Path {
  readonly gateway: Editable;
  readonly route: Editable;
}

/** Ways through Gateways of these controllers: kuadrant-operator internal/controller/topology.go. */
export async function pathsOf(place: Place, controllers: readonly string[]): Promise<readonly Path[]> {
  const [classes, gateways, routes] = await Promise.all([
    present(place, 'GatewayClass'),
    present(place, 'Gateway'),
    present(place, 'HTTPRoute'),
  ]);
  const served = gateways.filter(({ spec }) => controllers.includes(controllerOf(spec.gatewayClassName, classes)));
  return served.flatMap((gateway) => routes.filter((route) => isAccepted(route, gateway)).map((route) => ({ gateway, route })));
}

export function controllerOf(className: string, classes: readonly Editable[]): string {
  return classes.find(({ metadata }) => metadata.name === className)?.spec.controllerName ?? '';
}

function isAccepted({ metadata, status }: Editable, gateway: Editable): boolean {
  const parents: readonly Editable[] = status?.parents ?? [];
  return parents.some(
    ({ parentRef, conditions }) =>
      parentRef.name === gateway.metadata.name &&
      (parentRef.namespace ?? metadata.namespace) === gateway.metadata.namespace &&
      conditions.some((each: Editable) => each.type === 'Accepted' && each.status === 'True'),
  );
}

/** Whether a policy is on a way, by its route or its Gateway: both are of its own namespace. */
export function attachedTo({ metadata, spec }: Editable, { gateway, route }: Path): boolean {
  const target = { metadata: { namespace: metadata.namespace, name: spec.targetRef.name } };
  return nameOf(target) === nameOf(spec.targetRef.kind === 'Gateway' ? gateway : route);
}

/** Whether its status says that it is in force. */
export const isEnforced = ({ status }: Editable): boolean =>
  status?.conditions?.some(({ type, status: is }: Editable) => type === 'Enforced' && is === 'True') ?? false;
