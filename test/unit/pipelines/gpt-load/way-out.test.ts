import type { KubeObject } from '../../../../src/model/source.ts';
import { podMonitor, service } from './objects.ts';
import { both, down, table } from './table.ts';
import { type Change, html, missingToken, withoutToken } from './world.ts';

const open: Change = both({ env: [] });
const ingress = (path: string): KubeObject => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { name: 'public', namespace: 'llm' },
  spec: { rules: [{ http: { paths: [{ path, pathType: 'Prefix', backend: { service: { name: 'gpt-load', port: { number: 80 } } } }] } }] },
});
const route = (matches: readonly unknown[]): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'public', namespace: 'llm' },
  spec: { rules: [{ matches, backendRefs: [{ name: 'gpt-load', port: 80 }] }] },
});

table('metrics-open', [
  ['a token', {}, /^pass$/],
  [
    'none, inside the cluster',
    { ...open, extra: [service()] },
    /^fail: \[warning\] METRICS_TOKEN is not set: 1 pod answers \/metrics to anybody$/,
  ],
  ['an empty one', { ...both({ env: [{ name: 'METRICS_TOKEN', value: '' }] }) }, /^fail: \[warning\]/],
  [
    'a LoadBalancer',
    { ...open, extra: [service({ type: 'LoadBalancer' })] },
    /^fail: METRICS_TOKEN .* Service llm\/gpt-load is of type LoadBalancer/,
  ],
  [
    'one of the private network',
    { ...open, extra: [service({ type: 'LoadBalancer' }, { annotations: { 'networking.gke.io/load-balancer-type': 'Internal' } })] },
    /^fail: \[warning\]/,
  ],
  ['a NodePort of other pods', { ...open, extra: [service({ type: 'NodePort', selector: { app: 'other' } })] }, /^fail: \[warning\]/],
  ['an Ingress at /', { ...open, extra: [service(), ingress('/')] }, /^fail: METRICS_TOKEN .* Ingress llm\/public leads \/metrics to them/],
  ['an Ingress at /proxy', { ...open, extra: [service(), ingress('/proxy')] }, /^fail: \[warning\]/],
  ['an HTTPRoute of everything', { ...open, extra: [service(), route([])] }, /^fail: METRICS_TOKEN .* HTTPRoute llm\/public/],
  [
    'an HTTPRoute of /proxy',
    { ...open, extra: [service(), route([{ path: { type: 'PathPrefix', value: '/proxy' } }])] },
    /^fail: \[warning\]/,
  ],
  ['a token that may come from elsewhere', both({ env: [], envFrom: [{ secretRef: { name: 'env' } }] }), /^pass$/],
  [
    'which it does not',
    { ...both({ env: [], envFrom: [{ configMapRef: { name: 'env' } }] }), options: withoutToken },
    /^fail: \[warning\]/,
  ],
  ['the web page', { ...open, metrics: html }, /^skip/],
  ['no token given', { metrics: missingToken, options: withoutToken }, /^unknown/],
]);

table('scrape-unauthorized', [
  ['the token of the pod', {}, /^pass$/],
  [
    'no authorization, not scraped yet',
    { extra: [podMonitor({})], stored: { targets: [] } },
    /^fail: \[warning\] its endpoint 0 brings no token/,
  ],
  [
    'no authorization, refused',
    { extra: [podMonitor({})], stored: { targets: [down] } },
    /^fail: its endpoint 0 brings no token, and 1 pod asks for METRICS_TOKEN: HTTP 401/,
  ],
  ['no authorization, and up', { extra: [podMonitor({})] }, /^pass$/],
  ['another token', { stored: { targets: [down] } }, /^fail: its endpoint 0 brings a token that 1 pod refuses/],
  ['a job of its own', { extra: [], stored: { targets: [{ ...down, pool: 'gpt-load' }] } }, /^fail: scrape job gpt-load brings no token/],
  ['no metrics token', both({ env: [] }), /^skip/],
  ['down for another reason', { stored: { targets: [{ lastError: 'connection refused' }] } }, /^pass$/],
  ['pods that are refused', { refused: { pods: 'forbidden' } }, /^unknown: forbidden/],
]);
