import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { fixesOf, masked } from '../../src/commands/fix.ts';
import { diagnose } from '../../src/engine/diagnose.ts';
import type { Options } from '../../src/model/fact.ts';
import type { CheckResult, Report } from '../../src/model/report.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import type { KubeObject } from '../../src/model/source.ts';
import { commandsOf } from '../../src/parse/changes.ts';
import { strings } from '../../src/parse/fields.ts';
import { pipelines } from '../../src/pipelines/index.ts';
import { fixText } from '../../src/report/fix.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { withReadFields } from '../../src/sources/redaction-fields.ts';
import { replay } from '../../src/sources/replay.ts';
import { worlds } from '../worlds/index.ts';
import { optionsOf } from '../worlds/replayed.ts';

const judge = (snapshot: Snapshot, options: Options): Promise<Report> =>
  diagnose(pipelines, replay(snapshot), options, { failOn: 'fail', version: '0.0.0', ended: () => null });
const failing = (report: Report): readonly CheckResult[] =>
  report.pipelines.flatMap(({ checks }) => checks).filter(({ status }) => status === 'fail');

/** What a shell runs where a word stands without quotes, and where it stands between quotes that are not its own. */
const order = 'kubectl delete namespace owned';
const evil = `' && ${order} && kubectl get ' && ${order} && kubectl get x`;

/** What the API server restricts, or would not find any more. */
const kept = /(?:metadata\.(?:name|namespace|uid|resourceVersion)|\.kind|\.apiVersion|\.key|\.scope.*|\.controller)$/;

/** All texts with something behind a word, wherever it stands in them. */
function tainted(tree: unknown, word: string, more: string, path = ''): unknown {
  if (typeof tree === 'string') return kept.test(path) ? tree : tree.replaceAll(word, () => `${word}${more}`);
  if (Array.isArray(tree)) return tree.map((item) => tainted(item, word, more, path));
  if (typeof tree !== 'object' || tree === null) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, tainted(value, word, more, `${path}.${key}`)]));
}

const hostile = (snapshot: Snapshot, word: string): Snapshot =>
  ({ ...snapshot, lists: tainted(snapshot.lists, word, evil), gets: tainted(snapshot.gets, word, evil) }) as Snapshot;

/** Words of remedies that the cluster has in some text, each with the world in which it comes up first for its check. */
async function wordsOf(name: string, seen: Set<string>): Promise<readonly string[]> {
  const { snapshot } = await loadWorld(name);
  const whole = JSON.stringify(snapshot.lists);
  const found = failing(await judge(snapshot, toldIn(name))).flatMap(({ id, findings }) =>
    findings
      .flatMap(({ remedy }) => (remedy?.command ?? '').split(/[^\w./-]+/))
      .filter((word) => word.length > 3 && whole.includes(word) && !seen.has(`${id} ${word}`) && seen.add(`${id} ${word}`)),
  );
  return [...new Set(found)];
}

const toldIn = (name: string): Options => optionsOf(worlds.find((world) => world.name === name));

function scriptOf(report: Report, snapshot: Snapshot): string {
  const ids = failing(report).map(({ id }) => id);
  return fixText(fixesOf(report, snapshot, ids).map(masked), 'commands', { color: false, unicode: true, columns: 100 } as never);
}

/** Commands that nobody wrote, of a line. */
const foreign = (line: string): boolean => (commandsOf(line.replace(/ &&$/, '')) ?? []).some((words) => words.join(' ') === order);

const names = await listWorlds();

