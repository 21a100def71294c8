import { expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { runCli } from '../program/run-cli.ts';
import { controllers, toldOf } from '../worlds/gpt-load/controllers.ts';
import { mended } from '../worlds/gpt-load/mended.ts';
import { token } from '../worlds/gpt-load/objects.ts';
import { breakOf } from '../worlds/replayed.ts';
import { provesFixes, worldOf } from './fixing.ts';

provesFixes('fixes of gpt-load on a real cluster', {
  subnet: '127.0.96',
  mended,
  controllers,
  told: toldOf,
  later: ['counts-disagree', 'series-stale'],
  made: [
    ['podmonitor', 'llm', 'token-metrics'],
    ['secret', 'llm', 'gpt-load-metrics'],
  ],
  more: (workbench) =>
    it.each(['gpt-load-open-inside', 'gpt-load-token-renewed', 'gpt-load-port-undeclared'])(
      '%s is not mended by its controllers alone',
      async (name) => {
        const world = worldOf(name);
        const staged = await workbench().put(world);
        await controllers(workbench(), staged, world);
        await staged.reload();
        await staged.scrapes(2);
        const env = { TOKMETER_METRICS_TOKEN: token };
        const { stdout } = await runCli(['doctor', '-o', 'json', '--kubeconfig', workbench().bed.kubeconfig.admin], { env });
        expect(breakOf(JSON.parse(stdout) as Report)).toBe(world.expect.brokenAt);
      },
    ),
});
