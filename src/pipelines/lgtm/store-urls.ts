import type { Mimir, MimirService } from '../../facts/mimir.ts';

/** Where a store answers queries, for who is in the cluster; null: no Service leads there. */
export function queryUrl(mimir: Mimir): string | null {
  const base = baseOf(mimir, /query-frontend$/);
  return base === null ? null : `${base}/prometheus`;
}

/** Where a store takes what is written; null: no Service leads there. */
export function pushUrl(mimir: Mimir): string | null {
  const base = baseOf(mimir, /distributor$/);
  return base === null ? null : `${base}/api/v1/push`;
}

function baseOf({ services }: Mimir, part: RegExp): string | null {
  const [service] = services.toSorted((a, b) => entrance(b, part) - entrance(a, part));
  if (service === undefined) return null;
  const port = service.ports.find((each) => each === 8080 || each === 80) ?? service.ports[0] ?? 80;
  return `http://${service.name}.${service.namespace}.svc:${port}`;
}

/** The gateway before the part that is asked for, and that before headless Services of rings. */
function entrance({ gateway, name }: MimirService, part: RegExp): number {
  if (gateway) return 3;
  return part.test(name) ? 2 : /headless|gossip|ring|discovery/.test(name) ? 0 : 1;
}
