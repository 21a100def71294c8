import { expect, it } from 'vitest';
import { countsDisagree } from '../../../src/checks/counts-disagree.ts';
import { consequences } from '../../../src/engine/consequence.ts';
import type { Emission } from '../../../src/facts/emitters.ts';
import type { Server } from '../../../src/facts/prometheus.ts';
import type { ServerCounts } from '../../../src/facts/reconciliation.ts';
import type { Unread } from '../../../src/model/source.ts';
import { emissionOf, emitterOf, nounsOf, options, proxies, userId } from './world.ts';

const server = { key: 'prometheus monitoring/k8s', subject: 'Prometheus monitoring/k8s', object: null, shards: [], unread: [] } as Server;
const emitters = proxies.map(emitterOf);
// Each of the two says that alice used 120 tokens.
const emissions: readonly Emission[] = emitters.map((emitter) => emissionOf(emitter));
const refused: Unread = { what: 'GET /api/v1/query', reason: 'timeout', message: 'slow', needs: null };

function counts(change: Partial<ServerCounts>): ServerCounts {
  return {
    server,
    emitters: emitters.map(({ key }) => key),
    stored: 240,
    tenants: { label: userId, stored: new Map([['alice', change.stored ?? 240]]) },
    growth: 0,
    unread: [],
    ...change,
  };
}

it.each<[string, Partial<ServerCounts>, readonly Emission[], string]>([
  ['as many as were counted', {}, emissions, 'pass'],
  [
    'twice as many',
    { stored: 480 },
    emissions,
    'it holds 2.00 × the tokens that 2 proxies counted (480 stored, 240 counted): alice is billed 2.00 × its tokens',
  ],
  ['a third of them', { stored: 80 }, emissions, 'alice is billed 0.33 × its tokens'],
  ['what two scrapes may bring', { stored: 200, growth: 50 }, emissions, 'pass'],
  ['rounding', { stored: 244 }, emissions, 'pass'],
  ['no label to bill by', { stored: 480, tenants: null }, emissions, '(480 stored, 240 counted)'],
  ['nothing that could be compared', { emitters: [] }, emissions, 'skip'],
  ['idle proxies', { stored: 0 }, emitters.map((emitter) => emissionOf(emitter, 'idle')), 'skip'],
  ['one proxy that says nothing', { stored: 480 }, emissions.slice(0, 1), 'skip'],
  ['a query that was not answered', { stored: 0, unread: [refused] }, emissions, 'unknown'],
])('%s', (_, change, read, expected) => {
  const check = countsDisagree(nounsOf({}), { countsDisagree: 'counts-disagree', earlier: [] });
  const verdict = check.judge({ emissions: { read, unread: [] }, counts: [counts(change)] }, options);
  expect(verdict.status === 'fail' ? verdict.findings.map(({ message }) => message).join('\n') : verdict.status).toContain(expected);
});

it('is one sum: what loses the tokens of one proxy explains it', () => {
  const check = countsDisagree(nounsOf({}), { countsDisagree: 'counts-disagree', earlier: ['tokens-dropped'] });
  const verdict = check.judge({ emissions: { read: emissions, unread: [] }, counts: [counts({ stored: 120 })] }, options);
  const findings = verdict.status === 'fail' ? verdict.findings : [];
  const judged = { severity: 'error', status: 'fail' } as const;
  const dropped = { ...judged, id: 'tokens-dropped', follows: [], findings: [{ about: [emitters[0]?.key ?? ''] }] };
  expect([...consequences([dropped, { ...judged, id: check.id, follows: check.follows, findings }])]).toEqual([
    ['counts-disagree', 'tokens-dropped'],
  ]);
});
