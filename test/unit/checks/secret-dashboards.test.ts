import { describe, expect, it } from 'vitest';
import { queryChecks } from '../../../src/checks/queries.ts';
import { secretDashboards } from '../../../src/checks/secret-dashboards.ts';
import type { SecretName, SecretNames } from '../../../src/facts/secret-names.ts';
import type { TokenQueries } from '../../../src/facts/token-queries.ts';
import type { Verdict } from '../../../src/model/check.ts';
import type { Attempt } from '../../../src/model/fact.ts';
import { nounsOf } from './world.ts';

const secret = (name: string, labels: Record<string, string> = { grafana_dashboard: '1' }): SecretName => ({
  namespace: 'monitoring',
  name,
  labels,
  annotations: {},
});
const asked = (...secrets: SecretName[]): Attempt<SecretNames> => ({ status: 'read', value: { status: 'asked', secrets } });
const notAsked: Attempt<SecretNames> = { status: 'read', value: { status: 'not-asked' } };
const refused: Attempt<SecretNames> = {
  status: 'unread',
  unread: {
    what: 'list secrets',
    reason: 'forbidden',
    message: 'secrets is forbidden (needs list in all namespaces)',
    needs: 'list secrets in all namespaces',
  },
};

describe('dashboards in Secrets', () => {
  it.each([
    ['nobody asked for', notAsked, null],
    ['there are none of', asked(secret('tls', {})), null],
    ['there is one of', asked(secret('tls', {}), secret('a')), 'dashboards in Secret monitoring/a are not read'],
    ['there are two of', asked(secret('a'), secret('b')), 'dashboards in Secrets monitoring/a, monitoring/b are not read'],
    [
      'there are many of',
      asked(...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => secret(name))),
      'dashboards in Secrets monitoring/a, monitoring/b, monitoring/c, monitoring/d, monitoring/e and 2 more are not read',
    ],
    ['may not be looked for', refused, 'whether Secrets hold dashboards is not known: secrets is forbidden (needs list in all namespaces)'],
  ])('that %s', (_, names, said) => expect(secretDashboards(names)).toBe(said));
});

const [empty] = queryChecks(nounsOf({}), {
  empty: 'empty',
  collapsed: 'collapsed',
  overcounted: 'overcounted',
  tooNew: 'too-new',
  silent: [],
  identity: [],
});
const server = {} as TokenQueries['server'];
const none: TokenQueries = { server, legacy: false, queries: [], holders: 1, unread: [] };
const sound: TokenQueries = { ...none, queries: [{ selectors: [] } as unknown as TokenQueries['queries'][number]] };
const hidden = 'dashboards in Secret monitoring/a are not read';

describe('a check of dashboards', () => {
  it.each<[string, TokenQueries, Attempt<SecretNames>, Verdict | undefined]>([
    ['passes without a word when nobody asked', sound, notAsked, { status: 'pass' }],
    ['passes with a remark about Secrets', sound, asked(secret('a')), { status: 'pass', note: hidden }],
    ['passes when Secrets may not be listed', sound, refused, { status: 'pass', note: secretDashboards(refused) ?? '' }],
    ['skips as ever when nobody asked', none, notAsked, { status: 'skip', because: 'no dashboard or rule in the cluster asks for tokens' }],
    [
      'skips with a remark about Secrets',
      none,
      asked(secret('a')),
      { status: 'skip', because: `no dashboard or rule in the cluster asks for tokens; ${hidden}` },
    ],
  ])('%s', (_, queries, secrets, verdict) => expect(empty?.judge({ queries, secrets }, {} as never)).toEqual(verdict));
});
