import { askGrafana, type GrafanaPlace } from '../../../facts/grafana-api.ts';
import { aboutTokens, type DashboardMap, type DashboardSidecar, dashboardSidecars } from '../../../facts/grafana-dashboards.ts';
import { kinds, listing, tunnelling } from '../../../facts/kinds.ts';
import { podOf } from '../../../facts/pods.ts';
import { type Workload, workloads } from '../../../facts/workloads.ts';
import { defineFact } from '../../../model/fact.ts';
import { ReadError, type Source, type Unread, unreadOf } from '../../../model/source.ts';
import { jsonOf, list, record, text } from '../../../parse/fields.ts';
import { imageOf } from '../../../parse/image.ts';
import { reasonAgainst } from '../watching.ts';
import { firstReady } from './mimir-pods.ts';

/** A dashboard about tokens that a Grafana is meant to have. */
export interface LoadedDashboard {
  /** The Grafana that its sidecar fills. */
  readonly grafana: Workload;
  readonly sidecar: DashboardSidecar;
  readonly map: DashboardMap;
  readonly key: string;
  /** By which Grafana was asked for it. */
  readonly by: { readonly uid: string; readonly title: string | null } | { readonly title: string };
  readonly loaded: boolean;
  /** What Grafana calls the one of this uid, where that is something else: two dashboards may have one uid. Null: it calls it the same. */
  readonly called: string | null;
}

/** What Grafana has of the dashboards about tokens; not asked: no token was given. */
export type LoadedDashboards =
  | { readonly status: 'not-asked' }
  | { readonly status: 'asked'; readonly read: readonly LoadedDashboard[]; readonly unread: readonly Unread[] };

/** Whether each Grafana has the dashboards that its sidecar picks up, asked of its own API: only with --grafana-token-file. */
export const loadedDashboards = defineFact({
  id: 'loaded-dashboards',
  title: 'dashboards that Grafana has loaded',
  reads: [listing(kinds.pods), ...tunnelling],
  needs: { workloads, dashboards: dashboardSidecars },
  async read({ workloads, dashboards }, { source, options }): Promise<LoadedDashboards> {
    const token = options.grafanaToken;
    if (token === undefined) return { status: 'not-asked' };
    const meant = dashboards.sidecars.flatMap((sidecar) => meantFor(sidecar, dashboards.maps, workloads.read));
    const settled = await Promise.all(meant.map((each) => asked(source, each, token)));
    const unread = settled.flatMap((each) => ('reason' in each ? [each] : []));
    return { status: 'asked', read: settled.flatMap((each) => ('reason' in each ? [] : [each])), unread };
  },
});

type Meant = Omit<LoadedDashboard, 'loaded' | 'called'>;

/** The dashboards that a sidecar brings to the Grafana beside it. */
function meantFor(sidecar: DashboardSidecar, maps: readonly DashboardMap[], all: readonly Workload[]): readonly Meant[] {
  const grafana = all.find(({ subject }) => subject === sidecar.subject);
  if (grafana === undefined || sidecar.unsure || doorOf(grafana) === null) return [];
  return maps
    .filter((map) => reasonAgainst(map, sidecar) === null)
    .flatMap((map) =>
      Object.entries(map.data).flatMap(([key, json]) => {
        const by = key.endsWith('.json') && aboutTokens.test(json) ? namedIn(json) : null;
        return by === null ? [] : [{ grafana, sidecar, map, key, by }];
      }),
    );
}

/** Without a uid Grafana makes one up, and a dashboard is known by its title alone. */
function namedIn(json: string): Meant['by'] | null {
  // That it is no JSON is told by another check.
  const { uid, title } = record(jsonOf(json));
  if (text(uid)) return { uid: text(uid) ?? '', title: text(title) };
  return text(title) ? { title: text(title) ?? '' } : null;
}

interface Door {
  readonly port: number;
  readonly scheme: 'http' | 'https';
}

/** The port that the container of Grafana declares, else its default: conf/defaults.ini http_port, protocol. Null: there is no such container. */
function doorOf({ containers }: Workload): Door | null {
  const container = containers.find(({ image, init }) => !init && /^grafana(?:-oss|-enterprise)?$/.test(imageOf(image).name));
  if (container === undefined) return null;
  const set = new Map(container.env.map(({ name, value }) => [name, value]));
  const told = Number(set.get('GF_SERVER_HTTP_PORT') ?? Number.NaN);
  const declared = container.ports.find(({ name }) => name === 'grafana' || name === 'http' || name === 'service');
  const port = declared?.number ?? (Number.isInteger(told) ? told : 3000);
  return { port, scheme: set.get('GF_SERVER_PROTOCOL') === 'https' ? 'https' : 'http' };
}

async function asked(source: Source, meant: Meant, token: string): Promise<LoadedDashboard | Unread> {
  try {
    const place = await placeOf(source, meant.grafana, token);
    return { ...meant, ...(await has(source, place, meant.by)) };
  } catch (error) {
    if (!(error instanceof ReadError)) throw error;
    return unreadOf(error);
  }
}

async function placeOf(source: Source, grafana: Workload, token: string): Promise<GrafanaPlace> {
  const { namespace, selector, subject } = grafana;
  const labelSelector = Object.entries(selector)
    .map((pair) => pair.join('='))
    .join(',');
  const pods = (await source.list(kinds.pods, { namespace, labelSelector })).map(podOf);
  const pod = firstReady(pods.filter(({ deleting }) => !deleting));
  if (pod === null) throw new ReadError('unreachable', `GET ${subject}`, `no pod of ${subject} is ready, so that Grafana cannot be asked`);
  const { port, scheme } = doorOf(grafana) ?? { port: 3000, scheme: 'http' };
  const endpoint = { at: 'pod' as const, namespace, pod: pod.name, port, ...(scheme === 'https' ? { scheme } : {}) };
  return { name: subject, endpoint, token };
}

async function has(source: Source, place: GrafanaPlace, by: Meant['by']): Promise<Pick<LoadedDashboard, 'loaded' | 'called'>> {
  if ('uid' in by) {
    const path = `/api/dashboards/uid/${encodeURIComponent(by.uid)}`;
    const answer = await askGrafana(source, place, path);
    if (answer === null) return { loaded: false, called: null };
    const { dashboard } = record(answer);
    if (Object.keys(record(dashboard)).length === 0) throw unlike(place, path);
    const title = text(record(dashboard).title);
    return { loaded: true, called: title === null || by.title === null || title.trim() === by.title.trim() ? null : title };
  }
  const found = await askGrafana(source, place, '/api/search', [
    ['type', 'dash-db'],
    ['query', by.title],
  ]);
  if (!Array.isArray(found)) throw unlike(place, '/api/search');
  // Grafana leaves out blanks around titles.
  return { loaded: list(found).some((each) => text(record(each).title)?.trim() === by.title.trim()), called: null };
}

function unlike({ name }: GrafanaPlace, path: string): ReadError {
  const what = `GET ${path} of ${name}`;
  return new ReadError('malformed', what, `${what} answers with something that is not of Grafana's API`);
}
