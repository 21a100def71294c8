import { record } from './fields.ts';

/** What stands where a secret stood. */
export const masked = '***';

const secretFlag = /^(--?[\w.-]*(?:seed|token|secret|password|passwd|api-?key|credentials))(=|$)/i;
const secretVariable = /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|AUTH_?KEY|ENCRYPTION_?KEY|SEED|CREDENTIALS)$/i;
/** A data source: its user and password stand before the last "@", as in a URL, and as mysql has them without a scheme. */
const dataSource = /(?:^|_)(?:DSN|DATABASE_URL|REDIS_URL)$/i;
const secretHeader = /^(?:proxy-)?authorization$/i;
const noise: readonly string[] = ['managedFields', 'resourceVersion', 'selfLink'];
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

type Fields = Readonly<Record<string, unknown>>;

/** An object of the API without bookkeeping and without secrets: Secrets' data, flags such as -mcpSessionEncryptionSeed, literal environment values, Authorization headers. */
export function redact<T extends Fields>(object: T): T {
  const clean = masking(withoutSecretData(object)) as T;
  return { ...clean, metadata: metadataWithoutNoise(record(clean.metadata)) };
}

function withoutSecretData(object: Fields): Fields {
  if (object.kind !== 'Secret') return object;
  const { data: _data, stringData: _stringData, ...rest } = object;
  return rest;
}

function metadataWithoutNoise(metadata: Fields): Fields {
  const kept = Object.fromEntries(Object.entries(metadata).filter(([name]) => !noise.includes(name)));
  if (metadata.annotations === undefined) return kept;
  const { [lastApplied]: _lastApplied, ...annotations } = record(metadata.annotations);
  return { ...kept, annotations };
}

/** Flags with their secret values masked, in both spellings: "-seed=x" and "-seed", "x". */
export function maskArgs(args: readonly unknown[]): readonly unknown[] {
  return args.map((arg, index) => {
    const before = args[index - 1];
    const follows = typeof before === 'string' && secretFlag.exec(before)?.[2] === '';
    if (typeof arg !== 'string') return arg;
    if (follows && !arg.startsWith('-')) return masked;
    const [, name, separator] = secretFlag.exec(arg) ?? [];
    return name !== undefined && separator === '=' ? `${name}=${masked}` : arg;
  });
}

function masking(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masking);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, maskField(name, field)]));
}

function maskField(name: string, value: unknown): unknown {
  if ((name === 'args' || name === 'command') && Array.isArray(value)) return maskArgs(value);
  if (name === 'env' && Array.isArray(value)) return value.map(maskVariable);
  if (secretHeader.test(name) && typeof value === 'string') return masked;
  return masking(value);
}

function maskVariable(variable: unknown): unknown {
  const { name, value } = record(variable);
  if (typeof name === 'string' && typeof value === 'string' && dataSource.test(name))
    return {
      ...record(variable),
      value: value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, (_, scheme: string | undefined) => `${scheme ?? ''}${masked}@`),
    };
  if (typeof name !== 'string' || typeof value !== 'string' || value === '' || !secretVariable.test(name)) return masking(variable);
  return { ...record(variable), value: masked };
}
