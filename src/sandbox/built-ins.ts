import type { Kind } from '../model/source.ts';

const builtIn = (group: string, resource: string, kind: string, namespaced = true): Kind => ({ group, resource, kind, namespaced });

/** Kinds that every cluster serves, so that their absence is never claimed. */
export const builtIns: readonly Kind[] = [
  builtIn('', 'pods', 'Pod'),
  builtIn('', 'services', 'Service'),
  builtIn('', 'endpoints', 'Endpoints'),
  builtIn('', 'configmaps', 'ConfigMap'),
  builtIn('', 'secrets', 'Secret'),
  builtIn('', 'events', 'Event'),
  builtIn('', 'serviceaccounts', 'ServiceAccount'),
  builtIn('', 'namespaces', 'Namespace', false),
  builtIn('', 'nodes', 'Node', false),
  builtIn('apps', 'deployments', 'Deployment'),
  builtIn('apps', 'replicasets', 'ReplicaSet'),
  builtIn('apps', 'statefulsets', 'StatefulSet'),
  builtIn('apps', 'daemonsets', 'DaemonSet'),
  builtIn('discovery.k8s.io', 'endpointslices', 'EndpointSlice'),
  builtIn('admissionregistration.k8s.io', 'mutatingwebhookconfigurations', 'MutatingWebhookConfiguration', false),
  builtIn('apiextensions.k8s.io', 'customresourcedefinitions', 'CustomResourceDefinition', false),
];

/** Groups that serve no v1, for kinds of which no object was recorded. */
export const fallbackVersions: Readonly<Record<string, string>> = {
  'gateway.envoyproxy.io': 'v1alpha1',
  'aigateway.envoyproxy.io': 'v1alpha1',
  'limitador.kuadrant.io': 'v1alpha1',
};

/** What kubectl lets one type instead of the plural. */
export const shortNames: Readonly<Record<string, readonly string[]>> = {
  pods: ['po'],
  services: ['svc'],
  endpoints: ['ep'],
  configmaps: ['cm'],
  events: ['ev'],
  serviceaccounts: ['sa'],
  namespaces: ['ns'],
  nodes: ['no'],
  deployments: ['deploy'],
  replicasets: ['rs'],
  statefulsets: ['sts'],
  daemonsets: ['ds'],
  customresourcedefinitions: ['crd', 'crds'],
  podmonitors: ['pmon'],
  prometheuses: ['prom'],
  prometheusagents: ['promagent'],
  servicemonitors: ['smon'],
  prometheusrules: ['promrule'],
  gateways: ['gtw'],
};
