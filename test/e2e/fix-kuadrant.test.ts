import { expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { runCli } from '../program/run-cli.ts';
import { controllers } from '../worlds/kuadrant/controllers.ts';
import { mended } from '../worlds/kuadrant/mended.ts';
import { breakOf } from '../worlds/replayed.ts';
import { provesFixes, worldOf } from './fixing.ts';

provesFixes('fixes of Kuadrant on a real cluster', {
  subnet: '127.0.97',
  mended,
  controllers,
  later: [],
  made: [
    ['telemetrypolicy', 'api-gateway', 'token-labels'],
    ['telemetrypolicy', 'api-gateway', 'user-group'],
    ['tokenratelimitpolicy', 'api-gateway', 'token-limits'],
    ['podmonitor', 'kuadrant-system', 'limitador-metrics'],
    ['rolebinding', 'kuadrant-system', 'prometheus-k8s-view'],
  ],
  more: (workbench) =>
    it.each([
      'kuadrant-dependency-missing',
      'kuadrant-extensions-off',
      'kuadrant-filter-missing',
      'kuadrant-foreign-controller',
      'kuadrant-labels-flag-missing',
      'kuadrant-limits-before-auth',
      'kuadrant-monitor-not-made',
    ])('%s is not mended by its controllers alone', async (name) => {
      const world = worldOf(name);
      const staged = await workbench().put(world);
      await controllers(workbench(), staged, world);
      await staged.reload();
      await staged.scrapes(2);
      const { stdout } = await runCli(['doctor', '-o', 'json', '--kubeconfig', workbench().bed.kubeconfig.admin]);
      expect(breakOf(JSON.parse(stdout) as Report)).toBe(world.expect.brokenAt);
    }),
});
