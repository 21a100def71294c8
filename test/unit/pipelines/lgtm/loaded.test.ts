import { describe, expect, it } from 'vitest';
import type { KubeObject, Request } from '../../../../src/model/source.ts';
import { dashboardUnloaded } from '../../../../src/pipelines/lgtm/checks/dashboard-unloaded.ts';
import { type Answer, faulty, memorySource } from '../../memory-source.ts';
import { readerOf } from '../envoy-ai-gateway/reader.ts';
import { findingsOf, lineOf } from '../envoy-ai-gateway/world.ts';
import { configMap, grafana, pod, workload } from './objects.ts';
import { lgtmMemory } from './world.ts';

const labels = { 'app.kubernetes.io/name': 'grafana', 'app.kubernetes.io/instance': 'lgtm-pack' };
const expr = 'sum by (user_id) (increase(gen_ai_client_token_usage_sum[30d]))';
const board = (head: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ ...head, panels: [{ title: 'x', gridPos: {}, targets: [{ expr }] }] });

function dashboardMap(
  head: Readonly<Record<string, unknown>> = { uid: 'tokens', title: 'Tokens' },
  made = '2026-11-24T08:00:00Z',
): KubeObject {
  const map = configMap('token-usage', { 'tokens.json': board(head) }, { grafana_dashboard: '1' });
  return { ...map, metadata: { ...map.metadata, creationTimestamp: made } };
}

type Answers = Readonly<Record<string, Answer>>;

interface Told {
  readonly map?: KubeObject;
  readonly grafana?: readonly KubeObject[];
  /** By path. */
  readonly answers?: Answers;
  readonly ready?: boolean;
  readonly token?: string | null;
}

