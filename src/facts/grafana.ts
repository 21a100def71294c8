import { defineFact } from '../model/fact.ts';
import type { KubeObject, Unread } from '../model/source.ts';
import { record, strings } from '../parse/fields.ts';
import { type DatasourceEntry, datasourceOf, provisionedDatasources } from '../parse/grafana-datasources.ts';
import { kinds, listing } from './kinds.ts';
import { softly } from './listed.ts';

/** A data source that an object of the cluster gives to Grafana. */
export interface Datasource extends DatasourceEntry {
  /** "ConfigMap ns/name, datasources.yaml", "GrafanaDatasource ns/name". */
  readonly subject: string;
  readonly namespace: string;
  /** The command that shows the object. */
  readonly run: string;
  readonly holder: DatasourceHolder;
}

/** The text in which a data source stands. */
export interface DatasourceHolder {
  /** Of its ConfigMap, or of its GrafanaDatasource. */
  readonly name: string;
  /** Of the ConfigMap; null: the text is the whole data source of a custom resource. */
  readonly key: string | null;
  readonly text: string;
  /** A sidecar or an operator brings a change to Grafana while it runs. */
  readonly watched: boolean;
}

/** What Grafana is provisioned with, as far as it stands in ConfigMaps and GrafanaDatasources: others may come from Secrets, files or its own pages. */
export interface Datasources {
  readonly read: readonly Datasource[];
  readonly unread: readonly Unread[];
}

/** Label of ConfigMaps that Grafana's sidecar takes data sources from: grafana chart, sidecar.datasources.label. */
const sidecarLabel = 'grafana_datasource';
/** Where the chart itself puts what its value `datasources` says: key datasources.yaml of the ConfigMap of the release. */
const chartLabel = 'app.kubernetes.io/name=grafana';

/** The data sources of every Grafana. */
export const datasources = defineFact({
  id: 'datasources',
  title: "Grafana's data sources",
  reads: [listing(kinds.configmaps), listing(kinds.grafanadatasources)],
  async read(_, { source }): Promise<Datasources> {
    const unread: Unread[] = [];
    const [labelled, ofChart, custom] = await Promise.all([
      softly(source, kinds.configmaps, { labelSelector: sidecarLabel }, unread),
      softly(source, kinds.configmaps, { labelSelector: chartLabel }, unread),
      softly(source, kinds.grafanadatasources, {}, unread),
    ]);
    const maps = [...new Map([...labelled, ...ofChart].map((map) => [`${map.metadata.namespace}/${map.metadata.name}`, map])).values()];
    return { read: [...maps.flatMap(inMap), ...custom.map(ofResource)], unread };
  },
});

function inMap({ metadata, data }: KubeObject): readonly Datasource[] {
  const { namespace = '', name, labels = {} } = metadata;
  return Object.entries(strings(data))
    .filter(([key]) => /\.ya?ml$/.test(key))
    .flatMap(([key, yaml]) =>
      provisionedDatasources(yaml).map((entry) => ({
        ...entry,
        subject: `ConfigMap ${namespace}/${name}, ${key}`,
        namespace,
        run: `kubectl -n ${namespace} get configmap ${name} -o jsonpath='{.data.${key.replaceAll('.', '\\.')}}'`,
        holder: { name, key, text: yaml, watched: sidecarLabel in labels },
      })),
    );
}

function ofResource({ metadata, spec }: KubeObject): Datasource {
  const { namespace = '', name } = metadata;
  const entry = datasourceOf(record(record(spec).datasource));
  const run = `kubectl -n ${namespace} get grafanadatasource ${name} -o yaml`;
  const holder = { name, key: null, text: JSON.stringify(record(record(spec).datasource)), watched: true };
  return { ...entry, subject: `GrafanaDatasource ${namespace}/${name}`, namespace, run, holder };
}
