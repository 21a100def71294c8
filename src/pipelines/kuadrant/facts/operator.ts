import type { Container } from '../../../facts/pods.ts';
import { type Deployment, deploymentOf, deployments } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { imageOf } from '../../../parse/image.ts';
import { type Version, versionOf } from '../../../parse/versions.ts';
import { operatorName } from '../names.ts';

/** The Deployment of the Kuadrant operator. */
export interface Operator {
  readonly subject: string;
  readonly deployment: Deployment;
  readonly container: Container;
  /** Null for images by digest. */
  readonly version: Version | null;
}

/** Every Kuadrant operator, by its name, its image ("kuadrant-operator", "rhcl-rhel9-operator") or a variable that only it has. */
export const operators = defineFact({
  id: 'kuadrant-operators',
  title: 'Kuadrant operator',
  needs: { deployments },
  read: ({ deployments }): readonly Operator[] => deployments.map(deploymentOf).flatMap(operatorOf),
});

function operatorOf(deployment: Deployment): readonly Operator[] {
  const container = deployment.containers.find((each) => isOperator(each, deployment.name));
  if (container === undefined) return [];
  const version = versionOf(imageOf(container.image).tag);
  return [{ subject: `Deployment ${deployment.namespace}/${deployment.name}`, deployment, container, version }];
}

function isOperator({ image, env, name }: Container, deployment: string): boolean {
  const called = imageOf(image).name;
  const own = deployment === operatorName && (name === 'manager' || /operator/.test(called));
  return own || /^kuadrant-operator$|^rhcl(-rhel\d+)?-operator$/.test(called) || env.some((each) => each.name === 'WITH_EXTENSIONS');
}

/** The value of an environment variable of the operator; null when it is not set, or comes from elsewhere. */
export function envOf({ container }: Operator, name: string): string | null {
  return container.env.find((each) => each.name === name)?.value ?? null;
}
