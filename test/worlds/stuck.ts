import type { Workbench } from '../e2e/fixing.ts';
import { names } from './objects/namespaces.ts';
import type { Editable, WorldDefinition } from './world.ts';

/** Where a monitor is in no configuration, the operator of the world is stuck: it writes none until it begins anew. The operator of the bed is sound, so that this says what it would not have done. */
export function unstuck({ kubectl }: Workbench, { name }: WorldDefinition): void {
  if (!name.endsWith('configuration-not-reloaded')) return;
  const operator: Editable = JSON.parse(kubectl('get', 'deployment', '-n', names.monitoring, 'prometheus-operator', '-o', 'json'));
  const restarted = operator.spec.template.metadata.annotations?.['kubectl.kubernetes.io/restartedAt'];
  if (restarted === undefined) throw new Error('the operator did not begin anew, and writes no configuration');
}
