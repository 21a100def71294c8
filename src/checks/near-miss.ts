import type { Condition, EndpointCoverage, Miss } from '../facts/coverage.ts';
import type { Emitter, Nouns } from '../facts/emitters.ts';
import { type MonitorEndpoint, portText } from '../facts/monitors.ts';
import type { Remedy } from '../model/check.ts';
import { requirementText, unmet } from '../parse/selector.ts';
import { explainedService } from './near-miss-service.ts';
import { fieldOf, patchingMonitor } from './patching.ts';
import { counted, enumerated } from './wording.ts';

/** One condition that an endpoint misses: in words, as seen, and what would satisfy it. */
export interface Explained {
  readonly text: string;
  readonly saw: string;
  readonly remedy: Remedy;
}

/** Says why an endpoint passes the emitters of some misses by. */
export function explained(condition: Condition, coverage: EndpointCoverage, misses: readonly Miss[], nouns: Nouns): Explained {
  const service = misses[0]?.service;
  if (service !== undefined) return explainedService(condition, coverage, { misses, service }, nouns);
  const emitters = misses.map(({ emitter }) => emitter);
  switch (condition) {
    case 'port':
      return port(coverage, emitters, nouns);
    case 'labels':
      return labels(coverage, emitters, nouns);
    case 'namespace':
      return namespace(coverage, emitters, nouns);
    case 'path':
      return path(coverage, emitters);
  }
}

function field(endpoint: MonitorEndpoint): 'port' | 'portNumber' | 'targetPort' {
  if (endpoint.port !== null) return 'port';
  return endpoint.portNumber !== null ? 'portNumber' : 'targetPort';
}

function port(coverage: EndpointCoverage, emitters: readonly Emitter[], nouns: Nouns): Explained {
  const { endpoint } = coverage;
  const [first] = emitters;
  const names = [...new Set(emitters.flatMap(({ portNames }) => portNames ?? []))];
  const numbers = [...new Set(emitters.map(({ port }) => port))];
  const undeclared = emitters.every(({ portNames }) => portNames === null);
  const theirs = undeclared
    ? `no container declares port ${numbers.join(', ')}`
    : `${emitters.length === 1 ? 'it names it' : 'they name it'} ${names.length === 0 ? 'not at all' : names.map((name) => `"${name}"`).join(' and ')}`;
  const text =
    emitters.length === 1
      ? `${portText(endpoint)} does not exist on ${counted(1, nouns)} (${theirs})`
      : `${portText(endpoint)} exists on none of ${counted(emitters.length, nouns)} (${theirs})`;
  return { text, saw: portText(endpoint), remedy: portRemedy(coverage, names, first?.port ?? 0, undeclared) };
}

function portRemedy(coverage: EndpointCoverage, names: readonly string[], number: number, undeclared: boolean): Remedy {
  const { endpoint, monitor } = coverage;
  if (undeclared) return { text: `declare port ${number} in the container that serves it` };
  const [name] = names;
  const used = field(endpoint);
  if (name === undefined || used === 'portNumber') {
    const remove = used === 'portNumber' ? [] : [{ op: 'remove' as const, path: fieldOf(coverage, used) }];
    const add = { op: 'add', path: fieldOf(coverage, 'portNumber'), value: number } as const;
    return patchingMonitor(`select port ${number} by number in endpoint ${endpoint.index}`, monitor, ...remove, add);
  }
  // Pods that the old name serves keep it: the port is a pattern.
  const kept = coverage.covers.some(({ emitter }) => emitter.portNames?.includes(name) !== true);
  const value = kept ? `${endpoint[used]}|${name}` : name;
  return patchingMonitor(`select port "${value}" in endpoint ${endpoint.index}`, monitor, {
    op: 'replace',
    path: fieldOf(coverage, used),
    value,
  });
}

function labels({ monitor }: EndpointCoverage, emitters: readonly Emitter[], nouns: Nouns): Explained {
  const [first] = emitters;
  const missing = unmet(monitor.selector, first?.pod.labels ?? {});
  const wanted = missing.map(requirementText).join(',');
  const found = [
    ...new Set(missing.map(({ key }) => (first?.pod.labels[key] === undefined ? `no label ${key}` : `${key}=${first.pod.labels[key]}`))),
  ];
  const text = `its selector wants ${wanted} and ${counted(emitters.length, nouns)} ${emitters.length === 1 ? 'has' : 'have'} ${found.join(', ')}`;
  const value = { matchLabels: commonLabels(emitters) };
  const remedy = patchingMonitor('select the pods by labels they have', monitor, { op: 'replace', path: '/spec/selector', value });
  return { text, saw: `selector: ${wanted}`, remedy };
}

function namespace({ monitor }: EndpointCoverage, emitters: readonly Emitter[], nouns: Nouns): Explained {
  const theirs = [...new Set(emitters.map(({ pod }) => pod.namespace))];
  const looked = monitor.namespaces ?? [];
  const text = `it looks in namespace ${enumerated(looked)} and ${counted(emitters.length, nouns)} ${emitters.length === 1 ? 'is' : 'are'} in ${enumerated(theirs)}`;
  const value = { matchNames: [...new Set([...looked, ...theirs])] };
  const say = `add namespace ${theirs.join(', ')} to its namespaceSelector`;
  const remedy = patchingMonitor(say, monitor, { op: 'add', path: '/spec/namespaceSelector', value });
  return { text, saw: `namespaces: ${looked.join(',')}`, remedy };
}

function path(coverage: EndpointCoverage, emitters: readonly Emitter[]): Explained {
  const { endpoint, monitor } = coverage;
  const wanted = emitters[0]?.path ?? '/metrics';
  const operation = { op: 'add', path: fieldOf(coverage, 'path'), value: wanted } as const;
  const remedy = patchingMonitor(`ask for ${wanted} in endpoint ${endpoint.index}`, monitor, operation);
  return { text: `it asks for path ${endpoint.path} and token metrics are at ${wanted}`, saw: `path: ${endpoint.path}`, remedy };
}

// Labels that differ between the pods of one workload or change with each rollout.
const volatile =
  /^(pod-template-hash|controller-revision-hash|statefulset\.kubernetes\.io\/|apps\.kubernetes\.io\/pod-index|pod-template-generation|batch\.kubernetes\.io\/)/;

/** Labels that all emitters share and that survive a rollout; those of the app.kubernetes.io family where there are some. */
export function commonLabels(emitters: readonly Emitter[]): Readonly<Record<string, string>> {
  const [first, ...rest] = emitters;
  const shared = Object.entries(first?.pod.labels ?? {}).filter(
    ([name, value]) => !volatile.test(name) && rest.every(({ pod }) => pod.labels[name] === value),
  );
  const usual = shared.filter(([name]) => /^app\.kubernetes\.io\/(name|component|managed-by)$/.test(name));
  return Object.fromEntries(usual.length > 0 ? usual : shared);
}
