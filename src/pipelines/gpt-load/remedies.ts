import { fieldOf, monitorNamed, type Patched, patching } from '../../checks/patching.ts';
import type { EndpointCoverage } from '../../facts/coverage.ts';
import type { Monitor } from '../../facts/monitors.ts';
import type { EmitterTarget } from '../../facts/targets.ts';
import type { Operation } from '../../model/change.ts';
import type { Remedy } from '../../model/check.ts';
import { record, records } from '../../parse/fields.ts';
import { shellWord } from '../../parse/shell-word.ts';
import type { Instance } from './facts/instances.ts';
import { kubectlName } from './phrases.ts';

/** Whether an endpoint of a monitor brings the very key that METRICS_TOKEN of a pod comes from. If the pod refuses it, it was changed since the pod began. */
export function bringsKeyOf({ tokenKey, pod }: Instance, { namespace }: Monitor, endpoint: Readonly<Record<string, unknown>>): boolean {
  const { name, key } = record(record(endpoint.authorization).credentials);
  return tokenKey !== null && namespace === pod.namespace && tokenKey.name === name && tokenKey.key === key;
}

/** Whether a scrape was answered that it brings no token, or another. */
export function isRefused({ health, lastError }: EmitterTarget): boolean {
  return health === 'down' && /HTTP status (401|403)/.test(lastError);
}

/** Pods take the token of now when they begin anew; one that stands alone has nobody to begin it. */
export function begunAnew({ workload, pod, tokenKey }: Instance): Remedy {
  const name = kubectlName(workload, pod);
  const text = `restart ${name}: Secret ${pod.namespace}/${tokenKey?.name ?? ''} was changed since it began`;
  return workload === null ? { text } : { text, command: `kubectl -n ${shellWord(pod.namespace)} rollout restart ${shellWord(name)}` };
}

/** Whether an endpoint has a way to authenticate. */
export function bringsToken(endpoint: Readonly<Record<string, unknown>>): boolean {
  return (
    ['authorization', 'bearerTokenSecret', 'oauth2'].some((field) => Object.keys(record(endpoint[field])).length > 0) ||
    Boolean(endpoint.bearerTokenFile)
  );
}

/**
 * A Secret with a token, which the monitors bring, and which the pods of the workload ask for from then on: the one that a monitor brings already, else a new one.
 * Null where nobody's template is at hand, monitors bring different tokens, or the Secret would have to be in two namespaces.
 */
export function guarded(instance: Instance, endpoints: readonly EndpointCoverage[]): Remedy | null {
  const { workload, pod, container } = instance;
  const place = containerPlace(instance);
  if (workload === null || place === null || endpoints.some(({ monitor }) => monitor.namespace !== pod.namespace)) return null;
  const fresh = { name: `${workload.name}-metrics`, key: 'metrics' };
  const secret = tokenBrought(endpoints, fresh);
  if (secret === null) return null;
  const bare = endpoints.filter(({ endpoint }) => !bringsToken(endpoint.raw));
  const bringing = bare.map((endpoint): readonly [Patched, readonly Operation[]] => [
    monitorNamed(endpoint.monitor),
    [{ op: 'add', path: fieldOf(endpoint, 'authorization'), value: { credentials: secret } }],
  ]);
  const name = kubectlName(workload, pod);
  const asks = `set METRICS_TOKEN in container ${container.name} of ${name} from`;
  const text =
    secret === fresh
      ? `make Secret ${secret.name} with a token, let the monitors bring it, and ${asks} it`
      : `${asks} key ${secret.key} of Secret ${secret.name}, which its monitors bring`;
  const asking = [
    { resource: workload.kind.toLowerCase(), namespace: workload.namespace, name: workload.name },
    [asked(place, secret)],
  ] as const;
  const { command = '' } = patching(text, ...bringing, asking);
  if (secret !== fresh) return { text, command };
  const metadata = JSON.stringify({ namespace: pod.namespace, name: secret.name });
  // Without a token there is no object, and kubectl refuses: an empty one would leave the counters open.
  const object = `{apiVersion: "v1", kind: "Secret", metadata: ${metadata}, stringData: {${secret.key}: .}}`;
  const made = `openssl rand -hex 32 | jq -R ${shellWord(object)} | kubectl create -f -`;
  return { text, command: `${made} && ${command}` };
}

interface Key {
  readonly name: string;
  readonly key: string;
}

/** The key of a Secret that all endpoints bring that bring any; null: they bring several, or one that is in no Secret. */
function tokenBrought(endpoints: readonly EndpointCoverage[], fresh: Key): Key | null {
  const bringing = endpoints.filter(({ endpoint }) => bringsToken(endpoint.raw));
  const keys = bringing.map(({ endpoint }): Key | null => {
    const { name, key } = record(record(endpoint.raw.authorization).credentials);
    return typeof name === 'string' && typeof key === 'string' ? { name, key } : null;
  });
  const [first = fresh] = keys;
  return first === null || keys.some((each) => each?.name !== first.name || each.key !== first.key) ? null : first;
}

interface Place {
  /** Of the container in its workload. */
  readonly path: string;
  readonly env: readonly Readonly<Record<string, unknown>>[];
}

/** The container in the template of its workload; null where another controller writes that. */
function containerPlace({ workload, container }: Instance): Place | null {
  if (workload === null || workload.metadata.ownerReferences?.some(({ controller }) => controller === true) === true) return null;
  const containers = records(record(record(record(workload.raw.spec).template).spec).containers);
  const at = containers.findIndex(({ name }) => name === container.name);
  return at < 0 ? null : { path: `/spec/template/spec/containers/${at}`, env: records(containers[at]?.env) };
}

function asked({ path, env }: Place, secret: Key): Operation {
  const value = { name: 'METRICS_TOKEN', valueFrom: { secretKeyRef: secret } };
  const at = env.findLastIndex(({ name }) => name === value.name);
  if (at >= 0) return { op: 'replace', path: `${path}/env/${at}`, value };
  return env.length > 0 ? { op: 'add', path: `${path}/env/-`, value } : { op: 'add', path: `${path}/env`, value: [value] };
}
