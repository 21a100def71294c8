import { list, record, records, text } from '../parse/fields.ts';
import { masked } from '../parse/secrets.ts';
import { readRoleRules, readSubjects } from './redaction-access.ts';
import { readCollector, readDatasource } from './redaction-configs.ts';
import type { Shape } from './redaction-fields.ts';

type Fields = Readonly<Record<string, unknown>>;

const policy = (spec: Record<string, Shape>): Shape => ({ spec: { targetRef: true, ...spec }, status: true });
const limits: Shape = (value) =>
  Object.fromEntries(
    Object.entries(record(value)).map(([name, limit]) => {
      const { rates, when, counters } = record(limit);
      return [name, { rates, when, counters }];
    }),
  );
const limited: Record<string, Shape> = { limits, when: true, strategy: true };
const authenticated: Record<string, Shape> = { rules: readRules };

/** What facts read of the kinds that the other systems bring, by plural name. */
export const systemShapes: Readonly<Record<string, Shape>> = {
  services: { spec: { type: true, selector: true, ports: true, clusterIP: true, externalName: true } },
  ingresses: { spec: { ingressClassName: true, defaultBackend: true, rules: true } },
  networkpolicies: { spec: true },
  roles: { rules: readRoleRules },
  clusterroles: { rules: readRoleRules },
  rolebindings: { roleRef: true, subjects: readSubjects },
  clusterrolebindings: { roleRef: true, subjects: readSubjects },
  gatewayclasses: { spec: { controllerName: true }, status: true },
  kuadrants: { spec: { observability: { enable: true }, mtls: true, tokenRateLimiting: true }, status: true },
  authpolicies: policy({ ...authenticated, defaults: authenticated, overrides: authenticated }),
  ratelimitpolicies: policy({ ...limited, defaults: limited, overrides: limited }),
  tokenratelimitpolicies: policy({ ...limited, defaults: limited, overrides: limited }),
  telemetrypolicies: policy({ metrics: true }),
  limitadors: {
    spec: {
      limits: true,
      metricLabelsDefault: true,
      telemetry: true,
      replicas: true,
      version: true,
      image: true,
      listener: true,
      storage: (value) => Object.fromEntries(Object.keys(record(value)).map((kind) => [kind, {}])),
    },
    status: true,
  },
  opentelemetrycollectors: {
    spec: {
      mode: true,
      replicas: true,
      image: true,
      config: readCollector,
      targetAllocator: { enabled: true, prometheusCR: { enabled: true } },
    },
    status: true,
  },
  grafanadatasources: { spec: { datasource: readDatasource, instanceSelector: true }, status: true },
};

/** Who is asked for what, and which properties of the caller are passed on: kuadrant api/v1 AuthPolicy. No value, no policy text, no address. */
function readRules(value: unknown): unknown {
  const { authentication, response } = record(value);
  const schemes = Object.entries(record(authentication)).map(([name, scheme]) => {
    const { apiKey } = record(scheme);
    const kinds = Object.keys(record(scheme)).filter((key) => key !== 'apiKey');
    const { selector, allNamespaces } = record(apiKey);
    const key = apiKey === undefined ? {} : { apiKey: { selector, ...(allNamespaces === undefined ? {} : { allNamespaces }) } };
    return [name, { ...key, ...Object.fromEntries(kinds.map((kind) => [kind, {}])) }];
  });
  const success = record(record(response).success);
  const filters = Object.entries(record(success.filters)).map(([name, filter]) => [name, readFilter(record(filter))]);
  return {
    ...(authentication === undefined ? {} : { authentication: Object.fromEntries(schemes) }),
    ...(response === undefined ? {} : { response: { success: { filters: Object.fromEntries(filters) } } }),
  };
}

