import { describe, expect, it } from 'vitest';
import type { Check } from '../../../../src/model/check.ts';
import type { KubeObject } from '../../../../src/model/source.ts';
import { volumeFilling, volumeFull } from '../../../../src/pipelines/lgtm/checks/volume-full.ts';
import { lineOf } from '../envoy-ai-gateway/world.ts';
import { mimir, mimirConfig, mimirLabels, mimirPart, pod, service, type WorkloadShape } from './objects.ts';
import { type Answers, type Change, judgedLgtm, sound } from './world.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A part whose data is on a volume of its own. */
function claiming(part: KubeObject, name = 'data'): KubeObject {
  return { ...part, spec: { ...(part.spec as object), volumeClaimTemplates: [{ metadata: { name } }] } };
}

const whole = [claiming(mimir()), mimirConfig(), pod('lgtm-pack-mimir-0', mimirLabels), service('lgtm-pack-mimir', mimirLabels)];
const ofClaim = (claim: string, labels: Fields = {}): Record<string, string> => ({
  namespace: 'monitoring',
  persistentvolumeclaim: claim,
  ...(labels as Record<string, string>),
});

/** What the kubelets say, as the store holds it: claim, bytes available, bytes in all, and labels beside. */
function told(...volumes: readonly (readonly [string, number, number, Fields?])[]): Answers {
  const samples = volumes.flatMap(([claim, available, capacity, labels]) => [
    [{ __name__: 'kubelet_volume_stats_available_bytes', ...ofClaim(claim, labels) }, available] as const,
    [{ __name__: 'kubelet_volume_stats_capacity_bytes', ...ofClaim(claim, labels) }, capacity] as const,
  ]);
  return { samples: { kubelet_volume_stats: samples, ...sound.samples } };
}

const own = 'data-lgtm-pack-mimir-0';
const parts = (shape: Partial<WorkloadShape> = {}): readonly KubeObject[] => [
  mimirPart('query-frontend'),
  claiming(mimirPart('ingester', { kind: 'StatefulSet', ...shape })),
  claiming(mimirPart('compactor', { kind: 'StatefulSet' })),
  mimirConfig(),
  pod('lgtm-pack-mimir-0', { ...mimirLabels, 'app.kubernetes.io/component': 'query-frontend' }),
  service('lgtm-pack-mimir', mimirLabels),
];

const gib = 1024 ** 3;

describe.each<[string, Check, number]>([
  ['volume-full', volumeFull, 0],
  ['volume-filling', volumeFilling, 6],
])('%s', (_, check, percent) => {
  const wrong = percent / 100;
  const has = (share: number): Change => ({ mimir: whole, answers: told([own, share * 10 * gib, 10 * gib]) });
  it.each<[string, Change, RegExp]>([
    ['with room', has(0.5), /^pass$/],
    ['with a tenth left and more', has(0.11), /^pass$/],
    [
      'without',
      has(wrong),
      /^fail: (\[warning\] )?the volume of StatefulSet monitoring\/lgtm-pack-mimir is (nearly )?full: (0 bytes|614 MiB) of 10 GiB are left/,
    ],
    [
      'of another claim',
      { mimir: whole, answers: told(['data-loki-0', 0, 10 * gib]) },
      /^skip: no store that was asked holds kubelet_volume_stats/,
    ],
    ['of a claim that begins alike', { mimir: whole, answers: told(['data-lgtm-pack-mimir-0-old', 0, 10 * gib]) }, /^skip/],
    [
      'of which nothing is told',
      { mimir: whole },
      /^skip: no store that was asked holds kubelet_volume_stats_\* of data-lgtm-pack-mimir-0: a scrape of the kubelets/,
    ],
    ['that is no claim', { answers: told([own, 0, 10 * gib]) }, /^skip: no part of a Grafana Mimir has a persistent volume claim/],
    ['of no Mimir', { mimir: [], collector: [] }, /^skip/],
    ['without a capacity', { mimir: whole, answers: told([own, 0, 0]) }, /^skip/],
    ['of a store that does not answer', { mimir: whole, answers: null }, /^unknown: /],
    ['told twice', { mimir: whole, answers: told([own, wrong * gib, gib], [own, wrong * gib, gib]) }, /^fail/],
    [
      'of one of two clusters, whichever is this one',
      { mimir: whole, answers: told([own, wrong * gib, gib, { cluster: 'a' }], [own, 0.7 * gib, gib, { cluster: 'b' }]) },
      /^pass$/,
    ],
    [
      'of both clusters',
      { mimir: whole, answers: told([own, wrong * gib, gib, { cluster: 'a' }], [own, wrong * gib, gib, { cluster: 'b' }]) },
      /^fail/,
    ],
    ['of a second replica', { mimir: whole, answers: told([own, 0.7 * gib, gib], ['data-lgtm-pack-mimir-1', wrong * gib, gib]) }, /^fail/],
  ])('%s', async (_name, change, line) => expect(lineOf(await judgedLgtm(check, change))).toMatch(line));
});

describe('volumes of parts', () => {
  const full = (claim: string): Change => ({ mimir: parts(), answers: told([claim, 0, gib]) });
  it.each<[string, Check, Change, RegExp]>([
    [
      'a full ingester',
      volumeFull,
      full('data-lgtm-pack-mimir-ingester-2'),
      /^fail: the volume of StatefulSet monitoring\/lgtm-pack-mimir-ingester is full/,
    ],
    ['a full ingester is not filling', volumeFilling, full('data-lgtm-pack-mimir-ingester-2'), /^pass/],
    [
      'a full compactor loses nothing',
      volumeFull,
      full('data-lgtm-pack-mimir-compactor-0'),
      /^pass: nothing tells of data-lgtm-pack-mimir-ingester-0/,
    ],
    [
      'a large volume with a little room takes what is written',
      volumeFull,
      { mimir: whole, answers: told([own, 9 * gib, 1024 * gib]) },
      /^pass$/,
    ],
    ['a large volume with a little room is filling', volumeFilling, { mimir: whole, answers: told([own, 9 * gib, 1024 * gib]) }, /^fail/],
    ['numbers that are none', volumeFull, { mimir: whole, answers: told([own, Number.NaN, gib]) }, /^skip/],
    ['a full compactor is told', volumeFilling, full('data-lgtm-pack-mimir-compactor-0'), /^fail/],
  ])('%s', async (_, check, change, line) => expect(lineOf(await judgedLgtm(check, change))).toMatch(line));

  it('are those that a Deployment claims by name as well', async () => {
    const volumes = [{ name: 'storage', persistentVolumeClaim: { claimName: 'mimir-storage' } }];
    const store = [mimir({ kind: 'Deployment', volumes }), pod('lgtm-pack-mimir-0', mimirLabels), service('lgtm-pack-mimir', mimirLabels)];
    expect(lineOf(await judgedLgtm(volumeFull, { mimir: store, answers: told(['mimir-storage', 0, gib]) }))).toMatch(/^fail/);
  });
});
