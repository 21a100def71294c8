import { listed } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { type LoadedDashboard, loadedDashboards } from '../facts/loaded-dashboards.ts';
import { ids } from '../names.ts';

/** The sidecar hears of a ConfigMap at once, and Grafana looks at the files every half minute: grafana chart, dashboardProviders updateIntervalSeconds. */
const patience = 60;

/** Dashboards that Grafana ought to have and does not know, asked of Grafana itself. */
export const dashboardUnloaded = defineCheck({
  id: ids.dashboardUnloaded,
  title: 'Grafana has loaded every dashboard about tokens',
  hop: 'present',
  severity: 'error',
  why: 'A dashboard that lies where Grafana would look and was never loaded is missing from its list. Whoever follows a link to it finds an error page.',
  fix: 'Restart Grafana with `kubectl -n NAMESPACE rollout restart deployment/NAME`, and read the log of its container grafana-sc-dashboard.',
  follows: [ids.dashboardUnwatched],
  needs: { loaded: loadedDashboards },
  judge({ loaded }) {
    if (loaded.status === 'not-asked')
      return { status: 'skip', because: 'Grafana is asked only with a token: --grafana-token-file, or TOKMETER_GRAFANA_TOKEN' };
    const { read, unread } = loaded;
    if (read.length === 0 && unread.length === 0)
      return { status: 'skip', because: 'no Grafana of the cluster has a sidecar that picks up a dashboard about tokens' };
    const missing = read.filter((each) => !each.loaded);
    const late = missing.filter(({ map }) => map.age === null || map.age >= patience);
    const young = missing.filter((each) => !late.includes(each)).map(({ map }) => `${map.namespace}/${map.name}`);
    return verdict(late.map(findingOf), distinct(unread), noteOf(young, read));
  },
});

/** What may yet come, and what may be another dashboard. */
function noteOf(young: readonly string[], read: readonly LoadedDashboard[]): string | undefined {
  if (young.length > 0) return `ConfigMap ${listed(young)} was made within the minute: Grafana may not have looked yet`;
  const other = read.find(({ called }) => called !== null);
  if (other === undefined || !('uid' in other.by)) return undefined;
  const { grafana, map, by, called } = other;
  return `${grafana.subject} calls the dashboard of uid ${by.uid} ${JSON.stringify(called)}, and ConfigMap ${map.namespace}/${map.name} ${JSON.stringify(by.title)}: two may have one uid`;
}

/** Every dashboard of a Grafana that cannot be asked meets the same refusal. */
function distinct<T extends { readonly message: string }>(unread: readonly T[]): readonly T[] {
  return [...new Map(unread.map((each) => [each.message.replace(/^GET \S+ of /, ''), each])).values()];
}

function findingOf({ grafana, sidecar, map, key, by }: LoadedDashboard): Finding {
  const { namespace, name, kind } = grafana;
  const asked = 'uid' in by ? `/api/dashboards/uid/${encodeURIComponent(by.uid)}` : '/api/search?type=dash-db';
  return {
    subject: `ConfigMap ${map.namespace}/${map.name}, ${key}`,
    message: `${grafana.subject} has no dashboard ${'uid' in by ? `with the uid ${by.uid}` : `named ${JSON.stringify(by.title)}`}, though its sidecar picks the ConfigMap up`,
    evidence: {
      saw: 'uid' in by ? `GET ${asked}: 404` : `GET ${asked} finds none of that title`,
      run: `kubectl -n ${namespace} logs ${kind.toLowerCase()}/${name} -c ${sidecar.container}`,
    },
    remedy: {
      text: `restart ${grafana.subject}: its sidecar copies every dashboard anew`,
      command: `kubectl -n ${namespace} rollout restart ${kind.toLowerCase()}/${name}`,
    },
  };
}
