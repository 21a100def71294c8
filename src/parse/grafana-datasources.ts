import { number, record, records, text } from './fields.ts';
import { masked } from './secrets.ts';
import { readYaml, yamlTrouble } from './yaml-guard.ts';

/** A data source as Grafana is provisioned with it. */
export interface DatasourceEntry {
  readonly name: string;
  readonly uid: string | null;
  /** "prometheus", "loki". */
  readonly type: string;
  readonly url: string | null;
  /** The X-Scope-OrgID header that it sends; null: none. */
  readonly tenant: string | null;
  /** A header of that name is sent whose value is not told here: it is a variable, or in a Secret. */
  readonly tenantHidden: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** The data sources of a provisioning file (grafana pkg/services/provisioning/datasources); none where it is no YAML. */
export function provisionedDatasources(yaml: string): readonly DatasourceEntry[] {
  if (yamlTrouble(yaml) !== null) return [];
  try {
    return records(record(readYaml(yaml)).datasources).map(datasourceOf);
  } catch {
    // Grafana does not start with it either, and says so in its log.
    return [];
  }
}

/** One entry of a provisioning file, or the spec.datasource of a GrafanaDatasource. */
export function datasourceOf(entry: Fields): DatasourceEntry {
  const header = tenantHeader(record(entry.jsonData), record(entry.secureJsonData));
  return {
    name: text(entry.name) ?? '',
    uid: text(entry.uid),
    type: text(entry.type) ?? '',
    // Who lets Grafana in is nobody's business here.
    url: text(entry.url)?.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1') ?? null,
    tenant: header?.value ?? null,
    tenantHidden: header !== null && header.value === null,
  };
}

/** jsonData.httpHeaderNameN and secureJsonData.httpHeaderValueN belong together: grafana pkg/infra/httpclient custom headers. */
function tenantHeader(plain: Fields, secure: Fields): { readonly value: string | null } | null {
  const index = Object.keys(plain).find((key) => /^httpHeaderName\d+$/.test(key) && text(plain[key])?.toLowerCase() === 'x-scope-orgid');
  if (index === undefined) return null;
  const given = secure[index.replace('Name', 'Value')];
  const value = text(given) ?? (number(given) === null ? null : String(given));
  return { value: value === null || value === '' || value.includes('$') || value === masked ? null : value };
}
