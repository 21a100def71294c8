import { describe, expect, it } from 'vitest';
import { absentPools } from '../../../src/checks/pool-absent.ts';
import { defaultIds } from '../../../src/checks/shared-ids.ts';
import { gather } from '../../../src/engine/gather.ts';
import type { KubeObject } from '../../../src/model/source.ts';
import { memorySource } from '../memory-source.ts';
import {
  healthyObjects,
  healthyPrometheus,
  nounsOf,
  operatorDeployment,
  options,
  prometheusAt,
  prometheusEndpoints,
  prometheusObject,
} from './world.ts';

const storage = { volumeClaimTemplate: { spec: { resources: { requests: { storage: '50Gi' } } } } };
const scaledDown = (): KubeObject => ({ ...operatorDeployment([], 0), spec: { ...(operatorDeployment().spec as object), replicas: 0 } });
const second = (): KubeObject => ({ ...operatorDeployment(), metadata: { name: 'other', namespace: 'team-a' } });

async function remedyOf(operators: readonly KubeObject[], spec: object = {}, reload = true): Promise<string> {
  const others = healthyObjects.filter(({ kind }) => kind !== 'Deployment' && kind !== 'Prometheus');
  const objects = [...others, ...operators, prometheusObject('k8s', { ...spec })];
  const endpoints = prometheusEndpoints(prometheusAt, { ...healthyPrometheus, targets: [], pools: [], names: {}, reload });
  const { reader } = gather(memorySource({ objects, endpoints }), options);
  const verdict = await absentPools(nounsOf({}), defaultIds).examine(reader);
  const [finding] = verdict.status === 'fail' ? verdict.findings : [];
  return finding?.remedy?.command ?? finding?.remedy?.text ?? verdict.status;
}

describe('a pool that is absent is mended', () => {
  it.each<[string, string, Promise<string>]>([
    ['by an operator that begins anew', 'kubectl -n monitoring rollout restart deployment/operator', remedyOf([operatorDeployment()])],
    [
      'and a Prometheus, where that keeps its store',
      'kubectl -n monitoring rollout restart deployment/operator && kubectl -n monitoring rollout restart statefulset/prometheus-k8s',
      remedyOf([operatorDeployment()], { storage }),
    ],
    ['by an operator that runs at all', 'kubectl -n monitoring scale deployment operator --replicas=1', remedyOf([scaledDown()])],
    ['by what its last words name', 'kubectl -n monitoring logs deployment/operator --tail=50', remedyOf([operatorDeployment([], 0)])],
    [
      'by what Prometheus says of its configuration',
      'kubectl -n monitoring logs statefulset/prometheus-k8s -c prometheus --tail=50',
      remedyOf([operatorDeployment()], {}, false),
    ],
    [
      'by nothing exact where one of several operators may be meant',
      'read the log of the operator and of the config-reloader in the pods of Prometheus monitoring/k8s',
      remedyOf([operatorDeployment(), second()]),
    ],
  ])('%s', async (_, expected, said) => expect(await said).toBe(expected));
});
