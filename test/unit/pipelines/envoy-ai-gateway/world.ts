import type { Check, Finding, Verdict } from '../../../../src/model/check.ts';
import type { Options } from '../../../../src/model/fact.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { envoyAiGateway } from '../../../../src/pipelines/envoy-ai-gateway/index.ts';
import { type Memory, memorySource } from '../../memory-source.ts';
import { aiRoute, controller, controllerPod, gateway, httpRoute, metricsPage, proxyPod } from './objects.ts';
import { readerOf } from './reader.ts';

/** What each test changes of a healthy v0.5 gateway with one proxy. */
export interface Change extends Partial<Memory> {
  readonly controller?: KubeObject | null;
  readonly controllerPods?: readonly KubeObject[];
  readonly pods?: readonly KubeObject[];
  readonly gateways?: readonly KubeObject[];
  readonly routes?: readonly KubeObject[];
  readonly httpRoutes?: readonly KubeObject[];
  readonly extra?: readonly KubeObject[];
  readonly options?: Partial<Options>;
  /** Of the first proxy. */
  readonly metrics?: NonNullable<Memory['endpoints']>[string];
}

/** The address of the first proxy's metrics. */
export const metricsAt = (pod = 'envoy-maas-0'): string => `envoy-gateway-system/${pod}:1064/metrics`;

/** What a check says of a healthy gateway with one change. */
export function judged(check: Check, change: Change = {}): Promise<Verdict> {
  return check.examine(readerOf(memorySource(memoryOf(change)), change.options));
}

export function memoryOf(change: Change = {}): Memory {
  const one = change.controller === null ? [] : [change.controller ?? controller()];
  return {
    ...change,
    objects: [
      ...one,
      ...(change.controllerPods ?? [controllerPod('ai-gateway-controller-1')]),
      ...(change.pods ?? [proxyPod()]),
      ...(change.gateways ?? [gateway()]),
      ...(change.routes ?? [aiRoute()]),
      ...(change.httpRoutes ?? [httpRoute()]),
      ...(change.extra ?? []),
    ],
    endpoints: { [metricsAt()]: change.metrics ?? metricsPage(['alice', 'bob']), ...change.endpoints },
  };
}

/** A verdict in a line: its status and its messages. */
export function lineOf(verdict: Verdict): string {
  switch (verdict.status) {
    case 'pass':
      return ['pass', verdict.note].filter(Boolean).join(': ');
    case 'fail':
      return `fail: ${verdict.findings.map(gradedMessage).join(' | ')}${verdict.unread === undefined ? '' : ` (${verdict.unread.length} unread)`}`;
    case 'unknown':
      return `unknown: ${verdict.unread.map(({ reason, needs }) => [reason, needs].filter(Boolean).join(' ')).join(' | ')}`;
    case 'skip':
      return `skip: ${verdict.because}`;
  }
}

function gradedMessage({ message, severity }: Finding): string {
  return severity === 'warning' ? `[warning] ${message}` : message;
}

/** The findings of a verdict; none when it is no failure. */
export function findingsOf(verdict: Verdict): readonly Finding[] {
  return verdict.status === 'fail' ? verdict.findings : [];
}

/** Checks that need more of a cluster than these worlds have; their own tests give it to them. */
const elsewhere = new Set([
  'identity-unsourced',
  'identity-overridden',
  'extension-unwired',
  'webhook-unsound',
  'streams-unmetered',
  'otlp-double',
]);

/** The checks of the gateway itself that these worlds are about. */
export const ownChecks: readonly Check[] = envoyAiGateway.checks.filter(
  ({ id, hop }) => (hop === 'configure' || hop === 'emit') && !elsewhere.has(id),
);
