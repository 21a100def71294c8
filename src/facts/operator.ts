import { defineFact } from '../model/fact.ts';
import { flagValue, parseFlags } from '../parse/go-flags.ts';
import { imageOf } from '../parse/image.ts';
import type { Container } from './pods.ts';
import { deploymentOf, deployments } from './workloads.ts';

/** A running prometheus-operator and the part of the cluster it looks at. */
export interface Operator {
  /** "Deployment NAMESPACE/NAME". */
  readonly subject: string;
  readonly namespace: string;
  readonly name: string;
  readonly ready: number;
  /** How many pods it is to have. */
  readonly replicas: number;
  /** --namespaces; null: all. */
  readonly namespaces: readonly string[] | null;
  /** --deny-namespaces. */
  readonly denied: readonly string[];
  /** --prometheus-instance-namespaces; null: the same as `namespaces`. */
  readonly instanceNamespaces: readonly string[] | null;
  /** --prometheus-instance-selector, as written. */
  readonly instanceSelector: string | null;
  /** --controller-id. */
  readonly controllerId: string | null;
  /** Tag of its image: "v0.85.0"; null for a digest. */
  readonly version: string | null;
}

/** The prometheus-operators of the cluster: Deployments whose image is called prometheus-operator. */
export const operators = defineFact({
  id: 'prometheus-operators',
  title: 'prometheus-operator',
  needs: { deployments },
  read: ({ deployments }): readonly Operator[] =>
    deployments.map(deploymentOf).flatMap((deployment) => {
      const container = deployment.containers.find(isOperator);
      return container === undefined ? [] : [operatorOf(deployment, container.args, imageOf(container.image).tag)];
    }),
});

/** Mirrors rename the image but keep the end of its name; the flag is one the operator cannot run without. */
function isOperator({ image, args }: Container): boolean {
  return (
    imageOf(image).name.endsWith('prometheus-operator') || args.some((argument) => argument.startsWith('--prometheus-config-reloader'))
  );
}

// prometheus-operator cmd/operator/main.go and internal/: flags that take no value.
const booleans = new Set([
  'disable-unmanaged-prometheus-configuration',
  'enable-config-reloader-probes',
  'web.enable-tls',
  'web.enable-http2',
  'version',
]);

/** Reads an operator's flags: prometheus-operator cmd/operator/main.go. */
export function operatorOf(
  deployment: { readonly namespace: string; readonly name: string; readonly ready: number; readonly replicas?: number },
  args: readonly string[],
  version: string | null = null,
): Operator {
  const flags = parseFlags(args, booleans);
  const names = (flag: string): readonly string[] | null => {
    const listed = (flagValue(flags, flag) ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    return listed.length > 0 ? listed : null;
  };
  return {
    subject: `Deployment ${deployment.namespace}/${deployment.name}`,
    namespace: deployment.namespace,
    name: deployment.name,
    ready: deployment.ready,
    replicas: deployment.replicas ?? 1,
    namespaces: names('namespaces'),
    denied: names('deny-namespaces') ?? [],
    instanceNamespaces: names('prometheus-instance-namespaces'),
    instanceSelector: flagValue(flags, 'prometheus-instance-selector') || null,
    controllerId: flagValue(flags, 'controller-id') || null,
    version,
  };
}
