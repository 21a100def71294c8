import { describe, expect, it } from 'vitest';
import { absentSeries } from '../../../src/checks/series-absent.ts';
import { defaultIds } from '../../../src/checks/shared-ids.ts';
import { absentStoredIdentity } from '../../../src/checks/stored-identity-absent.ts';
import { gather } from '../../../src/engine/gather.ts';
import type { KubeObject } from '../../../src/model/source.ts';
import type { Answer } from '../memory-source.ts';
import {
  type FakePrometheus,
  healthyObjects,
  healthyPrometheus,
  nounsOf,
  options,
  podMonitor,
  prometheusAt,
  prometheusEndpoints,
  prometheusObject,
  sourceOf,
} from './world.ts';

/** What the first finding would change, where the server shows neither its targets nor its configuration. */
async function changed(
  make: typeof absentSeries | typeof absentStoredIdentity,
  fake: FakePrometheus,
  objects: readonly KubeObject[],
): Promise<string> {
  const answers = prometheusEndpoints(prometheusAt, { ...healthyPrometheus, ...fake }) as Record<string, Answer>;
  const endpoints = Object.fromEntries(Object.entries(answers).filter(([path]) => !/targets$|scrape_pools$/.test(path)));
  const kept = healthyObjects.filter(({ kind }) => !objects.some((object) => object.kind === kind));
  const { reader } = gather(sourceOf({ objects: [...kept, ...objects], endpoints }), options);
  const verdict = await make(nounsOf({}), defaultIds).examine(reader);
  const [finding] = verdict.status === 'fail' ? verdict.findings : [];
  return finding === undefined ? verdict.status : JSON.stringify(finding.remedy?.patch ?? finding.remedy?.text ?? null);
}

const monitor = (metricRelabelings: readonly object[], spec: object = {}): KubeObject =>
  podMonitor('tokens', { podMetricsEndpoints: [{ port: 'aigw-admin', path: '/metrics', metricRelabelings }], ...spec });
const dropsUser = { action: 'labeldrop', regex: 'user_.*' };
const dropsTokens = { action: 'drop', sourceLabels: ['__name__'], regex: 'gen_ai_client_token_usage.*' };
const keepsOthers = { action: 'labelkeep', regex: '__name__|gen_ai_.*|job' };
const keepsOtherNames = { action: 'keep', sourceLabels: ['__name__'], regex: 'up|go_.*' };
const empties = { targetLabel: 'user_id', replacement: '' };
const harmless = { action: 'labeldrop', regex: 'otel_.*' };
const classes = (rule: object) => prometheusObject('k8s', { scrapeClasses: [{ name: 'usual', default: true, metricRelabelings: [rule] }] });
const removed = (path: string, value: object): string =>
  JSON.stringify([
    { op: 'test', path, value },
    { op: 'remove', path },
  ]);
const own = (index: number, rule: object): string => removed(`/spec/podMetricsEndpoints/0/metricRelabelings/${index}`, rule);

const advice = JSON.stringify('look for a rule that drops or rewrites user_id in metricRelabelings, scrape classes and remote write');

describe('a label that no series has is given back by taking away', () => {
  it.each<[string, readonly KubeObject[], string]>([
    ['the rule that drops it', [monitor([harmless, dropsUser])], own(1, dropsUser)],
    ['the rule that keeps others', [monitor([keepsOthers])], own(0, keepsOthers)],
    ['the rule that empties it', [monitor([empties])], own(0, empties)],
    ['the rule of the scrape class', [monitor([]), classes(dropsUser)], removed('/spec/scrapeClasses/0/metricRelabelings/0', dropsUser)],
    ['nothing, where two rules do it', [monitor([dropsUser, { action: 'labeldrop', regex: 'user_id' }])], advice],
    ['nothing, where no rule does', [monitor([harmless])], advice],
    ['nothing, where the operator refuses the rules', [monitor([dropsUser, { action: 'labeldrop', regex: '(' }])], advice],
    ['nothing, where the monitor is of other pods', [monitor([dropsUser], { selector: { matchLabels: { app: 'a' } } })], advice],
  ])('%s', async (_, objects, expected) => expect(await changed(absentStoredIdentity, { labels: [] }, objects)).toBe(expected));
});

it('a label is given back in its dotted spelling where that is stored', async () => {
  const dropsDotted = { action: 'labeldrop', regex: 'user\\.id' };
  const objects = [monitor([harmless, dropsDotted])];
  expect(await changed(absentStoredIdentity, { labels: [] }, objects)).toBe(advice);
  expect(await changed(absentStoredIdentity, { labels: [], names: { 'gen_ai.client.token.usage_sum': 12 } }, objects)).toBe(
    own(1, dropsDotted),
  );
});

describe('series that are not stored are let through by taking away', () => {
  it.each<[string, readonly KubeObject[], string]>([
    ['the rule that drops them', [monitor([harmless, dropsTokens])], own(1, dropsTokens)],
    ['the rule that keeps others', [monitor([keepsOtherNames])], own(0, keepsOtherNames)],
    ['nothing, where no rule does', [monitor([harmless])], 'null'],
    ['nothing, where a part of them passes', [monitor([{ action: 'drop', sourceLabels: ['user_id'], regex: 'bob' }])], 'null'],
  ])('%s', async (_, objects, expected) => expect(await changed(absentSeries, { names: {} }, objects)).toBe(expected));
});
