import type { Condition, EndpointCoverage, Miss } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { portText } from '../facts/monitors.ts';
import { podPortOf, type Service } from '../facts/service-monitors.ts';
import type { Remedy } from '../model/check.ts';
import { requirementText, unmet } from '../parse/selector.ts';
import type { Explained } from './near-miss.ts';
import { fieldOf, patchingMonitor } from './patching.ts';
import { counted, enumerated } from './wording.ts';

/** Says why an endpoint of a ServiceMonitor passes the emitters behind a Service by. */
export function explainedService(
  condition: Condition,
  coverage: EndpointCoverage,
  { misses, service }: { readonly misses: readonly Miss[]; readonly service: Service },
  nouns: Nouns,
): Explained {
  switch (condition) {
    case 'port':
      return port(coverage, misses, service);
    case 'labels':
      return labels(coverage, service);
    case 'namespace':
      return namespace(coverage, service);
    case 'path': {
      const wanted = misses[0]?.emitter.path ?? '/metrics';
      const { endpoint, monitor } = coverage;
      const text = `it asks for path ${endpoint.path} and the token metrics of ${counted(misses.length, nouns)} are at ${wanted}`;
      const operation = { op: 'add', path: fieldOf(coverage, 'path'), value: wanted } as const;
      return { text, saw: `path: ${endpoint.path}`, remedy: patchingMonitor(`ask for ${wanted}`, monitor, operation) };
    }
  }
}

function subjectOf({ namespace, name }: Service): string {
  return `Service ${namespace}/${name}`;
}

function port(coverage: EndpointCoverage, misses: readonly Miss[], service: Service): Explained {
  const { endpoint } = coverage;
  const names = service.ports.map(({ name, port }) => (name === '' ? String(port) : `"${name}"`));
  const text = `${portText(endpoint)} does not lead to the metrics through ${subjectOf(service)} (it has ${enumerated(names) || 'no ports'})`;
  const pod = misses[0]?.emitter;
  const leading = pod === undefined ? undefined : service.ports.find((each) => podPortOf(each, pod.pod) === pod.port && each.name !== '');
  return { text, saw: portText(endpoint), remedy: portRemedy(coverage, leading?.name ?? null, pod?.port ?? null) };
}

/** The Service's own name of the port, else the pod's number, for which the Service need not name it. */
function portRemedy(coverage: EndpointCoverage, name: string | null, number: number | null): Remedy {
  const { endpoint, monitor } = coverage;
  const used = endpoint.port !== null ? 'port' : 'targetPort';
  if (name !== null && used === 'port')
    return patchingMonitor(`select port "${name}"`, monitor, { op: 'replace', path: fieldOf(coverage, 'port'), value: name });
  return patchingMonitor(
    `select port ${number} of the pods`,
    monitor,
    { op: 'remove', path: fieldOf(coverage, used) },
    { op: 'add', path: fieldOf(coverage, 'targetPort'), value: number },
  );
}

function labels(coverage: EndpointCoverage, service: Service): Explained {
  const missing = unmet(coverage.monitor.selector, service.labels);
  const wanted = missing.map(requirementText).join(',');
  const found = missing.map(({ key }) => (service.labels[key] === undefined ? `no label ${key}` : `${key}=${service.labels[key]}`));
  const text = `its selector wants ${wanted} and ${subjectOf(service)} has ${[...new Set(found)].join(', ')}`;
  const value = { matchLabels: service.labels };
  const operation = { op: 'replace', path: '/spec/selector', value } as const;
  const remedy = patchingMonitor('select the Service by labels it has', coverage.monitor, operation);
  return {
    text,
    saw: `selector: ${wanted}`,
    remedy: Object.keys(service.labels).length > 0 ? remedy : { text: `label ${subjectOf(service)} with ${wanted}` },
  };
}

function namespace({ monitor }: EndpointCoverage, service: Service): Explained {
  const looked = monitor.namespaces ?? [];
  const text = `it looks in namespace ${enumerated(looked)} and ${subjectOf(service)} is in ${service.namespace}`;
  const value = { matchNames: [...new Set([...looked, service.namespace])] };
  const say = `add namespace ${service.namespace} to its namespaceSelector`;
  const remedy = patchingMonitor(say, monitor, { op: 'add', path: '/spec/namespaceSelector', value });
  return { text, saw: `namespaces: ${looked.join(',')}`, remedy };
}
