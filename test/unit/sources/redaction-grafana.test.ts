import { describe, expect, it } from 'vitest';
import { readRoleRules, readSubjects } from '../../../src/sources/redaction-access.ts';
import { isGrafanaPath, readGrafana } from '../../../src/sources/redaction-grafana.ts';

describe("Grafana's answers in a bundle", () => {
  it.each([
    ['/api/dashboards/uid/tokens', true],
    ['/grafana/api/search', true],
    ['/api/v1/query', false],
    ['/api/search/x', false],
  ])('%s: %s', (path, asked) => expect(isGrafanaPath(path)).toBe(asked));

  it.each([
    ['{"meta":{"createdBy":"alice"},"dashboard":{"uid":"a","title":"b","panels":[{"canary":1}]}}', '{"dashboard":{"uid":"a","title":"b"}}'],
    ['[{"id":1,"uid":"a","title":"b","url":"/d/a"}]', '[{"uid":"a","title":"b"}]'],
    ['<!doctype html>', '{"dashboard":{}}'],
  ])('%s', (body, left) => expect(readGrafana(body)).toBe(left));
});

describe('roles in a bundle', () => {
  it('name no person', () =>
    expect(
      readSubjects([
        { kind: 'ServiceAccount', name: 'a', namespace: 'b' },
        { kind: 'User', name: 'alice@example.com' },
        { kind: 'Group', name: 'sales' },
        { kind: 'Group', name: 'system:serviceaccounts' },
      ]),
    ).toEqual([
      { kind: 'ServiceAccount', name: 'a', namespace: 'b' },
      { kind: 'Group', name: 'system:serviceaccounts' },
    ]));

  it('say what is listed and watched, and of names that there are some', () =>
    expect(
      readRoleRules([
        { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'], resourceNames: ['canary'] },
        { verbs: ['create'], apiGroups: [''], resources: ['secrets'] },
        { verbs: ['get'], nonResourceURLs: ['/canary'] },
        { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      ]),
    ).toEqual([
      { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'], resourceNames: ['<secret>'] },
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    ]));
});
