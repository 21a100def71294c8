import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { runCli } from '../program/run-cli.ts';
import { healthy } from '../worlds/healthy.ts';
import { mended } from '../worlds/mended.ts';
import { looks } from '../worlds/objects/releases.ts';
import { mapSidecars, reidentify } from '../worlds/sound.ts';
import { unstuck } from '../worlds/stuck.ts';
import { provesFixes, type Workbench, worldOf } from './fixing.ts';
import type { Staged } from './testbed/stage.ts';

const subnet = '127.0.95';

/** Worlds whose sidecars have to be created anew. */
const renewed: ReadonlySet<string> = new Set(['label-named-le', 'label-that-no-metric-may-have', 'label-named-namespace']);

/** What the controller does for a proxy that is created: its sidecar has the mapping of now, and counts by it. */
async function renew(workbench: Workbench, hands: Staged, world: ReturnType<typeof worldOf>): Promise<void> {
  const { name, on } = world;
  const { kubectl } = workbench;
  unstuck(workbench, world);
  if (!renewed.has(name) || on === undefined) return;
  const cluster = healthy(on, subnet);
  const flag = `--${looks[on.release].mappingFlag}=`;
  const [, mapping = ''] = new RegExp(`"${flag}([^"]*)"`).exec(kubectl('get', 'deployment', '-A', '-o', 'json')) ?? [];
  mapSidecars(cluster, mapping);
  const attributes = mapping.split(',').map((pair) => pair.split(':')[1]);
  reidentify(cluster, (identity) => Object.fromEntries(Object.entries(identity).filter(([label]) => attributes.includes(label))));
  const pods = cluster.objects.filter(
    ({ kind, metadata }) => kind === 'Pod' && cluster.proxies.some((proxy) => proxy.name === metadata.name),
  );
  await hands.remove(...pods);
  await hands.apply(...pods);
  for (const proxy of cluster.proxies) await hands.emulate(proxy, proxy.emulated);
}

provesFixes('fixes of a gateway on a real cluster', {
  subnet,
  mended,
  controllers: renew,
  // What the samples of the time before still say, until Prometheus forgets them; and what waits for proxies that no controller of the bed creates anew.
  later: ['counts-disagree', 'stale-mapping', 'controller-unready', 'identity-absent', 'series-stale'],
  made: [
    ['podmonitor', 'envoy-gateway-system', 'token-metrics'],
    ['podmonitor', 'llm', 'token-metrics'],
    ['clienttrafficpolicy', 'maas-system', 'overwrite-identity-headers'],
  ],
  more: (workbench) =>
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
    }),
});
