import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { formatNames } from '../../src/report/formats.ts';
import { type Served, serve } from '../../src/sandbox/serve.ts';
import { loadWorld } from '../../src/sandbox/worlds.ts';
import { runCli } from './run-cli.ts';

// biome-ignore lint/suspicious/noExplicitAny: objects are changed on purpose in every place that could leak
type Tree = any;

let planted: string[] = [];
/** A secret that nothing but its place tells: every one is different. */
function canary(shape: (word: string) => string = (word) => word): string {
  const word = `c4n4ry${String(planted.length + 1).padStart(2, '0')}x7Qz9`;
  planted = [...planted, word];
  return shape(word);
}
const bearer = (word: string): string => `Bearer ${word}`;
const key = (word: string): string => `sk-${word}AbCdEfGh`;
const login = (word: string): string => `https://user:${word}@proxy.example:8443/x`;
const jwt = (word: string): string => `eyJhbGciOiJIUzI1NiJ9.${word}.${word}`;

function plantInContainer(container: Tree): void {
  container.env = [
    ...(container.env ?? []),
    { name: 'OPENAI_API_KEY', value: canary() },
    { name: 'DB_PASSWORD', value: canary() },
    { name: 'BACKEND', value: canary() },
    { name: 'OTEL_EXPORTER_OTLP_HEADERS', value: canary((word) => `x-key=${word}`) },
    { name: 'HTTPS_PROXY', value: canary(login) },
    { name: 'OTEL_EXPORTER_OTLP_ENDPOINT', value: canary(login) },
  ];
  container.args = [
    ...(container.args ?? []),
    `--mcpSessionEncryptionSeed=${canary()}`,
    '--mcpFallbackSessionEncryptionSeed',
    canary(),
    `--openaiKey=${canary()}`,
    `--backend=${canary(login)}`,
    '--upstreamToken',
    canary(),
  ];
}

function plantInMetadata(metadata: Tree): void {
  metadata.annotations = {
    ...metadata.annotations,
    'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ data: canary() }),
    'vault.example/agent': canary(),
    'prometheus.io/authorization': canary(bearer),
  };
  metadata.managedFields = [{ manager: 'kubectl', fieldsV1: { 'f:x': canary() } }];
  metadata.labels = { ...metadata.labels, 'example.com/key': canary(key) };
}

/** A cluster with a secret in every place that an object or an answer has for one. */
function withCanaries(original: Snapshot): Snapshot {
  const snapshot: Tree = structuredClone(original);
  const objects = (resource: string): Tree[] =>
    snapshot.lists.filter(({ kind }: Tree) => kind.resource === resource).flatMap(({ answer }: Tree) => answer.objects ?? []);
  const proxy = objects('pods').find(({ spec }) =>
    [...spec.containers, ...(spec.initContainers ?? [])].some(({ name }: Tree) => name === 'ai-gateway-extproc'),
  );
  const sidecar = [...proxy.spec.containers, ...(proxy.spec.initContainers ?? [])].find(({ name }: Tree) => name === 'ai-gateway-extproc');
  plantInContainer(sidecar);
  plantInMetadata(proxy.metadata);
  const status = (proxy.status.initContainerStatuses ?? proxy.status.containerStatuses).find(
    ({ name }: Tree) => name === 'ai-gateway-extproc',
  );
  status.lastState = {
    terminated: {
      exitCode: 1,
      reason: 'Error',
      message: `cannot log in: password=${canary()} token: ${canary()} authorization: ${canary(bearer)}`,
    },
  };
  status.state = { waiting: { reason: 'CrashLoopBackOff', message: `client_secret=${canary()}` } };
  status.ready = false;
  status.restartCount = 7;

  const controller = objects('deployments').find(({ metadata }) => metadata.name === 'ai-gateway-controller');
  plantInContainer(controller.spec.template.spec.containers[0]);
  controller.spec.template.spec.containers[0].args.push(`--extProcExtraEnvVars=LOG=debug;OPENAI_API_KEY=${canary()}`);
  plantInMetadata(controller.metadata);

  for (const object of objects('configmaps')) object.data = { ...object.data, 'other.conf': canary(), 'password.txt': canary() };
  const gateway = objects('configmaps').find(({ data }) => data['envoy-gateway.yaml'] !== undefined);
  if (gateway) gateway.data['envoy-gateway.yaml'] += `\nrateLimit:\n  backend: { redis: { url: "${canary(login)}" } }\n`;

  for (const object of objects('podmonitors')) {
    object.spec.podMetricsEndpoints[0].params = { token: [canary()] };
    object.spec.podMetricsEndpoints[0].proxyUrl = canary(login);
    plantInMetadata(object.metadata);
  }
  for (const object of objects('prometheuses')) {
    object.spec.remoteWrite = [{ url: canary(login), headers: { 'X-Key': canary() }, authorization: { credentials: canary() } }];
    object.spec.containers = [{ name: 'x', env: [{ name: 'X', value: canary() }] }];
    object.spec.additionalArgs = [{ name: 'x', value: canary() }];
  }
  for (const object of objects('securitypolicies')) object.spec.jwt = { ...object.spec.jwt, extra: canary(jwt) };

  const gets: Tree[] = snapshot.gets.filter(({ answer }: Tree) => answer.status === 'reply');
  const page = gets.find(({ question }) => question.path === '/metrics');
  page.answer.body.text = page.answer.body.text.replaceAll('"alice"', `"${canary(bearer)}"`).replaceAll('"bob"', `"${canary(jwt)}"`);
  page.answer.headers['set-cookie'] = canary();
  page.answer.headers['www-authenticate'] = canary(bearer);
  const failing = gets.filter(({ question }) => question.path === '/metrics').at(-1);
  failing.answer.code = 500;
  failing.answer.body = { text: `upstream said: {"api_key":"${canary()}","access_token":"${canary()}"} at ${canary(login)}` };
  for (const get of gets.filter(({ question }) => question.path.endsWith('/status/config'))) {
    const answer = JSON.parse(get.answer.body.text);
    answer.data.yaml = answer.data.yaml.replace(
      /^scrape_configs:\n/m,
      `remote_write:\n- url: ${canary(login)}\n  headers: { X-Key: ${canary()} }\nscrape_configs:\n- job_name: other\n  params: { token: [${canary()}] }\n  basic_auth: { username: u, password: ${canary()} }\n`,
    );
    get.answer.body.text = JSON.stringify(answer);
  }
  for (const get of gets.filter(({ question }) => question.path.endsWith('/api/v1/targets'))) {
    const answer = JSON.parse(get.answer.body.text);
    for (const target of answer.data.activeTargets ?? [])
      Object.assign(target, { health: 'down', lastError: `Get "${canary(login)}": authorization=${canary()}` });
    get.answer.body.text = JSON.stringify(answer);
  }
  return snapshot;
}