const json = (status: number, body: unknown) => ({ status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const here = json(200, { dashboard: { uid: 'tokens' }, meta: {} });
const gone = json(404, { message: 'Dashboard not found' });
const byUid = (answer: Answer): Answers => ({ '/api/dashboards/uid/tokens': answer });
const untitled = dashboardMap({ title: 'Tokens' });

async function said({
  map = dashboardMap(),
  answers = byUid(here),
  ready = true,
  token = 'glsa_x',
  ...rest
}: Told): Promise<{ line: string; seen: readonly Request[] }> {
  const seen: Request[] = [];
  const memory = lgtmMemory({ grafana: rest.grafana ?? [grafana(), pod('lgtm-pack-grafana-0', labels, ready)], extra: [map] });
  const told = Object.entries(answers).map(([path, answer]) => [
    `monitoring/lgtm-pack-grafana-0:3000${path}`,
    (request: Request) => {
      seen.push(request);
      return answer;
    },
  ]);
  const source = memorySource({ ...memory, endpoints: { ...memory.endpoints, ...Object.fromEntries(told) } });
  const options = token === null ? {} : { grafanaToken: token };
  const verdict = await dashboardUnloaded.examine(readerOf(source, options));
  return { line: lineOf(verdict), seen };
}

describe('dashboard-unloaded', () => {
  it.each<[string, Told, RegExp]>([
    ['loaded', {}, /^pass$/],
    [
      'not loaded',
      { answers: byUid(gone) },
      /^fail: Deployment monitoring\/lgtm-pack-grafana has no dashboard with the uid tokens, though its sidecar picks the ConfigMap up/,
    ],
    [
      'made a moment ago',
      { map: dashboardMap(undefined, '2026-11-24T11:59:40Z'), answers: byUid(gone) },
      /^pass: ConfigMap monitoring\/token-usage was made within the minute/,
    ],
    ['without a token', { token: null }, /^skip: Grafana is asked only with a token: --grafana-token-file, or TOKMETER_GRAFANA_TOKEN/],
    ['a wrong token', { answers: byUid(json(401, { message: 'Invalid API key' })) }, /^unknown: forbidden --grafana-token-file/],
    [
      'a token that may not',
      { answers: byUid(json(403, { message: "You'll need additional permissions" })) },
      /^unknown: forbidden --grafana-token-file/,
    ],
    ['a login in front', { answers: byUid({ status: 302, headers: { location: '/login' }, body: '<a>' }) }, /^unknown: malformed/],
    ['a page in the place of an answer', { answers: byUid({ body: '<!doctype html>' }) }, /^unknown: malformed/],
    ['a path that is not there', { answers: byUid({ status: 404, body: '404 page not found\n' }) }, /^unknown: malformed/],
    ['an error', { answers: byUid(json(500, { message: 'Failed to load dashboard' })) }, /^unknown: malformed/],
    ['a port on which nothing listens', { answers: byUid(faulty('refused')) }, /^unknown: unreachable/],
    ['no pod that is ready', { ready: false }, /^unknown: unreachable/],
    [
      'below a path',
      {
        answers: {
          '/api/dashboards/uid/tokens': {
            status: 301,
            headers: { location: 'https://grafana.example/tools/grafana/api/dashboards/uid/tokens' },
            body: '',
          },
          '/tools/grafana/api/dashboards/uid/tokens': here,
        },
      },
      /^pass$/,
    ],
    ['by its title', { map: untitled, answers: { '/api/search': json(200, [{ uid: 'x', title: 'Tokens', type: 'dash-db' }]) } }, /^pass$/],
    [
      'by its title, and another begins alike',
      { map: untitled, answers: { '/api/search': json(200, [{ uid: 'x', title: 'Tokens by team' }]) } },
      /^fail: .* has no dashboard named "Tokens"/,
    ],
    [
      'by its title, with blanks',
      { map: dashboardMap({ title: ' Tokens ' }), answers: { '/api/search': json(200, [{ title: 'Tokens' }]) } },
      /^pass$/,
    ],
    [
      'another of its uid',
      { answers: byUid(json(200, { dashboard: { uid: 'tokens', title: 'Errors' } })) },
      /^pass: Deployment monitoring\/lgtm-pack-grafana calls the dashboard of uid tokens "Errors", and ConfigMap monitoring\/token-usage "Tokens"/,
    ],
    ['an answer of something else', { answers: byUid(json(200, { status: 'ok' })) }, /^unknown: malformed/],
    ['no list of what is found', { map: untitled, answers: { '/api/search': json(200, { status: 'ok' }) } }, /^unknown: malformed/],
    ['without uid and title', { map: dashboardMap({}) }, /^skip/],
    [
      'about something else',
      { map: configMap('other', { 'x.json': '{"uid":"x"}' }, { grafana_dashboard: '1' }) },
      /^skip: no Grafana of the cluster has a sidecar that picks up/,
    ],
    [
      'that its sidecar leaves out',
      {
        map: configMap('token-usage', { 'tokens.json': board({ uid: 'tokens' }) }, { grafana_dashboard: '1' }, 'llm'),
        grafana: [grafana({ LABEL: 'grafana_dashboard' }), pod('lgtm-pack-grafana-0', labels)],
      },
      /^skip/,
    ],
    ['no Grafana', { grafana: [] }, /^skip/],
    [
      'a sidecar without a Grafana beside it',
      { grafana: [workload('sidecars', { image: 'quay.io/kiwigrid/k8s-sidecar:1.30', labels })] },
      /^skip/,
    ],
  ])('%s', async (_, told, line) => expect((await said(told)).line).toMatch(line));

  it('shows the token to Grafana, and asks for one dashboard', async () => {
    const { seen } = await said({});
    expect(seen).toMatchObject([{ path: '/api/dashboards/uid/tokens', headers: { authorization: 'Bearer glsa_x' } }]);
  });

  it('asks nobody without a token', async () => expect((await said({ token: null })).seen).toEqual([]));

  it('quotes neither the token nor what a page says', async () => {
    const { line } = await said({ answers: byUid(json(401, { message: 'Invalid API key' })), token: 'glsa_secret' });
    expect(line).not.toContain('glsa_secret');
  });

  it('is mended by a restart', async () => {
    const memory = lgtmMemory({ grafana: [grafana(), pod('lgtm-pack-grafana-0', labels)], extra: [dashboardMap()] });
    const source = memorySource({ ...memory, endpoints: { 'monitoring/lgtm-pack-grafana-0:3000/api/dashboards/uid/tokens': gone } });
    const [finding] = findingsOf(await dashboardUnloaded.examine(readerOf(source, { grafanaToken: 'x' })));
    expect(finding?.remedy?.command).toBe('kubectl -n monitoring rollout restart deployment/lgtm-pack-grafana');
  });
});
