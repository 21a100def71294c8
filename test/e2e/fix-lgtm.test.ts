import { expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { runCli } from '../program/run-cli.ts';
import { controllers } from '../worlds/lgtm/controllers.ts';
import { mended } from '../worlds/lgtm/mended.ts';
import { breakOf } from '../worlds/replayed.ts';
import { provesFixes, worldOf } from './fixing.ts';

provesFixes('fixes of collectors and their store on a real cluster', {
  subnet: '127.0.98',
  mended,
  controllers,
  whole: true,
  // What was counted and stored before, until proxies begin anew and the store forgets it.
  later: ['counts-disagree', 'series-stale', 'series-doubled', 'identity-partial'],
  made: [
    ['configmap', 'monitoring', 'nebari-llm-serving-token-usage-dashboard'],
    ['rolebinding', 'envoy-gateway-system', 'opentelemetry-collector-agent'],
    ['clusterrolebinding', '', 'opentelemetry-collector-agent'],
  ],
  more: (workbench) =>
    it.each(['lgtm-header-unmapped', 'lgtm-replacement-unescaped', 'lgtm-override-made-later'])(
      '%s is not mended by its controllers alone',
      async (name) => {
        const world = worldOf(name);
        const staged = await workbench().put(world);
        await controllers(workbench(), staged);
        const { stdout } = await runCli(['doctor', '-o', 'json', '--kubeconfig', workbench().bed.kubeconfig.admin]);
        expect(breakOf(JSON.parse(stdout) as Report)).toBe(world.expect.brokenAt);
      },
    ),
});
