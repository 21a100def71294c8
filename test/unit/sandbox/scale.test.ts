import { expect, it } from 'vitest';
import { getKey, type Snapshot } from '../../../src/model/snapshot.ts';
import { scale } from '../../../src/sandbox/scale.ts';
import { handMade } from '../../fixtures/hand-made.ts';

const targets = {
  status: 'success',
  data: { activeTargets: [{ labels: { pod: 'a' }, scrapeUrl: 'http://10.0.0.1:1064/metrics' }], droppedTargets: [] },
};
const world: Snapshot = {
  ...handMade,
  gets: [
    ...handMade.gets,
    {
      endpoint: { at: 'service', namespace: 'm', service: 'prom', port: 'web' },
      question: { path: '/api/v1/targets', query: [], accept: null },
      answer: { status: 'reply', code: 200, headers: {}, body: { text: JSON.stringify(targets) }, cut: null, via: 'proxy' },
    },
  ],
};

const podsOf = ({ lists }: Snapshot) =>
  lists.flatMap(({ kind, scope, answer }) =>
    kind.resource === 'pods' && scope.labelSelector === undefined && answer.status === 'objects' ? answer.objects : [],
  );
const targetsOf = ({ gets }: Snapshot) => {
  const answer = gets.find(({ question }) => question.path === '/api/v1/targets')?.answer;
  return answer?.status === 'reply' && 'text' in answer.body ? JSON.parse(answer.body.text).data.activeTargets : [];
};

it('has so many metering pods, each with its own name, address, endpoint and target', () => {
  const large = scale(world, 30);
  const metrics = large.gets.filter(({ endpoint, question }) => endpoint.at === 'pod' && question.path === '/metrics');
  expect(new Set(metrics.map(({ endpoint, question }) => getKey(endpoint, question))).size).toBe(30);
  const pods = podsOf(large);
  expect(pods.length).toBe(31);
  expect(new Set(pods.map(({ metadata }) => metadata.name)).size).toBe(31);
  expect(new Set(pods.map(({ status }) => (status as { readonly podIP: string }).podIP)).size).toBe(31);
  expect(new Set(pods.map(({ metadata }) => metadata.uid)).size).toBe(31);
  const urls = targetsOf(large).map(({ scrapeUrl }: { readonly scrapeUrl: string }) => scrapeUrl);
  // One of the six pods that answer has a target.
  expect(urls.length).toBe(5);
  expect(new Set(urls).size).toBe(5);
});

it('is the same world when it is large enough already', () => expect(scale(world, 3)).toEqual(world));
