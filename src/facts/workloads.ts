import type { KubeObject, Metadata } from '../model/source.ts';
import { number, record, records, strings, text } from '../parse/fields.ts';
import { type Container, containersOf } from './pods.ts';

/** A condition of a status. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string | null;
  readonly message: string | null;
}

/** A Deployment, as far as diagnosing it needs. */
export interface Deployment {
  readonly namespace: string;
  readonly name: string;
  readonly metadata: Metadata;
  readonly labels: Readonly<Record<string, string>>;
  readonly replicas: number;
  readonly ready: number;
  readonly updated: number;
  readonly selector: Readonly<Record<string, string>>;
  readonly containers: readonly Container[];
  readonly conditions: readonly Condition[];
}

/** Reads a Deployment; missing parts become what the API server defaults them to. */
export function deploymentOf(object: KubeObject): Deployment {
  const spec = record(object.spec);
  const status = record(object.status);
  return {
    namespace: object.metadata.namespace ?? '',
    name: object.metadata.name,
    metadata: object.metadata,
    labels: object.metadata.labels ?? {},
    replicas: number(spec.replicas) ?? 1,
    ready: number(status.readyReplicas) ?? 0,
    updated: number(status.updatedReplicas) ?? 0,
    selector: strings(record(spec.selector).matchLabels),
    containers: containersOf(record(record(spec.template).spec)),
    conditions: conditionsOf(status),
  };
}

/** The conditions of a status. */
export function conditionsOf(status: Readonly<Record<string, unknown>>): readonly Condition[] {
  return records(status.conditions).map((condition) => ({
    type: text(condition.type) ?? '',
    status: text(condition.status) ?? 'Unknown',
    reason: text(condition.reason),
    message: text(condition.message),
  }));
}
