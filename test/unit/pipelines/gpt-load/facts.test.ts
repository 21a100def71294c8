import { describe, expect, it } from 'vitest';
import type { Request } from '../../../../src/model/source.ts';
import { databaseOf } from '../../../../src/pipelines/gpt-load/facts/database.ts';
import { emissions } from '../../../../src/pipelines/gpt-load/facts/emissions.ts';
import { emitters } from '../../../../src/pipelines/gpt-load/facts/emitters.ts';
import { identity } from '../../../../src/pipelines/gpt-load/facts/identity.ts';
import { installed } from '../../../../src/pipelines/gpt-load/facts/installed.ts';
import { instances } from '../../../../src/pipelines/gpt-load/facts/instances.ts';
import { usage } from '../../../../src/pipelines/gpt-load/usage.ts';
import { proxiesView } from '../../../../src/pipelines/gpt-load/views/proxies.ts';
import { pod, tokenFromSecret, workload } from './objects.ts';
import { busy, type Change, html, missingToken, page, plain, readerOf, withoutToken } from './world.ts';

const named = (image: string, name = 'gpt-load'): Change => ({ workloads: [workload({ image, name })], pods: [pod({ image, name })] });

describe('installed', () => {
  it.each<[string, Change, unknown]>([
    ['an image of the registry', {}, { status: 'installed', variant: 'pr-416', summary: '1 gpt-load pod of 1 workload' }],
    ['a mirror', named('mirror.example:5000/llm/gpt-load@sha256:abc', 'proxy'), { status: 'installed', variant: null }],
    ['a StatefulSet', { workloads: [workload({ kind: 'StatefulSet' })] }, { status: 'installed' }],
    ['a workload without pods', { pods: [] }, { status: 'installed', summary: '0 gpt-load pods of 1 workload' }],
    ['another program', named('nginx:1'), { status: 'absent' }],
    ['an exporter of it', named('gpt-load-exporter:1'), { status: 'absent' }],
    ['another namespace', { options: { namespace: 'other' } }, { status: 'absent' }],
    ['pods by their labels', { workloads: [], options: { selector: 'app=gpt-load' } }, { status: 'installed' }],
    ['labels of other pods', { options: { selector: 'app=other' } }, { status: 'absent' }],
    ['a Gateway that is asked about', { options: { gateway: { namespace: 'a', name: 'b' } } }, { status: 'absent' }],
  ])('%s', async (_, change, found) => expect(await readerOf(change).ask(installed)).toMatchObject(found as object));

  it('is not absent when a list was refused', async () => {
    const reader = readerOf({ workloads: [], pods: [], refused: { statefulsets: 'forbidden' } });
    await expect(reader.ask(installed)).rejects.toThrow(/forbidden/);
  });

  it('is found in one namespace by pods alone', async () => {
    const reader = readerOf({ refused: { deployments: 'forbidden' }, options: { namespace: 'llm' } });
    expect(await reader.ask(installed)).toMatchObject({ status: 'installed', summary: '1 gpt-load pod of 0 workloads' });
  });
});

describe('instances', () => {
  const env = (...variables: readonly { readonly name: string; readonly value: string }[]): Change => ({ pods: [pod({ env: variables })] });
  it.each<[string, Change, unknown]>([
    ['the usual port', {}, { port: 3001, portNames: ['http'], token: 'set', tokenKey: { name: 'gpt-load', key: 'metrics-token' } }],
    ['PORT', env({ name: 'PORT', value: '8080' }), { port: 8080, portNames: null, token: 'unset', tokenKey: null }],
    ['a declared port', { pods: [pod({ ports: [{ containerPort: 9000 }] })] }, { port: 9000, portNames: [] }],
    ['no port at all', { pods: [pod({ ports: null })] }, { port: 3001, portNames: null }],
    ['a follower', env({ name: 'IS_SLAVE', value: 'true' }), { follower: true }],
  ])('%s', async (_, change, found) => expect((await readerOf(change).ask(instances)).read).toMatchObject([found]));

  it('keeps no value of the environment', async () => {
    const { read } = await readerOf(env({ name: 'AUTH_KEY', value: 'sk-secret' })).ask(instances);
    expect(JSON.stringify(read[0]?.pod)).not.toContain('sk-secret');
  });
});

describe('emitters', () => {
  const dsn = { name: 'DATABASE_DSN', value: 'postgres://u:p@db/g' };
  const follower = { name: 'slave', env: [tokenFromSecret, dsn, { name: 'IS_SLAVE', value: 'true' }] };
  it('leaves followers to their master', async () => {
    const workloads = [workload({ env: [tokenFromSecret, dsn] }), workload(follower)];
    const reader = readerOf({ workloads, pods: [pod({ env: [tokenFromSecret, dsn] }), pod(follower)] });
    expect((await reader.ask(emitters)).read.map(({ key }) => key)).toEqual(['pod llm/gpt-load-5d9f-0']);
  });
  it('takes a follower whose master is not here', async () => {
    const reader = readerOf({ workloads: [workload(follower)], pods: [pod(follower)] });
    expect((await reader.ask(emitters)).read.map(({ key }) => key)).toEqual(['pod llm/slave-5d9f-0']);
  });
});

