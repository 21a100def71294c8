import { expect, it } from 'vitest';
import { fieldTest, labelTest } from '../../../src/sandbox/selecting.ts';

const labels = { app: 'proxy', 'a.b/c': '', tier: 'x' };

it.each([
  ['', true],
  ['app=proxy', true],
  ['app==proxy,tier!=y', true],
  ['app!=proxy', false],
  ['absent!=x', true],
  ['a.b/c=', true],
  ['app in (proxy, other),tier', true],
  ['app notin (proxy)', false],
  ['absent notin (x)', true],
  ['!absent,tier', true],
  ['!app', false],
])('"%s" selects: %s', (selector, expected) => expect(labelTest(selector)?.(labels)).toBe(expected));

it('does not guess what a broken selector means', () => expect(labelTest('a in (b')).toBe(null));

it.each([
  ['metadata.name=x', true],
  ['metadata.name!=x', false],
  ['status.phase=Running,metadata.name=x', true],
  ['status.nope=1', false],
])('field "%s": %s', (selector, expected) => {
  expect(fieldTest(selector)({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, status: { phase: 'Running' } })).toBe(expected);
});
