import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { runCli } from '../program/run-cli.ts';
import { clusterOf } from '../worlds/cluster.ts';
import { healthy } from '../worlds/healthy.ts';
import { worlds } from '../worlds/index.ts';
import { mended as proven } from '../worlds/mended.ts';
import { looks } from '../worlds/objects/releases.ts';
import { mapSidecars, reidentify } from '../worlds/sound.ts';
import type { GatewayWorld } from '../worlds/world.ts';
import { servedOf } from './testbed/crds.ts';
import { missingPrograms } from './testbed/processes.ts';
import { type Staged, stage } from './testbed/stage.ts';
import { startTestbed, type Testbed } from './testbed/testbed.ts';

const kubectl = '/usr/bin/kubectl';
const missing = [...missingPrograms(), ...['dist/cli.js', kubectl].filter((file) => !existsSync(file))];
const name = `fixes on a real cluster${missing.length > 0 ? ` (not built: ${missing.join(', ')})` : ''}`;

// What the samples of the time before still say, until Prometheus forgets them; and what waits for proxies that no controller of the bed creates anew.
const later = ['counts-disagree', 'stale-mapping', 'controller-unready', 'identity-absent', 'series-stale'];

/** Worlds whose sidecars have to be created anew, which no controller of the bed does. */
const renewed: ReadonlySet<string> = new Set(['label-named-le', 'label-that-no-metric-may-have', 'label-named-namespace']);

const mended = [...proven, ...(process.env.FIX_MORE?.split(',') ?? [])];

describe.skipIf(missing.length > 0)(name, () => {
  let bed: Testbed;
  let staged: Staged | null = null;

  beforeAll(async () => {
    bed = await startTestbed(undefined, 'v0.5');
  });
  afterAll(async () => {
    await staged?.stop();
    await bed?.stop();
  });

  /** What the controller does for a proxy that is created: its sidecar has the mapping of now, and counts by it. */
  async function renew(on: GatewayWorld['on'], hands: Staged): Promise<void> {
    const cluster = healthy(on, '127.0.95');
    const flag = `--${looks[on.release].mappingFlag}=`;
    const answer = spawnSync(kubectl, ['get', 'deployment', '-A', '-o', 'json'], {
      env: { KUBECONFIG: bed.kubeconfig.admin, HOME: bed.folder },
    });
    const [, mapping = ''] = new RegExp(`"${flag}([^"]*)"`).exec(answer.stdout.toString()) ?? [];
    mapSidecars(cluster, mapping);
    const attributes = mapping.split(',').map((pair) => pair.split(':')[1]);
    reidentify(cluster, (identity) => Object.fromEntries(Object.entries(identity).filter(([name]) => attributes.includes(name))));
    const pods = cluster.objects.filter(
      ({ kind, metadata }) => kind === 'Pod' && cluster.proxies.some(({ name }) => name === metadata.name),
    );
    await hands.remove(...pods);
    await hands.apply(...pods);
    for (const proxy of cluster.proxies) await hands.emulate(proxy, proxy.emulated);
  }

  async function put(world: (typeof worlds)[number]): Promise<void> {
    await staged?.stop();
    staged = null;
    forget();
    const cluster = clusterOf(world, '127.0.95');
    await bed.serve(servedOf(cluster));
    staged = await stage(bed, cluster);
    await world.later?.(staged);
  }

  /** What a fix made anew is no part of the next world. */
  function forget(): void {
    const made = [
      ['podmonitor', 'envoy-gateway-system', 'token-metrics'],
      ['podmonitor', 'llm', 'token-metrics'],
      ['clienttrafficpolicy', 'maas-system', 'overwrite-identity-headers'],
    ] as const;
    for (const [kind, namespace, name] of made)
      spawnSync(kubectl, ['delete', kind, '-n', namespace, name, '--ignore-not-found'], {
        env: { KUBECONFIG: bed.kubeconfig.admin, HOME: bed.folder },
      });
  }

  async function failing(): Promise<readonly string[]> {
    const { stdout, stderr } = await runCli(['doctor', '--kubeconfig', bed.kubeconfig.admin, '-o', 'json']);
    if (!stdout.startsWith('{')) throw new Error(`no report: ${stderr}`);
    const report = JSON.parse(stdout) as Report;
    return report.pipelines.flatMap(({ checks }) => checks.filter(({ status }) => status === 'fail').map(({ id }) => id));
  }

  it.each(mended)('%s is mended by what fix prints', async (world) => {
    const definition = worlds.find((each) => each.name === world);
    if (definition === undefined) throw new Error(`there is no world ${world}`);
    await put(definition);
    const before = await failing();
    const root = definition.expect.brokenAt ?? '';
    expect(before).toContain(root);
    const script = await runCli(['fix', root, '--kubeconfig', bed.kubeconfig.admin, '-o', 'commands']);
    const applied = spawnSync('/bin/sh', ['-e'], {
      input: script.stdout,
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', KUBECONFIG: bed.kubeconfig.admin, HOME: bed.folder },
    });
    expect(applied.status, `${script.stdout}\n${applied.stderr}`).toBe(0);
    if (renewed.has(world) && staged !== null && definition.on !== undefined) await renew(definition.on, staged);
    await staged?.reload();
    const { standing, added } = await settled(root, before);
    expect({ standing, added }, script.stdout).toEqual({ standing: false, added: [] });
  });

  /** What is left of the root, and what is new, as soon as there is neither; after some scrapes, whatever there is. */
  async function settled(root: string, before: readonly string[]): Promise<{ standing: boolean; added: readonly string[] }> {
    for (let look = 1; ; look++) {
      const after = await failing();
      const standing = after.includes(root);
      const added = after.filter((id) => !before.includes(id) && !later.includes(id));
      if ((!standing && added.length === 0) || look === 9) return { standing, added };
      await staged?.scrapes(1);
    }
  }

  it('a bundle of it is judged the same where there is no network', async () => {
    const world = worlds.find((each) => each.name === 'two-monitors-one-port');
    if (world === undefined) throw new Error('there is no such world');
    await put(world);
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
});