describe('what the cluster says', { timeout: 600_000 }, () => {
  it('is no name in a command where no API server gives such a name', async () => {
    const { snapshot } = await loadWorld('monitor-without-the-release-label');
    const name = `ai-gateway-proxies && ${order} && kubectl get x`;
    const renamed: Snapshot = JSON.parse(JSON.stringify(snapshot).replaceAll('"ai-gateway-proxies"', () => JSON.stringify(name)));
    const report = await judge(renamed, toldIn('monitor-without-the-release-label'));
    expect(failing(report).map(({ id }) => id)).toContain('unselected-monitors');
    const lines = scriptOf(report, renamed).split('\n');
    expect(lines.filter((line) => !line.startsWith('#') && foreign(line))).toEqual([]);
  });

  it('is never written with a mask in it', async () => {
    const { snapshot } = await loadWorld('monitor-without-the-release-label');
    const secret = 'sk-c4n4ryx7Qz9AbCdEfGh';
    const hidden: Snapshot = JSON.parse(JSON.stringify(snapshot).replaceAll('"release":"kube-prometheus-stack"', `"release":"${secret}"`));
    const script = scriptOf(await judge(hidden, toldIn('monitor-without-the-release-label')), hidden);
    expect(script).toContain('would show what looks like a secret');
    expect(script.split('\n').filter((line) => !line.startsWith('#') && /secret/.test(line))).toEqual([]);
    expect(script).not.toContain(secret);
  });

  it('is never a command, in a script or in a finding', async () => {
    const seen = new Set<string>();
    const wrong: string[] = [];
    let reached = 0;
    for (const name of names)
      for (const word of await wordsOf(name, seen)) {
        const snapshot = hostile((await loadWorld(name)).snapshot, word);
        if (!JSON.stringify(snapshot).includes(order)) continue;
        const report = await judge(snapshot, toldIn(name));
        const script = scriptOf(report, snapshot);
        reached += Number(script.includes(order));
        wrong.push(...troublesOf(report, script).map((trouble) => `${name}: ${word}: ${trouble}`));
      }
    expect(wrong).toEqual([]);
    expect(reached).toBeGreaterThan(50);
  });

  it.each(names)('that is secret stays out of remedies: %s', async (name) => {
    const { snapshot } = await loadWorld(name);
    const hidden = { ...snapshot, lists: snapshot.lists.map(withCanaries) } as Snapshot;
    for (const each of [hidden, withReadFields(hidden)]) {
      const report = await judge(each, toldIn(name));
      const shown = JSON.stringify(
        fixesOf(
          report,
          each,
          failing(report).map(({ id }) => id),
        )
          .map(masked)
          .map(({ object, ...rest }) => rest),
      );
      expect(shown.match(/.{200}c4n4ry/)?.[0] ?? null).toBeNull();
    }
  });
});

/** With comments, passwords and headers in every text of a configuration, and in what beside it may hold a secret. */
function withCanaries(list: Snapshot['lists'][number]): unknown {
  if (list.answer.status !== 'objects') return list;
  return { ...list, answer: { ...list.answer, objects: list.answer.objects.map(planted) } };
}

function planted(object: KubeObject): unknown {
  const annotations = {
    ...object.metadata.annotations,
    'kubectl.kubernetes.io/last-applied-configuration': '{"x":"c4n4ry"}',
    'a.example/b': 'c4n4ry',
  };
  const metadata = { ...object.metadata, annotations };
  if (object.kind !== 'ConfigMap') return { ...object, metadata };
  const data = Object.entries(strings(object.data)).map(([key, text]) => [key, /^\s*[{[]/.test(text) ? text : commented(text)]);
  return { ...object, metadata, data: { ...Object.fromEntries(data), 'other.conf': 'password: c4n4ry' } };
}

function commented(text: string): string {
  return text
    .replaceAll(/^(?!\s*#)(.*[\w\])}"'])$/gm, '$1 # c4n4ry')
    .replaceAll(
      /^( *)(- )?((?:job_name|endpoint|url|name): .*)$/gm,
      (line, indent: string, dash = '') => `${line}\n${indent}${' '.repeat(dash.length)}x_auth: {password: c4n4ry, headers: {a: c4n4ry}}`,
    );
}

/** Commands that nobody wrote, and what a shell does not read. */
function troublesOf(report: Report, script: string): readonly string[] {
  const raw = failing(report).flatMap(({ id, findings }) => findings.map(({ remedy }) => [id, remedy?.command ?? ''] as const));
  const lines = script.replaceAll(/<<'EOF_OF_TOKMETER'\n[\s\S]*?\nEOF_OF_TOKMETER\n/g, '\n').split('\n');
  return [
    ...raw
      .filter(([, command]) => command.split('\n').some(foreign) || commandsOf(command) === null)
      .map(([id, command]) => `${id}: ${command}`),
    ...lines.filter((line) => !line.startsWith('#') && foreign(line)),
    ...(script.includes(order) && spawnSync('/bin/sh', ['-n'], { input: script }).status !== 0 ? ['sh -n'] : []),
  ];
}
