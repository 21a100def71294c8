import { expect, it } from 'vitest';
import { reasonOf } from '../../../src/report/conclusion.ts';

const needs = 'get pods/portforward in namespace monitoring';

it.each([
  ['a permission is not known', 'nothing answers', null, 'nothing answers'],
  ['the message does not say it', 'refused with HTTP 403', needs, `refused with HTTP 403 (needs ${needs})`],
  ['the message says it', `this user may not ${needs}`, needs, `this user may not ${needs}`],
  ['the message says it in other words', 'refused (needs port-forward)', needs, 'refused (needs port-forward)'],
])('a reason tells the missing permission once: %s', (_, message, missing, expected) => {
  expect(reasonOf({ reason: 'forbidden', what: 'GET pod', message, needs: missing })).toBe(expected);
});
