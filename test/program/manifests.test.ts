import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CheckResult, Report } from '../../src/model/report.ts';
import { loadWorld } from '../../src/sandbox/worlds.ts';
import { encodeBundle } from '../../src/sources/archive.ts';
import { withReadFields } from '../../src/sources/redaction-fields.ts';
import { runCli } from './run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokmeter-manifests-'));
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const controller = (mapping: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ai-gateway-controller, namespace: envoy-ai-gateway-system }
spec:
  template:
    spec:
      containers:
        - name: ai-gateway-controller
          image: docker.io/envoyproxy/ai-gateway-controller:v0.5.0
          args: ["--metricsRequestHeaderAttributes=${mapping}"]
`;
const monitor = (port: string): string => `
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata: { name: ai-gateway-proxies, namespace: monitoring, labels: { release: kube-prometheus-stack } }
spec:
  selector: { matchLabels: { app.kubernetes.io/name: envoy } }
  namespaceSelector: { matchNames: [envoy-gateway-system] }
  podMetricsEndpoints: [{ port: ${port}, path: /metrics }]
`;

const good = controller('x-user-id:user.id');
const bad = controller('x-user-id:user.id,');

async function judged(
  args: readonly string[],
): Promise<{ readonly code: number | null; readonly stderr: string; readonly checks: readonly CheckResult[]; readonly report: Report }> {
  const { code, stdout, stderr } = await runCli(['doctor', '-o', 'json', ...args]);
  if (!stdout.startsWith('{')) throw new Error(stderr);
  const report = JSON.parse(stdout) as Report;
  return { code, stderr, report, checks: report.pipelines.flatMap(({ checks }) => checks) };
}

const statusOf = (checks: readonly CheckResult[], id: string): string | undefined => checks.find((check) => check.id === id)?.status;

describe.skipIf(!existsSync('dist/cli.js'))('doctor --manifests', () => {
  beforeAll(async () => {
    const { snapshot } = await loadWorld('healthy-v0.5');
    const options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };
    writeFileSync(
      join(folder, 'healthy.tgz'),
      encodeBundle({ snapshot: withReadFields(snapshot), options, redacted: [], version: '0.0.0' }),
    );
  });

  it.each([
    ['a document', bad, 1],
    [
      'several documents, comments and empty ones, as helm template writes them',
      `---\n# Source: x.yaml\n---\n${bad}\n---\n${monitor('aigw-admin')}`,
      1,
    ],
    [
      'a List, as kubectl get -o yaml writes it',
      `apiVersion: v1\nkind: List\nitems:\n${bad.trim().replace(/^/gm, '    ').replace('    ', '  - ')}\n`,
      1,
    ],
    [
      'JSON',
      JSON.stringify({
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'c' },
        spec: {
          template: {
            spec: {
              containers: [
                { name: 'c', image: 'x/ai-gateway-controller:v0.5.0', args: ['--metricsRequestHeaderAttributes=x-user-id:user.id,'] },
              ],
            },
          },
        },
      }),
      1,
    ],
    ['a sound mapping', good, 0],
  ])('judges %s', async (_, text, code) => {
    const { code: ended, checks, report } = await judged(['--manifests', put('x.yaml', text)]);
    expect(ended).toBe(code);
    expect(statusOf(checks, 'mapping-invalid')).toBe(code === 1 ? 'fail' : 'pass');
    expect(report.origin).toEqual({ kind: 'manifests', name: join(folder, 'x.yaml') });
  });

  it('passes nothing that needs the running cluster, and says why it was skipped', async () => {
    const { checks } = await judged(['--manifests', put('x.yaml', `${good}---${monitor('aigw-admin')}`)]);
    const passed = checks.filter(({ status }) => status === 'pass').map(({ id }) => id);
    expect(passed.filter((id) => !id.startsWith('mapping-'))).toEqual([]);
    expect(checks.filter(({ status, because }) => status === 'skip' && !because)).toEqual([]);
    expect(checks.filter(({ status }) => status === 'unknown')).toEqual([]);
  });

  it('reads folders, but not what is hidden, no manifest, or only for kustomize', async () => {
    const nested = join(folder, 'repository', 'base');
    mkdirSync(join(nested, '.git'), { recursive: true });
    for (const [name, text] of [
      ['controller.yml', bad],
      ['.git/x.yaml', '{{'],
      ['README.md', '{{'],
      ['kustomization.yaml', 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [controller.yml]\n'],
    ] as const)
      writeFileSync(join(nested, name), text);
    expect((await judged(['--manifests', join(folder, 'repository')])).code).toBe(1);
  });

  it.each([
    ['no YAML', 'a: [', /^tokmeter: --manifests: \S+x\.yaml: line 1: .+\n$/],
    ['a template', 'a: {{ .Values.x }}\n  b', /render templates first, as helm template does\n$/],
    ['something else', 'hello: world\n', /it holds something without apiVersion, kind and metadata\.name\n$/],
    ['nothing', '---\n', /it holds no Kubernetes objects\n$/],
    [
      'an alias that multiplies',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c]\n`,
      /alias/i,
    ],
  ])('refuses %s in one sentence', async (_, text, sentence) => {
    const { code, stdout, stderr } = await runCli(['doctor', '--manifests', put('x.yaml', text)]);
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 64, stdout: '', lines: 2 });
    expect(stderr).toMatch(sentence);
  });

  it('over a cluster says what breaks', async () => {
    const { code, stderr, report } = await judged([
      '--manifests',
      put('m.yaml', monitor('aigw-metrics')),
      '--over-cluster',
      '--from',
      join(folder, 'healthy.tgz'),
    ]);
    expect(code).toBe(1);
    expect(report.pipelines[0]?.brokenAt).toEqual({ hop: 'discover', check: 'unmonitored-proxies' });
    expect(stderr).toMatch(/^newly broken: unmonitored-proxies: PodMonitor monitoring\/ai-gateway-proxies: .*\n$/);
  });

  it('over a cluster judges nothing that only Prometheus could tell', async () => {
    const { code, stderr, checks } = await judged([
      '--manifests',
      put('m.yaml', monitor('aigw-admin')),
      '--over-cluster',
      '--from',
      join(folder, 'healthy.tgz'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'applying these manifests breaks nothing and mends nothing\n' });
    expect(checks.filter(({ hop, status }) => (hop === 'collect' || hop === 'query') && status !== 'skip')).toEqual([]);
  });

  it('over a cluster says what is mended', async () => {
    const { snapshot } = await loadWorld('monitor-on-old-port-name');
    const options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };
    writeFileSync(join(folder, 'old.tgz'), encodeBundle({ snapshot: withReadFields(snapshot), options, redacted: [], version: '0.0.0' }));
    const { code, stderr } = await judged([
      '--manifests',
      put('m.yaml', monitor('aigw-admin')),
      '--over-cluster',
      '--from',
      join(folder, 'old.tgz'),
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^newly mended: unmonitored-proxies: /);
  });
});
