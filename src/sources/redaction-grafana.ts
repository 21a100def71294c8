import { jsonOf, list, record } from '../parse/fields.ts';

/** Paths of Grafana's API that are asked, below whatever path it is served from. */
export const isGrafanaPath = (path: string): boolean => /\/api\/(?:dashboards\/uid\/[^/]+|search)$/.test(path);

/** What is left of an answer of Grafana: which dashboards it has, and nothing of what is in them. */
export function readGrafana(body: string): string {
  const value = jsonOf(body);
  const named = ({ uid, title }: Readonly<Record<string, unknown>>): object => ({ uid, title });
  return JSON.stringify(
    Array.isArray(value) ? list(value).map((each) => named(record(each))) : { dashboard: named(record(record(value).dashboard)) },
  );
}
