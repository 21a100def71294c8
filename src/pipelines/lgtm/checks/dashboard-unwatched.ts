import { aboutTokens, type DashboardMap, type DashboardSidecar, dashboardSidecars } from '../../../facts/grafana-dashboards.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { jsonOf } from '../../../parse/fields.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { ids } from '../names.ts';
import { reasonAgainst } from '../watching.ts';

/** Dashboards about tokens in ConfigMaps that no Grafana picks up. */
export const dashboardUnwatched = defineCheck({
  id: ids.dashboardUnwatched,
  title: 'Grafana picks up every dashboard about tokens',
  hop: 'present',
  severity: 'error',
  why: 'A ConfigMap that the sidecar of Grafana does not look at is a file that nobody reads. The dashboard is missing from the list, and nothing says why.',
  fix: 'Put the ConfigMap into a namespace that the sidecar watches, or set `sidecar.dashboards.searchNamespace: ALL`, with the label that it looks for.',
  needs: { dashboards: dashboardSidecars },
  judge({ dashboards: { sidecars, maps, unread } }) {
    const dashboards = maps.flatMap(dashboardsOf);
    if (dashboards.length === 0)
      return unread.length > 0
        ? { status: 'unknown', unread }
        : { status: 'skip', because: 'no ConfigMap with a dashboard is about tokens' };
    const broken = dashboards.filter(({ valid }) => !valid).map(invalid);
    if (sidecars.length === 0 && unread.length > 0) return verdict(broken, unread);
    if (sidecars.length === 0)
      return broken.length > 0
        ? verdict(broken)
        : { status: 'skip', because: 'no Grafana of the cluster has a sidecar that brings dashboards' };
    const missed = dashboards.filter(({ map }) => !sidecars.some((sidecar) => sidecar.unsure || reasonAgainst(map, sidecar) === null));
    return verdict([...broken, ...missed.map((dashboard) => unwatched(dashboard, sidecars))], unread);
  },
});

interface Dashboard {
  readonly map: DashboardMap;
  readonly key: string;
  readonly valid: boolean;
}

function dashboardsOf(map: DashboardMap): readonly Dashboard[] {
  return Object.entries(map.data)
    .filter(([key, json]) => key.endsWith('.json') && aboutTokens.test(json))
    .map(([key, json]) => ({ map, key, valid: jsonOf(json) !== undefined }));
}

const subjectOf = ({ map, key }: Dashboard): string => `ConfigMap ${map.namespace}/${map.name}, ${key}`;

function invalid(dashboard: Dashboard): Finding {
  const { map, key } = dashboard;
  return {
    subject: subjectOf(dashboard),
    message: 'it is no valid JSON, so Grafana leaves it out',
    evidence: {
      saw: 'JSON.parse refuses it',
      run: `kubectl -n ${map.namespace} get configmap ${map.name} -o jsonpath='{.data.${key.replaceAll('.', '\\.')}}' | jq .`,
    },
    remedy: { text: 'correct the JSON, or let the chart render the file as it is' },
  };
}

function unwatched(dashboard: Dashboard, sidecars: readonly DashboardSidecar[]): Finding {
  const { map } = dashboard;
  const [sidecar] = sidecars as readonly [DashboardSidecar];
  const reasons = sidecars.map((each) => `${each.container} of ${each.subject} ${reasonAgainst(map, each) ?? ''}`);
  return {
    subject: subjectOf(dashboard),
    message: `no Grafana picks it up: ${reasons.join('; ')}`,
    evidence: {
      saw: `namespace ${map.namespace}, labels ${JSON.stringify(map.labels)}`,
      run: `kubectl -n ${sidecar.namespace} get ${sidecar.subject.split(' ')[0]?.toLowerCase()} ${sidecar.subject.split('/')[1]} -o jsonpath='{.spec.template.spec.containers[?(@.name=="${sidecar.container}")].env}'`,
    },
    remedy: remedyOf(map, sidecar),
  };
}

function remedyOf({ namespace, name, labels }: DashboardMap, sidecar: DashboardSidecar): NonNullable<Finding['remedy']> {
  const lacks = labels[sidecar.label] === undefined || (sidecar.value !== null && labels[sidecar.label] !== sidecar.value);
  if (lacks)
    return {
      text: `give it the label ${sidecar.label}=${sidecar.value ?? '1'}`,
      command: `kubectl -n ${shellWord(namespace)} label configmap ${shellWord(name)} --overwrite ${shellWord(`${sidecar.label}=${sidecar.value ?? '1'}`)}`,
    };
  return moving(namespace, name, sidecar.namespaces?.[0] ?? sidecar.namespace);
}

/** Without what the API server and the maker of the object wrote into it: the copy is nobody's. */
function moving(namespace: string, name: string, to: string): NonNullable<Finding['remedy']> {
  const of = `kubectl -n ${shellWord(namespace)}`;
  const copy = `{apiVersion, kind, metadata: {namespace: ${JSON.stringify(to)}, name: .metadata.name, labels: .metadata.labels}, data, binaryData}`;
  return {
    text: `move it to namespace ${to}, or set sidecar.dashboards.searchNamespace of the Grafana chart to ALL`,
    command: `${of} get configmap ${shellWord(name)} -o json | jq ${shellWord(copy)} | kubectl create -f - && ${of} delete configmap ${shellWord(name)}`,
  };
}
