import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/engine/diagnose.ts';
import type { Options } from '../../src/model/fact.ts';
import type { Report } from '../../src/model/report.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { KubeObject } from '../../src/model/source.ts';
import { pipelines } from '../../src/pipelines/index.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { withReadFields } from '../../src/sources/redaction-fields.ts';
import { withoutNames } from '../../src/sources/redaction-names.ts';
import { replay } from '../../src/sources/replay.ts';
import { worlds } from '../worlds/index.ts';
import { optionsOf } from '../worlds/replayed.ts';

const options: Options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };
const judge = (snapshot: Snapshot, told: Options = options): Promise<Report> =>
  diagnose(pipelines, replay(snapshot), told, { failOn: 'fail', version: '0.0.0', ended: () => null });

/** All of a report that does not speak of names. */
function verdicts({ exitCode, pipelines }: Report): unknown {
  const checks = pipelines.flatMap((pipeline) => pipeline.checks);
  return {
    exitCode,
    brokenAt: pipelines.map(({ brokenAt }) => brokenAt),
    checks: checks.map(
      ({ id, status, consequenceOf, findings, unread }) => `${id} ${status} ${consequenceOf} ${findings.length} ${unread.length}`,
    ),
  };
}

const names = await listWorlds();

/** Each is judged once as it was recorded. */
const whole = new Map<string, Promise<Report>>();

async function recorded(name: string): Promise<{ readonly snapshot: Snapshot; readonly told: Options; readonly report: Report }> {
  const { snapshot } = await loadWorld(name);
  const told = optionsOf(worlds.find((world) => world.name === name));
  const judged = whole.get(name) ?? judge(snapshot, told);
  whole.set(name, judged);
  return { snapshot, told, report: await judged };
}

describe('a recording of', () => {
  it.each(names)('%s is judged the same, word for word, with only the fields that are read', async (name) => {
    const { snapshot, told, report } = await recorded(name);
    expect(await judge(withReadFields(snapshot), told)).toEqual(report);
  });

  it.each(names)('%s is judged the same with pseudonyms', async (name) => {
    const { snapshot, told, report } = await recorded(name);
    const redacted = withoutNames(withReadFields(snapshot), told).snapshot;
    expect(verdicts(await judge(redacted, told))).toEqual(verdicts(report));
    expect(redacted.origin.name).toBe('redacted');
    const text = JSON.stringify(redacted);
    expect(['alice', 'bob', 'team-a', 'team-b', 'maas-system', 'maas-gateway', '"127.0.2'].filter((word) => text.includes(word))).toEqual(
      [],
    );
  });
});

it('takes what was asked for along', () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'acme' } };
  const kind = { group: '', resource: 'namespaces', kind: 'Namespace', namespaced: false };
  const snapshot: Snapshot = {
    format: 1,
    origin: { kind: 'cluster', name: 'acme-prod' },
    now: '2026-01-01T00:00:00Z',
    server: null,
    requests: { kubernetes: 1, tunnels: 0, prometheus: 0 },
    lists: [{ kind, scope: { labelSelector: 'a=acme' }, answer: { status: 'objects', objects: [namespace] } }],
    gets: [],
  };
  const prometheus = {
    target: { at: 'service', namespace: 'acme', service: 'web', port: null },
    headers: { Authorization: 'secret' },
  } as const;
  const redacted = withoutNames(snapshot, { ...options, namespace: 'acme', prometheus });
  expect(redacted.options).toMatchObject({ namespace: 'ns-0001', prometheus: { target: { namespace: 'ns-0001' }, headers: {} } });
  expect(JSON.stringify(redacted)).not.toMatch(/acme|secret/);
});

/** A recording of these objects and this body. */
function recordingOf(objects: readonly KubeObject[], texts: Readonly<Record<string, string>>): Snapshot {
  const kindOf = ({ kind }: KubeObject) => ({ group: '', resource: `${kind.toLowerCase()}s`, kind, namespaced: true });
  return {
    format: 1,
    origin: { kind: 'cluster', name: 'a' },
    now: '2026-01-01T00:00:00Z',
    server: null,
    requests: { kubernetes: 1, tunnels: 0, prometheus: 0 },
    lists: objects.map((object) => ({ kind: kindOf(object), scope: {}, answer: { status: 'objects', objects: [object] } })),
    gets: Object.entries(texts).map(([query, body]) => ({
      endpoint: { at: 'url', url: 'http://[fd00:10:244::9]:9090' },
      question: { path: '/api/v1/query', query: [['query', query]], accept: null },
      answer: { status: 'reply', code: 200, headers: {}, body: { text: body }, cut: null, via: 'direct' },
    })),
  };
}

it('gives IPv6 addresses the same pseudonym wherever and however they are written', () => {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default' },
    status: {
      podIP: 'fd00:10:244::5',
      podIPs: [{ ip: 'fd00:10:244::5' }, { ip: 'fe80::1' }],
      message: 'dial [::1]:80 at 12:34:56\nfd00:10:244::6',
    },
  };
  const query = 'up{instance=~"\\\\[fd00:10:244:0:0:0:0:5\\\\]:1064",job="a:rate::sum"}';
  const body = '{"metric":{"instance":"[fd00:10:244::5]:1064","__url__":"http://[FD00:10:244::5]:1064/metrics"}}';
  const { snapshot } = withoutNames(recordingOf([pod], { [query]: body }), options);
  const text = JSON.stringify(snapshot);
  expect(text.match(/fd00::1000:1000/g)).toHaveLength(5);
  expect(text).not.toMatch(/10:244|fe80/i);
  expect(text).toContain('dial [::1]:80 at 12:34:56');
  expect(text).toContain('a:rate::sum');
  expect(text).toContain('http://[fd00::1000:1002]:9090');
});

it('keeps a dashboard that a GrafanaDashboard refers to, whatever its key', () => {
  const configmap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'tokens', namespace: 'a' },
    data: {
      board: JSON.stringify({ panels: [{ title: 'x', targets: [{ expr: 'sum(rate(tokens[5m]))', token: 'secret' }] }] }),
      other: '{"password": "secret"}',
    },
  };
  const grafana = {
    apiVersion: 'grafana.integreatly.org/v1beta1',
    kind: 'GrafanaDashboard',
    metadata: { name: 'tokens', namespace: 'a' },
    spec: { configMapRef: { name: 'tokens', key: 'board' } },
  };
  const kept = withReadFields(recordingOf([configmap, grafana], {})).lists.flatMap(({ answer }) =>
    answer.status === 'objects' ? answer.objects : [],
  );
  expect(kept[0]?.data).toEqual({ board: '{"panels":[{"title":"x","targets":[{"expr":"sum(rate(tokens[5m]))"}]}]}' });
  expect(kept[1]?.spec).toEqual({ configMapRef: { name: 'tokens', key: 'board' } });
});

it('keeps a namespace that is a word of a label, and with it the label', async () => {
  const { snapshot } = await loadWorld('healthy-v0.5');
  const renamed: Snapshot = JSON.parse(JSON.stringify(snapshot).replaceAll('maas-system', 'user'));
  expect(verdicts(await judge(withoutNames(withReadFields(renamed), options).snapshot))).toEqual(verdicts(await judge(renamed)));
});
