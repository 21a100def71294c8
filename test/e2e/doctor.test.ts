import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { CheckResult, Report } from '../../src/model/report.ts';
import { runCli } from '../program/run-cli.ts';
import { clusterOf } from '../worlds/cluster.ts';
import { worlds } from '../worlds/index.ts';
import type { Manifest } from './testbed/api.ts';
import { missingPrograms } from './testbed/processes.ts';
import { type Staged, stage } from './testbed/stage.ts';
import { startTestbed, type Testbed } from './testbed/testbed.ts';

const missing = [...missingPrograms(), ...(existsSync('dist/cli.js') ? [] : ['dist/cli.js'])];

describe.skipIf(missing.length > 0)(`doctor on a real cluster${missing.length > 0 ? ` (not built: ${missing.join(', ')})` : ''}`, () => {
  let bed: Testbed;
  let staged: Staged | null = null;

  beforeAll(async () => {
    bed = await startTestbed(undefined, 'v0.5');
  });
  afterEach(async () => {
    await staged?.stop();
    staged = null;
  });
  afterAll(async () => {
    await bed?.stop();
  });

  async function put(name: string): Promise<void> {
    const world = worlds.find((each) => each.name === name);
    if (world === undefined) throw new Error(`there is no world ${name}`);
    staged = await stage(bed, clusterOf(world, '127.0.90'));
  }

  async function doctor(user: 'admin' | 'viewer' = 'admin'): Promise<{ readonly report: Report; readonly code: number | null }> {
    const { stdout, stderr, code } = await runCli(['doctor', '--kubeconfig', bed.kubeconfig[user], '-o', 'json']);
    if (!stdout.startsWith('{')) throw new Error(`no report: ${stderr}`);
    return { report: JSON.parse(stdout) as Report, code };
  }

  function check(report: Report, id: string): CheckResult | undefined {
    return report.pipelines[0]?.checks.find((each) => each.id === id);
  }

  it('finds a healthy one healthy, with GETs and port-forwards alone', async () => {
    await put('healthy-v0.5');
    const mark = bed.audit().length;
    const { report, code } = await doctor();
    expect(report.pipelines[0]?.brokenAt).toBeNull();
    expect(code).toBe(0);
    expect(report.via).toEqual(['port-forward']);
    const own = bed.audit(mark).filter(({ userAgent }) => userAgent.startsWith('tokmeter/'));
    const tunnels = own.filter(({ requestURI }) => requestURI.includes('/portforward'));
    expect(own.length - tunnels.length).toBe(report.requests.kubernetes);
    // one tunnel a proxy, and Prometheus's, which may be asked several things at once
    const proxies = tunnels.filter(({ requestURI }) => requestURI.includes('/envoy-gateway-system/'));
    expect(proxies).toHaveLength(3);
    expect(new Set(tunnels.map(({ requestURI }) => requestURI.split('?')[0])).size).toBe(report.requests.tunnels);
    expect([...new Set(own.map(({ verb }) => verb))].filter((verb) => !['get', 'list'].includes(verb))).toEqual([]);
    expect(new Set(own.map(({ userAgent }) => userAgent))).toEqual(new Set([`tokmeter/${report.tool.version}`]));
  });

  it('names two PodMonitors on one port as the root, with the measured factor', async () => {
    await put('two-monitors-one-port');
    const { report, code } = await doctor();
    expect(report.pipelines[0]?.brokenAt).toEqual({ hop: 'discover', check: 'duplicate-monitors' });
    expect(code).toBe(1);
    expect(check(report, 'duplicate-monitors')?.findings[0]?.message).toMatch(/(2\.0\d|1\.9\d) ?×/);
    expect(check(report, 'duplicate-targets')?.consequenceOf).toBe('duplicate-monitors');
  });

  it('says which port name the proxies of v0.5 have', async () => {
    await put('monitor-on-old-port-name');
    const { report, code } = await doctor();
    expect(report.pipelines[0]?.brokenAt).toEqual({ hop: 'discover', check: 'unmonitored-proxies' });
    expect(code).toBe(1);
    expect(
      check(report, 'unmonitored-proxies')
        ?.findings.map(({ message }) => message)
        .join(),
    ).toContain('aigw-admin');
  });

  it('asks for the missing verbs, and is content with the ClusterRole that it prints', async () => {
    await put('healthy-v0.5');
    const without = await doctor('viewer');
    expect(without.code).toBe(2);
    const text = JSON.stringify(without.report);
    expect(text).toContain('"needs":"list pods in all namespaces"');
    expect(text).toContain('"needs":"list deployments.apps in all namespaces"');

    const { stdout } = await runCli(['rbac']);
    const roles = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
    const role = roles.find(({ kind }) => kind === 'ClusterRole');
    if (role === undefined) throw new Error(`no ClusterRole in: ${stdout}`);
    await bed.apply(role, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'viewers' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role.metadata.name },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'viewers' }],
    });
    const mark = bed.audit().length;
    const allowed = await doctor('viewer');
    expect(allowed.report.pipelines[0]?.brokenAt).toBeNull();
    expect(allowed.code).toBe(0);
    const own = bed.audit(mark).filter(({ user }) => user === 'viewer');
    expect(own.filter(({ code }) => code === 403)).toEqual([]);
    // nobody else is the viewer: this is every request of the run
    expect(own.filter(({ verb, userAgent }) => !['get', 'list'].includes(verb) || !userAgent.startsWith('tokmeter/'))).toEqual([]);
  });
});