/** A Secret as a server sends it that does not know the form in which names alone are asked for. */
const wholeSecrets = (): string =>
  JSON.stringify({
    kind: 'SecretList',
    apiVersion: 'v1',
    metadata: {},
    items: [
      {
        metadata: {
          name: 'keys',
          namespace: 'default',
          labels: { grafana_dashboard: '1', 'example.com/key': canary(key) },
          annotations: {
            'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ stringData: canary() }),
            'vault.example/agent': canary(bearer),
          },
          managedFields: [{ manager: 'kubectl', fieldsV1: { 'f:x': canary() } }],
        },
        type: canary(),
        data: { token: Buffer.from(canary()).toString('base64'), plain: canary() },
        stringData: { token: canary() },
      },
    ],
  });

const folder = mkdtempSync(join(tmpdir(), 'tokmeter-canary-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);

/** Canaries in a text, plain, in base64 or percent-encoded. */
function found(text: string): readonly string[] {
  return planted.filter(
    (word) =>
      text.includes(word) ||
      [0, 1, 2].some((shift) =>
        text.includes(
          Buffer.from('x'.repeat(shift) + word)
            .toString('base64')
            .slice(4, 16),
        ),
      ),
  );
}

describe.skipIf(!existsSync('dist/cli.js'))('secrets', () => {
  let served: Served;
  let args: readonly string[];
  beforeAll(async () => {
    const secrets = { on: /^GET \/api\/v1\/secrets/, does: { status: 200, body: wholeSecrets() } };
    served = await serve(withCanaries((await loadWorld('healthy-v0.5')).snapshot), { faults: [secrets] });
    const config = JSON.parse(served.kubeconfig);
    config.users.push(
      { name: 'other', user: { password: canary(), username: 'x' } },
      {
        name: 'exec',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: '/bin/sh',
            args: ['-c', `echo '{"token":"${canary()}"' >&2; echo 'not json ${canary()}'`],
            env: [{ name: 'X', value: canary() }],
            interactiveMode: 'Never',
          },
        },
      },
    );
    config.contexts.push({ name: 'exec', context: { cluster: config.contexts[0].context.cluster, user: 'exec' } });
    writeFileSync(path('kubeconfig'), JSON.stringify(config));
    planted = [...planted, served.token];
    args = [
      '--kubeconfig',
      path('kubeconfig'),
      '--prometheus-header',
      `Authorization: ${canary(bearer)}`,
      '--prometheus-header',
      `X-Scope-OrgID: ${canary()}`,
      '--prometheus',
      'monitoring/Prometheus/k8s',
      '--secret-names',
      '--metrics-token-file',
      path('token'),
      '--grafana-token-file',
      path('grafana'),
    ];
    writeFileSync(path('token'), canary());
    writeFileSync(path('grafana'), canary());
  });
  afterAll(() => served.close());

  it('are planted in 40 places and more', () => expect(planted.length).toBeGreaterThanOrEqual(40));

  it.each(formatNames)('are in no report as %s', async (format) => {
    const { stdout, stderr, code } = await runCli(['doctor', ...args, '-o', format, '--stats']);
    expect({ code, found: found(stdout + stderr) }).toEqual({ code: 1, found: [] });
    expect(stdout.length).toBeGreaterThan(300);
  });

  it('are in a Secret that was asked for by name', () =>
    expect(served.asked.filter(({ url }) => url.includes('/secrets')).map(({ headers }) => headers.accept)).toContain(
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    ));

  it('are in nothing that -v tells', async () => {
    const { stdout, stderr } = await runCli(['doctor', ...args, '-v', '9', '-o', 'wide']);
    expect(found(stdout + stderr)).toEqual([]);
  });

  it.each(['proxies', 'monitors', 'targets', 'series'].flatMap((table) => ['wide', 'json'].map((format) => [table, format])))(
    'are in no table of %s as %s',
    async (table, format) => {
      const { stdout, stderr } = await runCli(['get', table, ...args, '-o', format]);
      expect(found(stdout + stderr)).toEqual([]);
    },
  );

  it.each(['text', 'yaml', 'commands'])('are in no remedy as %s', async (format) => {
    const { stdout, stderr } = await runCli(['fix', ...args, '-o', format]);
    expect(found(stdout + stderr)).toEqual([]);
  });

  it.each(['table', 'json', 'csv', 'html'])('are in no usage as %s', async (format) => {
    const { stdout, stderr } = await runCli(['usage', ...args, '--direct', '-o', format]);
    expect(found(stdout + stderr)).toEqual([]);
    expect(stdout).not.toBe('');
  });

  it('are in no bundle, which is judged the same', async () => {
    const { stderr, code } = await runCli(['collect', '-f', path('bundle.tgz'), ...args]);
    expect({ code, found: found(stderr) }).toEqual({ code: 0, found: [] });
    expect(found(gunzipSync(readFileSync(path('bundle.tgz'))).toString('utf8'))).toEqual([]);
    expect(stderr).not.toContain('otherwise');
  });

  it.each([
    ['a user whose program says no credential', ['doctor', '--context', 'exec']],
    ['a wrong token', ['doctor', '--token', 'SECRET']],
    ['a wrong password', ['doctor', '--username', 'x', '--password', 'SECRET']],
    ['a server with a login in its URL', ['doctor', '--server', 'https://u:SECRET@127.0.0.1:9']],
    ['a header that is none', ['doctor', '--prometheus', 'http://127.0.0.1:9', '--prometheus-header', 'SECRET']],
    ['a Prometheus with a login in its URL', ['doctor', '--prometheus', 'http://u:SECRET@127.0.0.1:9', '-o', 'json']],
  ])('are in no trouble of %s', async (_, command) => {
    const word = canary();
    const { stdout, stderr } = await runCli([
      ...command.map((each) => each.replace('SECRET', word)),
      '--kubeconfig',
      path('kubeconfig'),
      '--timeout',
      '10s',
    ]);
    expect(found(stdout + stderr)).toEqual([]);
    expect(stdout + stderr).not.toBe('');
  });

  it.each(['-v', '-o'])('in the environment are told by nothing, %s', async (flag) => {
    const env = { TOKMETER_METRICS_TOKEN: canary(), TOKMETER_GRAFANA_TOKEN: canary(), KUBECONFIG: path('kubeconfig') };
    const { stdout, stderr } = await runCli(['doctor', flag, flag === '-v' ? '9' : 'json', '--stats'], { env });
    expect(found(stdout + stderr)).toEqual([]);
    expect(stdout).not.toBe('');
  });

  it('shown to Grafana are in no report, no step and no bundle', async () => {
    const grafana = await serve((await loadWorld('lgtm-dashboard-loaded')).snapshot);
    const shown = ['--grafana-token-file', path('grafana'), '--kubeconfig', path('kubeconfig-grafana')];
    try {
      writeFileSync(path('kubeconfig-grafana'), grafana.kubeconfig);
      const doctor = await runCli(['doctor', ...shown, '-v', '9', '-o', 'json']);
      const collect = await runCli(['collect', ...shown, '-v', '9', '-f', path('grafana.tgz')]);
      const bundle = gunzipSync(readFileSync(path('grafana.tgz'))).toString('utf8');
      expect(found(doctor.stdout + doctor.stderr + collect.stderr + bundle)).toEqual([]);
      const judged = JSON.parse(doctor.stdout).pipelines.flatMap(({ checks }: Tree) => checks);
      expect(judged.find(({ id }: Tree) => id === 'dashboard-unloaded')).toMatchObject({ status: 'pass' });
      expect(bundle).toContain('/api/dashboards/uid/nebari-llm-token-usage');
    } finally {
      await grafana.close();
    }
  });

  it('that are no token are told by no message', async () => {
    writeFileSync(path('token'), `${canary()} ${canary()}`);
    const { code, stderr } = await runCli(['doctor', ...args]);
    expect({ code, found: found(stderr) }).toEqual({ code: 64, found: [] });
  });

  it('leave no file behind but what was asked for', () =>
    expect(readdirSync(folder).sort()).toEqual(['bundle.tgz', 'grafana', 'grafana.tgz', 'kubeconfig', 'kubeconfig-grafana', 'token']));
});
