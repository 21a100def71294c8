import { describe, expect, it } from 'vitest';
import { gatewayErrors } from '../../../../src/pipelines/kuadrant/checks/gateway-errors.ts';
import { kuadrant } from '../../../../src/pipelines/kuadrant/index.ts';
import { checkOf, judged, lineOf, readerOf } from './world.ts';

const opted = new Set(['api-keys-unannotated', gatewayErrors.id]);
const own = kuadrant.checks.filter(({ id, hop }) => (hop === 'configure' || hop === 'emit') && !opted.has(id));

describe('a healthy Kuadrant', () => {
  it.each(own.map(({ id }) => id))('%s passes', async (id) => {
    expect(lineOf(await judged(id))).toMatch(/^pass/);
  });

  it.each([...opted])('%s is skipped without leave to look', async (id) => {
    expect(lineOf(await judged(id))).toMatch(/^skip: .*without --/);
  });

  it.each(kuadrant.checks.map(({ id }) => id))('%s does not fail', async (id) => {
    expect(lineOf(await judged(id))).not.toMatch(/^fail/);
  });

  it('is found, with the release of its Limitador', async () => {
    const reader = readerOf();
    expect(await reader.ask(kuadrant.installed)).toMatchObject({ status: 'installed', variant: 'limitador v2.3.0' });
  });

  it('names only checks of the same or an earlier hop as causes', () => {
    const at = new Map(kuadrant.checks.map(({ id, hop }) => [id, hop]));
    const order = ['configure', 'emit', 'expose', 'discover', 'collect', 'query', 'present'];
    const wrong = kuadrant.checks.flatMap(({ id, hop, follows }) =>
      follows
        .filter((cause) => order.indexOf(at.get(cause) ?? '') === -1 || order.indexOf(at.get(cause) ?? '') > order.indexOf(hop))
        .map((cause) => `${id} < ${cause}`),
    );
    expect(wrong).toEqual([]);
    expect(checkOf('unmonitored-limitadors').follows).toContain('monitors-disabled');
  });
});