function readFilter(filter: Fields): Fields {
  return Object.fromEntries(
    Object.entries(filter).map(([kind, value]) => {
      if (kind !== 'json') return [kind, {}];
      const properties = Object.entries(record(record(value).properties)).map(([name, property]) => {
        const { selector, expression, value: fixed } = record(property);
        const kept = { ...(selector === undefined ? {} : { selector }), ...(expression === undefined ? {} : { expression }) };
        return [name, fixed === undefined ? kept : { ...kept, value: masked }];
      });
      return [kind, { properties: Object.fromEntries(properties) }];
    }),
  );
}

/** The volumes of a pod by what they are; of ConfigMaps their names and keys, of claims their names, of Secrets nothing. */
export function readVolumes(value: unknown): unknown {
  return records(value).map((volume) => {
    const kinds = Object.entries(volume).filter(([name]) => name !== 'name');
    return { name: volume.name, ...Object.fromEntries(kinds.map(([kind, source]) => [kind, readVolume(kind, record(source))])) };
  });
}

function readVolume(kind: string, source: Fields): Fields {
  if (kind === 'configMap') return mapOf(source);
  if (kind === 'persistentVolumeClaim') return { claimName: source.claimName };
  if (kind !== 'projected') return {};
  return {
    sources: records(source.sources).map(({ configMap }) => (configMap === undefined ? {} : { configMap: mapOf(record(configMap)) })),
  };
}

function mapOf({ name, items, optional }: Fields): Fields {
  return { name, ...(items === undefined ? {} : { items }), ...(optional === undefined ? {} : { optional }) };
}

/** Variables whose values facts read: of gpt-load, of the operators, of Grafana's sidecar. */
const readNames = new Set([
  'PORT',
  'IS_SLAVE',
  'WITH_EXTENSIONS',
  'ISTIO_GATEWAY_CONTROLLER_NAMES',
  'ENVOY_GATEWAY_GATEWAY_CONTROLLER_NAMES',
  'LABEL',
  'LABEL_VALUE',
  'NAMESPACE',
  'GF_SERVER_HTTP_PORT',
  'GF_SERVER_PROTOCOL',
]);

/** What is left of the value of a variable of the other systems; null: nothing. */
export function readVariable(name: string, value: string): string | null {
  if (readNames.has(name)) return value;
  if (name === 'DATABASE_DSN') return withoutUser(value);
  // An address inside the cluster, which configurations of collectors refer to.
  return /^https?:\/\/[\w-]+(\.[\w-]+)*(:\d+)?(\/[\w.-]{1,24}){0,4}\/?$/.test(value) &&
    /^https?:\/\/([\w-]+(?=[:/]|$)|\S+\.svc\b)/.test(value)
    ? value
    : null;
}

/** A connection string without who connects and how: postgres://host/db, @tcp(host:3306)/db; a file stays what it is. */
function withoutUser(dsn: string): string {
  const url = /^([a-z][a-z0-9+.-]*:\/\/)(?:[^@/]*@)?([^?\s]*)/i.exec(dsn);
  if (url !== null) return `${url[1]}${url[2]}`;
  const mysql = /@(?:tcp|unix)\([^)]*\)(?:\/[\w-]*)?/.exec(dsn);
  if (mysql !== null) return mysql[0];
  if (/\bhost=/.test(dsn))
    return dsn
      .split(/\s+/)
      .filter((word) => /^(host|port|dbname)=/.test(word))
      .join(' ');
  return dsn;
}

/** Where the value of a variable comes from; names are no secrets. */
export function readValueFrom(value: unknown): unknown {
  const fields = record(value);
  return Object.fromEntries(
    Object.entries(fields).map(([kind, source]) => {
      const { name, key, fieldPath } = record(source);
      return [
        kind,
        {
          ...(text(name) === null ? {} : { name }),
          ...(text(key) === null ? {} : { key }),
          ...(text(fieldPath) === null ? {} : { fieldPath }),
        },
      ];
    }),
  );
}

/** The sources of whole environments, of which only that they are there is read. */
export function readEnvFrom(value: unknown): unknown {
  return list(value).map(() => ({}));
}
