import type { TokenFlow } from '../../../e2e/emulator/limitador.ts';
import type { Editable } from '../../world.ts';
import { callersOf, identityOf } from './callers.ts';
import { going } from './counters.ts';
import { reported } from './filter.ts';
import { nameOf, type Place, present } from './present.ts';
import { isEnforced, type Path, pathsOf } from './topology.ts';

/** What the callers' next requests are to a Limitador: those of routes in its list of limits, as the filter in the proxies reports them. */
export async function traffic(place: Place, countsTokens: boolean): Promise<readonly TokenFlow[]> {
  const filters = [...(await present(place, 'WasmPlugin')), ...(await present(place, 'EnvoyExtensionPolicy'))];
  const limits = (await present(place, 'Limitador')).flatMap(({ spec }) => spec.limits ?? []);
  const policies = (await present(place, 'AuthPolicy')).filter(isEnforced);
  const callers = callersOf(policies, await present(place, 'Secret'));
  const controllers = (await present(place, 'GatewayClass')).map(({ spec }) => spec.controllerName);
  const paths = await pathsOf(place, controllers);
  return paths.flatMap((path) => {
    const route = nameOf(path.route);
    const config = configAt(path, filters);
    if (config === undefined || !limits.some(({ namespace }: Editable) => namespace === route)) return [];
    return callers.flatMap((caller) => {
      const report = reported(config, route, identityOf(caller, path, policies));
      if (report === null) return [];
      const tokens = countsTokens && caller.flow.tokens !== null ? report.limits * caller.flow.tokens : null;
      return [going(route, report.labels, caller.flow, tokens)];
    });
  });
}

/** Undefined: no filter is in the proxies of the Gateway. */
function configAt({ gateway }: Path, filters: readonly Editable[]): Editable | undefined {
  const { namespace, name } = gateway.metadata;
  const filter = filters.find((each) => nameOf(each) === `${namespace}/kuadrant-${name}`);
  return filter?.spec.pluginConfig ?? filter?.spec.wasm?.[0]?.config;
}