describe('emissions', () => {
  const outcomeOf = async (change: Change) => (await readerOf(change).ask(emissions)).read.map(({ outcome }) => outcome)[0];
  it('reads real traffic', async () => {
    const outcome = await outcomeOf({ metrics: plain(page('traffic.prom')) });
    expect(outcome).toMatchObject({ status: 'metered', family: 'gpt_load_tokens_total', labelNames: ['group', 'model', 'type'] });
    expect(outcome?.status === 'metered' && outcome.series.length).toBe(9);
    expect(outcome?.status === 'metered' && outcome.series[0]).toEqual({
      labels: { type: 'prompt', group: 'team-a', model: 'gpt-4o-mini' },
      sum: 22,
      count: 22,
    });
    expect(outcome?.status === 'metered' && outcome.requests).toContainEqual({ labels: { group: 'team-a', model: '' }, count: 1 });
  });
  it.each<[string, Change, string]>([
    ['names with escapes', { metrics: plain(page('tab.prom')) }, 'metered'],
    ['names with quotes', { metrics: plain(page('quoted.prom')) }, 'metered'],
    ['no sample', { metrics: plain(page('empty.prom')) }, 'idle'],
    ['the web page', { metrics: html }, 'unreadable'],
  ])('%s', async (_, change, status) => expect((await outcomeOf(change))?.status).toBe(status));

  it('brings the token, and asks for it when there is none', async () => {
    const guarded = ({ headers }: Request) => (headers?.Authorization === 'Bearer right' ? plain(busy) : missingToken);
    expect((await readerOf({ metrics: guarded }).ask(emissions)).read).toHaveLength(1);
    const { read, unread } = await readerOf({ metrics: guarded, options: withoutToken }).ask(emissions);
    expect(read).toEqual([]);
    expect(unread).toMatchObject([{ reason: 'forbidden', needs: '--metrics-token-file' }]);
  });
});

describe('identity', () => {
  it('is the group, and what is expected', async () => {
    const labels = await readerOf({ options: { expectLabels: ['user.id', 'group'] } }).ask(identity);
    expect(labels.map(({ label }) => label)).toEqual(['group', 'user_id']);
  });
});

describe('database', () => {
  const at = (mountPath: string, volume: object = { persistentVolumeClaim: {} }, value?: string) =>
    databaseOf(
      { volumes: [{ name: 'd', ...volume }] },
      { volumeMounts: [{ name: 'd', mountPath }], env: value === undefined ? [] : [{ name: 'DATABASE_DSN', value }] },
    );
  it.each([
    ['a claim', at('/app/data'), { kind: 'sqlite', path: '/app/data/gpt-load.db', on: 'volume' }],
    ['a folder of the node', at('/app', { hostPath: {} }), { kind: 'sqlite', on: 'volume' }],
    ['an emptyDir', at('/app/data', { emptyDir: {} }), { kind: 'sqlite', on: 'emptyDir' }],
    ['a secret mounted elsewhere', at('/etc/x', { secret: {} }), { kind: 'sqlite', on: 'container' }],
    ['an empty name', at('/app/data', {}, ''), { kind: 'sqlite' }],
    ['another file', at('/x', { persistentVolumeClaim: {} }, './x/y.db'), { kind: 'sqlite', path: '/app/x/y.db' }],
    [
      'a folder of its own',
      databaseOf(
        { volumes: [{ name: 'd', persistentVolumeClaim: {} }] },
        { env: [{ name: 'DATA_DIR', value: '/data' }], volumeMounts: [{ name: 'd', mountPath: '/data' }] },
      ),
      { kind: 'sqlite', path: '/data/gpt-load.db', on: 'volume' },
    ],
    ['mysql', at('/x', {}, 'root:pw@tcp(db:3306)/g?charset=utf8'), { kind: 'server' }],
    ['postgres', at('/x', {}, 'postgres://u:p@db/g'), { kind: 'server' }],
    ['keywords', at('/x', {}, 'host=db user=u'), { kind: 'server' }],
    ['what is masked', at('/x', {}, '***@tcp(db)/g'), { kind: 'server' }],
    [
      'a Secret',
      databaseOf({}, { env: [{ name: 'DATABASE_DSN', valueFrom: { secretKeyRef: { name: 'a', key: 'b' } } }] }),
      { kind: 'server' },
    ],
    ['an environment from elsewhere', databaseOf({}, { envFrom: [{ secretRef: { name: 'a' } }] }), { kind: 'unknown' }],
  ])('%s', (_, database, found) => expect(database).toMatchObject(found));
});

describe('the table of proxies', () => {
  it('has a row for each pod in the columns of all pipelines', async () => {
    const table = await proxiesView.show(readerOf());
    expect(table.rows[0]?.slice(0, 9)).toEqual(['llm', 'gpt-load-5d9f-0', 'llm/gpt-load', 'pr-416', '-', 'yes', '0', '-', '3 series']);
    expect(table.columns).toHaveLength(table.rows[0]?.length ?? 0);
  });
});

describe('usage', () => {
  const question = {
    by: null,
    window: { start: 0, end: 0, step: 0 },
    where: [],
    types: null,
    requests: true,
    priced: false,
    apart: false,
  };
  it('adds prompt and completion of one pod of a log, with the requests that were counted', async () => {
    const dsn = { name: 'DATABASE_DSN', value: 'postgres://u:p@db/g' };
    const shape = { replicas: 2, env: [tokenFromSecret, dsn] };
    const reader = readerOf({ workloads: [workload(shape)], pods: [pod(shape), pod({ ...shape, index: 1 })] });
    const answer = await usage.direct(reader, question);
    expect(answer).toMatchObject({
      status: 'read',
      usage: {
        by: ['group'],
        counted: ['prompt', 'completion'],
        rows: [{ values: ['openai'], tokens: { prompt: 51840, completion: 20736 }, requests: 128 }],
      },
    });
    expect(answer.status === 'read' && answer.usage.notes.join()).toMatch(/streamed/);
  });
});
