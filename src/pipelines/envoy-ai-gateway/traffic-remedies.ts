import { patching } from '../../checks/patching.ts';
import type { Operation } from '../../model/change.ts';
import type { Remedy } from '../../model/check.ts';
import type { GatewayRef } from './facts/routes.ts';
import type { TrafficPolicy } from './facts/traffic-policies.ts';

/** What a header says of whom nothing is known. */
const nobody = 'unidentified';

/** Overwrites headers that callers send, so that nobody can choose whose tokens they are: EG api/v1alpha1/clienttrafficpolicy_types.go HeaderSettings.earlyRequestHeaders. */
export function overwriting(headers: readonly string[], gateway: GatewayRef, policies: readonly TrafficPolicy[]): Remedy {
  const set = headers.map((name) => ({ name, value: nobody }));
  const text = `let a SecurityPolicy set ${headers.join(', ')} from the credentials; until one does, overwrite what callers send with "${nobody}"`;
  const [policy] = policies;
  // A Gateway heeds one ClientTrafficPolicy, the oldest.
  if (policy === undefined) return { text, patch: manifest(gateway, 'overwrite-identity-headers', { earlyRequestHeaders: { set } }) };
  return patched(policy, text, additions(policy, set));
}

function additions({ depth }: TrafficPolicy, set: readonly unknown[]): readonly Operation[] {
  const at = '/spec/headers';
  switch (depth) {
    case 0:
      return [{ op: 'add', path: at, value: { earlyRequestHeaders: { set } } }];
    case 1:
      return [{ op: 'add', path: `${at}/earlyRequestHeaders`, value: { set } }];
    case 2:
      return [{ op: 'add', path: `${at}/earlyRequestHeaders/set`, value: set }];
    case 3:
      return set.map((value) => ({ op: 'add', path: `${at}/earlyRequestHeaders/set/-`, value }));
  }
}

/** Lets headers with an underscore in: the same type's withUnderscoresAction. */
export function allowingUnderscores(gateway: GatewayRef, policies: readonly TrafficPolicy[], text: string): Remedy {
  const [policy] = policies;
  const field = { withUnderscoresAction: 'Allow' };
  if (policy === undefined) return { text, patch: manifest(gateway, 'allow-underscores', field) };
  return patched(policy, text, [
    policy.depth === 0
      ? { op: 'add', path: '/spec/headers', value: field }
      : { op: 'add', path: '/spec/headers/withUnderscoresAction', value: 'Allow' },
  ]);
}

function patched({ namespace, name }: TrafficPolicy, text: string, operations: readonly Operation[]): Remedy {
  return patching(text, [{ resource: 'clienttrafficpolicy', namespace, name }, operations]);
}

function manifest({ namespace, name }: GatewayRef, own: string, headers: unknown): unknown {
  return {
    apiVersion: 'gateway.envoyproxy.io/v1alpha1',
    kind: 'ClientTrafficPolicy',
    metadata: { name: own, namespace },
    spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name }], headers },
  };
}
