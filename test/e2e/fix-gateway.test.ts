import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { runCli } from '../program/run-cli.ts';
import { controllers } from '../worlds/controllers.ts';
import { mended } from '../worlds/mended.ts';
import { breakOf } from '../worlds/replayed.ts';
import { provesFixes, worldOf } from './fixing.ts';

provesFixes('fixes of a gateway on a real cluster', {
  subnet: '127.0.95',
  mended,
  controllers,
  // What the samples of the time before still say, until Prometheus forgets them.
  later: ['counts-disagree', 'series-stale'],
  made: [
    ['podmonitor', 'envoy-gateway-system', 'token-metrics'],
    ['podmonitor', 'llm', 'token-metrics'],
    ['clienttrafficpolicy', 'maas-system', 'overwrite-identity-headers'],
  ],
  more: (workbench) => {
    it.each([
      ['webhook-without-ca', false],
      ['proxies-behind-their-controller', false],
      ['mapping-changed-without-restart', false],
      ['sidecars-push-by-otlp-too', true],
      ['series-limit-reached', true],
    ])('%s is not mended by its controllers alone', async (name, anew) => {
      const world = worldOf(name);
      const { bed, kubectl, put } = workbench();
      const staged = await put(world);
      if (anew) kubectl('-n', 'envoy-gateway-system', 'rollout', 'restart', 'deployment');
      await controllers(workbench(), staged, world);
      await staged.reload();
      await staged.scrapes(2);
      const { stdout } = await runCli(['doctor', '-o', 'json', '--kubeconfig', bed.kubeconfig.admin]);
      expect(breakOf(JSON.parse(stdout) as Report)).toBe(world.expect.brokenAt);
    });

    it('a bundle of it is judged the same where there is no network', async () => {
      const { bed, put } = workbench();
      await put(worldOf('two-monitors-one-port'));
      const file = join(bed.folder, 'bundle.tgz');
      const mark = bed.audit().length;
      const collected = await runCli(['collect', '-f', file, '--kubeconfig', bed.kubeconfig.admin]);
      expect(collected.code, collected.stderr).toBe(0);
      // collect judges what it wrote and says when it differs from what the cluster was judged
      expect(collected.stderr).toMatch(/^\d+ lists and \d+ answers in \S+, \d+ kB\n$/);
      const own = bed.audit(mark).filter(({ userAgent }) => userAgent.startsWith('tokmeter/'));
      expect(own.filter(({ verb, requestURI }) => !['get', 'list'].includes(verb) || requestURI.includes('/secrets'))).toEqual([]);
      const alone = spawnSync('unshare', ['-n', process.execPath, 'bin/tokmeter.js', 'doctor', '--from', file, '-o', 'json'], {
        encoding: 'utf8',
      });
      const report = JSON.parse(alone.stdout) as Report;
      expect(report.pipelines[0]?.brokenAt).toEqual({ hop: 'discover', check: 'duplicate-monitors' });
      expect(alone.status).toBe(1);
      const usageOf = async (...args: string[]) => JSON.parse((await runCli(['usage', ...args, '-o', 'json'])).stdout).usages[0];
      const kept = await usageOf('--from', file);
      const { start, end } = kept.window;
      const live = await usageOf('--kubeconfig', bed.kubeconfig.admin, '--start', start, '--end', end);
      expect({ rows: kept.rows, total: kept.total }).toEqual({ rows: live.rows, total: live.total });
      expect(kept.total.tokens).toBeGreaterThan(0);
    });
  },
});
