import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../../src/model/source.ts';
import { faulty } from '../../memory-source.ts';
import { pod, workload } from './objects.ts';
import { type Change, judged, lineOf } from './world.ts';

export const dsn = { name: 'DATABASE_DSN', valueFrom: { secretKeyRef: { name: 'db', key: 'dsn' } } };
export const both = (shape: Parameters<typeof workload>[0], count = 1): Change => ({
  workloads: [workload(shape)],
  pods: Array.from({ length: count }, (_, index) => pod({ ...shape, index })),
});
export const table = (id: string, rows: readonly (readonly [string, Change, RegExp])[]): void => {
  describe(id, () => {
    it.each(rows)('%s', async (_, change, line) => expect(lineOf(await judged(id, change))).toMatch(line));
  });
};
export const none: Change = { workloads: [], pods: [] };

export const down = { lastError: 'server returned HTTP status 401 Unauthorized' };

export const resets = (value: number, instance = '10.0.1.1:3001') =>
  ({ answers: { 'sum by (instance) (resets(': [[{ instance }, value]] } }) as const;

export const dashboard = (expr: string, title = 'Tokens'): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'tokens', namespace: 'llm', labels: { grafana_dashboard: '1' } },
  data: { 'tokens.json': JSON.stringify({ panels: [{ title, targets: [{ expr }] }] }) },
});
export const sound = 'sum by (group) (max by (group, model, type) (increase(gpt_load_tokens_total{type="total"}[1h])))';

/** A Prometheus that holds what the page says. */
export function counted() {
  return {
    answers: {
      'sum({__name__="gpt_load_tokens_total"': [[{}, 72576]],
      'sum(gpt_load_tokens_total': [[{}, 72576]],
      'count({__name__=~"gpt_load_tokens_total","group"': [[{}, 9]],
      'count({__name__=~"gpt_load_tokens_total",group': [[{}, 9]],
      'time() - max(timestamp(': [[{}, 7]],
    },
  } as const;
}

export function refusal() {
  const error = faulty('refused', 'pods/portforward is forbidden');
  return Object.assign(error, { reason: 'forbidden', fault: null, needs: null });
}
