import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { accessNeeds } from '../../../src/commands/rbac.ts';
import { checksTable, entriesOf, page, sentence } from '../../../src/explain/page.ts';
import { clusterRole, needsOf } from '../../../src/explain/rbac.ts';
import { hops } from '../../../src/model/check.ts';
import type { Access, OptIn } from '../../../src/model/source.ts';
import { pipelines } from '../../../src/pipelines/index.ts';
import { explained } from '../../../src/report/explained.ts';
import { plain } from '../../../src/report/style.ts';
import { broken, pipelineOf } from '../engine/fakes.ts';

const root = resolve(import.meta.dirname, '../../..');
const text = (path: string): string => readFileSync(resolve(root, path), 'utf8');
const entries = entriesOf(pipelines);
const named = entries.map((entry) => [entry.check.id, entry] as const);

describe('a check of several pipelines', () => {
  const check = broken('same');
  const other = { ...check, title: 'every pod is there' };
  const [entry] = entriesOf([
    { id: 'one', checks: [check] },
    { id: 'two', checks: [other] },
    { id: 'three', checks: [check] },
    { id: 'four', checks: [other] },
  ]);

  it('is told once in the words of the first, and once in each other wording', () => {
    expect(entry?.pipelines).toEqual(['one', 'two', 'three', 'four']);
    expect(entry?.otherwise.map(({ pipelines: of }) => of)).toEqual([['two', 'four']]);
  });

  it('shows the other wording in its page and in the terminal', () => {
    if (entry === undefined) throw new Error('no entry');
    expect(page(entry)).toContain('## For two, four\n\nA healthy chain: **every pod is there**.');
    expect(explained(check, plain, entry.otherwise)).toContain('Healthy when every pod is there.');
  });
});

describe('the catalogue', () => {
  it.each(pipelines.map((pipeline) => [pipeline.id, pipeline] as const))('%s has unique ids in data-path order', (_, { checks }) => {
    const ids = checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const places = checks.map(({ hop }) => hops.indexOf(hop));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it.each(named)('%s follows checks of its own or an earlier hop, which are there', (id, { pipelines: of }) => {
    for (const { checks } of pipelines.filter((pipeline) => of.includes(pipeline.id))) {
      const check = checks.find((each) => each.id === id);
      const late = check?.follows.filter((other) => {
        const hop = checks.find((each) => each.id === other)?.hop;
        return hop === undefined || hops.indexOf(hop) > hops.indexOf(check.hop);
      });
      expect(late).toEqual([]);
    }
  });

  it.each(named)('%s is told in prose that names no pipeline', (_, { check }) => {
    for (const prose of [check.why, check.fix, check.title]) {
      expect(prose.trim()).not.toBe('');
      // A command may hold the name of a chart or a namespace.
      expect(prose.replace(/`[^`]*`/g, '')).not.toMatch(
        /(?<![\w/-])envoy-ai-gateway(?![\w-])|Envoy AI Gateway|Kuadrant|Limitador|gpt-load/,
      );
    }
  });

  it.each(named)('%s has its generated page', (id, entry) => expect(text(`docs/checks/${id}.md`)).toBe(page(entry)));

  it('has no page of a check that is gone', () => {
    const pages = readdirSync(resolve(root, 'docs/checks')).filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual(entries.map(({ check }) => `${check.id}.md`).sort());
  });

  it('fits the terminal', () => {
    for (const { check, otherwise } of entries) {
      const wide = explained(check, plain, otherwise)
        .split('\n')
        .filter((line) => line.length > 80 && !line.startsWith('  tokmeter '));
      expect(wide).toEqual([]);
    }
  });
});

describe('page', () => {
  it('is one for a check that two pipelines share', () => {
    const shared = broken('a', { title: 'a | b' });
    const [entry, ...others] = entriesOf([pipelineOf([shared]), { ...pipelineOf([shared]), id: 'other' }]);
    expect([entry?.pipelines, others]).toEqual([['fake', 'other'], []]);
    expect(checksTable(entry ? [entry] : [], 'docs')).toContain('| emit | [a](docs/a.md) | error | a \\| b |');
  });

  it.each([
    ['add the port', 'Add the port.'],
    ['Done.', 'Done.'],
    ['run `x`', 'Run `x`'],
  ])('ends %s as a sentence', (given, expected) => expect(sentence(given)).toBe(expected));
});

describe('rbac', () => {
  const facts = [
    { title: 'pods', reads: [{ verb: 'list', group: '', resource: 'pods' }] as const },
    {
      title: 'metrics',
      reads: [
        { verb: 'get', group: '', resource: 'pods/portforward' },
        { verb: 'create', group: '', resource: 'pods/portforward' },
      ] as const,
    },
    { title: 'other pods', reads: [{ verb: 'list', group: '', resource: 'pods' }] as const },
  ];
  const role = (via: 'port-forward' | 'proxy', serviceAccount: { namespace: string; name: string } | null = null): unknown[] =>
    parseAllDocuments(clusterRole(needsOf(facts), { name: 'x', via, serviceAccount })).map((document) => document.toJS());

  it('is a rule a resource', () => {
    expect(role('port-forward')).toMatchObject([
      {
        kind: 'ClusterRole',
        rules: [
          { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
          { apiGroups: [''], resources: ['pods/portforward'], verbs: ['get', 'create'] },
        ],
      },
    ]);
  });

  it('creates nothing through the proxy', () => {
    expect(role('proxy')).toMatchObject([{ rules: [{ resources: ['pods'] }, { resources: ['pods/proxy'], verbs: ['get'] }] }]);
  });

  it('binds a service account', () => {
    expect(role('proxy', { namespace: 'n', name: 's' })[1]).toMatchObject({
      kind: 'ClusterRoleBinding',
      roleRef: { kind: 'ClusterRole', name: 'x' },
      subjects: [{ kind: 'ServiceAccount', namespace: 'n', name: 's' }],
    });
  });

  it('says above a rule what it is for', () => {
    expect(clusterRole(needsOf(facts), { name: 'x', via: 'proxy', serviceAccount: null })).toContain('  # pods; other pods\n');
  });

  it('has no Secret and no log in it unless that is asked for', () => {
    const resources = (asked: readonly OptIn[]): readonly string[] =>
      accessNeeds(pipelines, asked).flatMap(({ access }) => (/^(secrets|pods\/log)$/.test(access.resource) ? [access.resource] : []));
    expect(resources([])).toEqual([]);
    expect(resources(['secretNames'])).toEqual(['secrets']);
  });

  it('says what a rule about Secrets or logs grants besides', () => {
    const reads: readonly Access[] = [
      { verb: 'list', group: '', resource: 'secrets' },
      { verb: 'get', group: '', resource: 'pods/log' },
    ];
    const settings = { name: 'x', via: 'proxy', serviceAccount: null } as const;
    const role = clusterRole(needsOf([{ title: 'a', reads }]), settings);
    expect(role).toMatch(
      /# a\n {2}# whoever holds this rule can read every log[^\n]*\n {2}- apiGroups: \[""\]\n {4}resources: \["pods\/log"\]/,
    );
    expect(role).toMatch(
      /# RBAC cannot tell names from data[^\n]*\n[^\n]*\n {2}- apiGroups: \[""\]\n {4}resources: \["secrets"\]\n {4}verbs: \["list"\]/,
    );
  });

  it('is what deploy/clusterrole.yaml holds', () => {
    expect(text('deploy/clusterrole.yaml')).toContain(
      clusterRole(accessNeeds(pipelines), { name: 'tokmeter', via: 'port-forward', serviceAccount: null }),
    );
  });
});
