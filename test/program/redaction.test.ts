import { describe, expect, it } from 'vitest';
import { diagnose } from '../../src/engine/diagnose.ts';
import type { Options } from '../../src/model/fact.ts';
import type { Report } from '../../src/model/report.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { pipelines } from '../../src/pipelines/index.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { withReadFields } from '../../src/sources/redaction-fields.ts';
import { withoutNames } from '../../src/sources/redaction-names.ts';
import { replay } from '../../src/sources/replay.ts';

const options: Options = { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null };
const judge = (snapshot: Snapshot): Promise<Report> =>
  diagnose(pipelines, replay(snapshot), options, { failOn: 'fail', version: '0.0.0', ended: () => null });

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

describe('a recording of', () => {
  it.each(names)('%s is judged the same, word for word, with only the fields that are read', async (name) => {
    const { snapshot } = await loadWorld(name);
    expect(await judge(withReadFields(snapshot))).toEqual(await judge(snapshot));
  });

  it.each(names)('%s is judged the same with pseudonyms', async (name) => {
    const { snapshot } = await loadWorld(name);
    const redacted = withoutNames(withReadFields(snapshot), options).snapshot;
    expect(verdicts(await judge(redacted))).toEqual(verdicts(await judge(snapshot)));
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
