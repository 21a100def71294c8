import { defineFact } from '../model/fact.ts';
import type { KubeObject, Unread } from '../model/source.ts';
import { strings } from '../parse/fields.ts';
import { imageOf } from '../parse/image.ts';
import { kinds, listing } from './kinds.ts';
import { ageOf, softly } from './listed.ts';
import type { Container } from './pods.ts';
import { type Workload, workloads } from './workloads.ts';

/** A container that copies labelled ConfigMaps into a Grafana: kiwigrid/k8s-sidecar. */
export interface DashboardSidecar {
  /** "Deployment ns/name". */
  readonly subject: string;
  readonly namespace: string;
  readonly container: string;
  readonly label: string;
  /** Null: any value. */
  readonly value: string | null;
  /** Null: all namespaces. */
  readonly namespaces: readonly string[] | null;
  /** Part of it comes from where it cannot be seen. */
  readonly unsure: boolean;
}

/** A ConfigMap with the label of a dashboard sidecar, or with the usual one. */
export interface DashboardMap {
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  /** Seconds since it was made; null: it cannot be told. */
  readonly age: number | null;
}

/** The token metric in any spelling, as a file that is no JSON may have it too. */
export const aboutTokens = /gen__?ai(?:[._]|_dot_|_2e_)client(?:[._]|_dot_|_2e_)token(?:[._]|_dot_|_2e_)usage/;

/** Whether a ConfigMap holds a dashboard about tokens, whole or not. */
export function isAboutTokens({ data }: DashboardMap): boolean {
  return Object.entries(data).some(([key, json]) => key.endsWith('.json') && aboutTokens.test(json));
}

/** What brings dashboards to Grafana. */
export interface DashboardSidecars {
  readonly sidecars: readonly DashboardSidecar[];
  readonly maps: readonly DashboardMap[];
  readonly unread: readonly Unread[];
}

const usualLabel = 'grafana_dashboard';

/** The sidecars that bring dashboards to Grafana, and the ConfigMaps that are meant for them. */
export const dashboardSidecars = defineFact({
  id: 'dashboard-sidecars',
  title: "Grafana's dashboard sidecars",
  reads: [listing(kinds.configmaps)],
  needs: { workloads },
  async read({ workloads }, { source }): Promise<DashboardSidecars> {
    const unread: Unread[] = workloads.unread.filter(({ reason }) => reason !== 'absent');
    const sidecars = workloads.read.flatMap((workload) => workload.containers.flatMap((container) => sidecarOf(workload, container)));
    const labels = [...new Set([usualLabel, ...sidecars.map(({ label }) => label)])];
    const lists = await Promise.all(labels.map((label) => softly(source, kinds.configmaps, { labelSelector: label }, unread)));
    const maps = new Map(lists.flat().map((object) => [`${object.metadata.namespace}/${object.metadata.name}`, mapOf(object, source.now)]));
    return { sidecars, maps: [...maps.values()], unread };
  },
});

function mapOf({ metadata, data }: KubeObject, now: Date): DashboardMap {
  const { namespace = '', name, labels = {} } = metadata;
  return { namespace, name, labels, data: strings(data), age: ageOf(metadata, now) };
}

/** The grafana chart runs one sidecar for dashboards (grafana-sc-dashboard) and others for data sources, alerts and plugins: templates/_pod.tpl. */
function sidecarOf({ subject, namespace }: Workload, { name, image, env, init }: Container): readonly DashboardSidecar[] {
  const isSidecar = imageOf(image).name.endsWith('k8s-sidecar') || /^grafana-sc-/.test(name);
  if (!isSidecar || init || !/dashboard/.test(name)) return [];
  const of = (variable: string): { readonly value: string | null; readonly hidden: boolean } => {
    const found = env.find((entry) => entry.name === variable);
    return { value: found?.value || null, hidden: found !== undefined && found.value === null };
  };
  const [label, value, within] = [of('LABEL'), of('LABEL_VALUE'), of('NAMESPACE')];
  return [
    {
      subject,
      namespace,
      container: name,
      label: label.value ?? usualLabel,
      value: value.value,
      namespaces: watched(within.value, namespace),
      unsure: [label, value, within].some(({ hidden }) => hidden) || label.value === null,
    },
  ];
}

/** Without NAMESPACE the sidecar looks at its own: kiwigrid/k8s-sidecar README. */
function watched(text: string | null, own: string): readonly string[] | null {
  if (text === null) return [own];
  const names = text.split(',').map((name) => name.trim());
  return names.includes('ALL') ? null : names.filter((name) => name !== '');
}
