import type { Mimir } from '../../facts/mimir.ts';
import type { Remedy } from '../../model/check.ts';
import type { Destination } from './facts/destinations.ts';
import { tenantHeader } from './names.ts';
import { pushUrl } from './store-urls.ts';
import { decisive, reconfiguring } from './text-remedies.ts';

type Writer = Pick<Destination, 'collector' | 'exporter'>;

/** Gives an exporter the address of the store; where one store is known, that is the one. */
export function readdressing({ collector, exporter: { id, kind, endpoint } }: Writer, mimirs: readonly Mimir[]): Remedy {
  const [only, ...others] = mimirs;
  const url = only === undefined || others.length > 0 ? null : pushUrl(only);
  const say = { text: `give exporter ${id} the address of the store${url === null ? '' : `, ${url}`}` };
  // Who lets the collector in would stand in the command.
  if (url === null || kind !== 'remote-write' || endpoint?.includes('@')) return say;
  const path = ['exporters', id, 'endpoint'];
  return reconfiguring(collector, decisive(collector, path), say, [{ path, value: url }]);
}

/** Lets an exporter name a tenant; null: which one is not known. */
export function naming({ collector, exporter: { id } }: Writer, tenant: string | null): Remedy {
  const say = { text: `give ${id} the header ${tenantHeader}: ${tenant ?? 'TENANT'}` };
  if (tenant === null || tenant.includes('|')) return say;
  const source = decisive(collector, ['exporters', id]);
  return reconfiguring(collector, source, say, [{ path: ['exporters', id, 'headers', tenantHeader], value: tenant }]);
}
