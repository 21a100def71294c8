import { record, records, text } from '../parse/fields.ts';
import { masked } from '../parse/secrets.ts';
import { yamlTrouble } from '../parse/yaml-guard.ts';
import { parsedYaml } from './redaction-fields.ts';
import { inLayout } from './redaction-layout.ts';

type Fields = Readonly<Record<string, unknown>>;

const secretField =
  /pass(word|wd|phrase)?$|secret|token(?!_type)|credential|api_?key|private_?key|^key$|^cert$|^ca$|_pem$|cookie|auth(orization)?$|^basic_?auth$|^oauth2?$|^sigv4$|client_id$|username$/i;
const tenantHeader = /^x-scope-orgid$/i;

/** A file of a ConfigMap that configures a collector or Grafana's data sources, without what it holds besides; null: it is none. */
export function readConfigFile(key: string, content: string): string | null {
  if (yamlTrouble(content) !== null) return null;
  if (/\bprometheus\.(scrape|remote_write|operator\.|relabel)|\bdiscovery\./.test(content) && !/^[ \t]*\w+:[ \t]*$/m.test(content))
    return readAlloy(content);
  if (!/\.ya?ml$|^relay$|^config/.test(key) && !/^[ \t]*(receivers|exporters|service|datasources):/m.test(content)) return null;
  const parsed = parsedYaml(content);
  const fields = record(parsed);
  if ('datasources' in fields) return inLayout(content, { datasources: records(fields.datasources).map(readDatasource) });
  if (collectorParts.some((part) => part in fields)) return inLayout(content, readCollector(fields));
  if (mimirParts.some((part) => part in fields)) return inLayout(content, readMimir(fields));
  // A collector that cannot read its file is judged for that.
  return parsed === null && /^[ \t]*(receivers|exporters|service):/m.test(content) ? '{' : null;
}

const collectorParts = ['receivers', 'exporters', 'processors', 'connectors', 'service'];

const mimirParts = ['multitenancy_enabled', 'blocks_storage', 'limits', 'overrides'];

/** Of a Mimir's configuration whether it tells tenants apart and how long it keeps whose samples. */
function readMimir({ multitenancy_enabled, blocks_storage, limits, overrides }: Fields): Fields {
  const kept = (value: unknown): Fields => {
    const { compactor_blocks_retention_period } = record(value);
    return defined({ compactor_blocks_retention_period });
  };
  const tenants = Object.entries(record(overrides)).map(([tenant, own]) => [tenant, kept(own)]);
  return {
    ...defined({ multitenancy_enabled }),
    ...(blocks_storage === undefined ? {} : { blocks_storage: {} }),
    ...(limits === undefined ? {} : { limits: kept(limits) }),
    ...(overrides === undefined ? {} : { overrides: Object.fromEntries(tenants) }),
  };
}

/** A collector's configuration, as text or as a tree: what is scraped and where it is sent, and of headers the tenant alone. */
export function readCollector(config: unknown): unknown {
  if (typeof config === 'string') {
    const parsed = parsedYaml(config);
    return parsed === null ? '{' : inLayout(config, readCollector(parsed));
  }
  const fields = record(config);
  const left = ['receivers', 'exporters', 'connectors', 'service'].filter((part) => part in fields);
  const names = (value: unknown): Fields => Object.fromEntries(Object.keys(record(value)).map((name) => [name, {}]));
  return {
    ...Object.fromEntries(left.map((part) => [part, scrubbed(fields[part], '')])),
    ...('processors' in fields ? { processors: names(fields.processors) } : {}),
    ...('extensions' in fields ? { extensions: names(fields.extensions) } : {}),
  };
}

function scrubbed(value: unknown, under: string): unknown {
  if (Array.isArray(value)) return value.map((each) => scrubbed(each, under));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => {
      const hidden = secretField.test(name) || (under === 'headers' && !tenantHeader.test(name));
      // A component may be called prometheus/tokens: of a map only its own secrets are hidden.
      const whole = !isMap(field) || secretMap.test(name);
      return [name, hidden && whole && !isReference(field) ? masked : scrubbed(field, name === 'headers' ? 'headers' : '')];
    }),
  );
}

const secretMap = /^(basic_?auth|authorization|oauth2?|sigv4|client_auth|auth|credentials)$/i;

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What only says where a value comes from: "${env:NAME}". */
function isReference(value: unknown): boolean {
  return typeof value === 'string' && /^\$\{[a-z]*:?[A-Za-z_][A-Za-z0-9_]*\}$/.test(value);
}

/** A data source with its address and its tenant; not how Grafana is let in. */
export function readDatasource(entry: unknown): Fields {
  const { name, uid, type, url, access, isDefault, orgId, jsonData, secureJsonData } = record(entry);
  const plain = record(jsonData);
  const headers = Object.entries(plain).filter(([key]) => /^httpHeaderName\d+$/.test(key));
  const tenants = headers.filter(([, header]) => tenantHeader.test(text(header) ?? '')).map(([key]) => key.replace('Name', 'Value'));
  const secure = Object.entries(record(secureJsonData)).map(([key, value]) => [key, tenants.includes(key) ? value : masked]);
  return {
    ...defined({ name, uid, type, url, access, isDefault, orgId }),
    ...(jsonData === undefined
      ? {}
      : { jsonData: { ...Object.fromEntries(headers), ...defined({ prometheusType: plain.prometheusType }) } }),
    ...(secureJsonData === undefined ? {} : { secureJsonData: Object.fromEntries(secure) }),
  };
}

function defined(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

const alloyAttribute = /(?<![\w-])("?)([A-Za-z_][\w-]*)\1(\s*=\s*)"((?:[^"\\\n]|\\.)*)"/g;

/** An Alloy file with the texts of its attributes that name secrets replaced; comments are left out, for anything may stand there. */
function readAlloy(content: string): string {
  const code = content.replace(
    /("(?:[^"\\\n]|\\.)*"|`[^`]*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, quoted: string | undefined) => quoted ?? '',
  );
  return code.replace(alloyAttribute, (whole, quote: string, name: string, equals: string) => {
    const header = quote === '"' && /^x-|^authorization$|^cookie$/i.test(name) && !tenantHeader.test(name);
    return header || secretField.test(name) ? `${quote}${name}${quote}${equals}"${masked}"` : whole;
  });
}
