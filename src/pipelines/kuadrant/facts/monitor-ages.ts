import { ageOf } from '../../../facts/listed.ts';
import { type Monitor, monitors } from '../../../facts/monitors.ts';
import { serviceMonitors } from '../../../facts/service-monitors.ts';
import { defineFact } from '../../../model/fact.ts';
import { monitorName, observabilityLabel } from '../names.ts';

/** How old the operator's monitors are, in seconds. */
export interface MonitorAges {
  /** The one of Limitador; null: there is none. */
  readonly own: { readonly monitor: Monitor; readonly age: number | null } | null;
  /** The oldest of the others that the operator made; null: there is none, or it cannot be told. */
  readonly siblings: number | null;
}

/** Ages of the monitors that the operator makes. */
export const monitorAges = defineFact({
  id: 'kuadrant-monitor-ages',
  title: "ages of the operator's monitors",
  needs: { monitors },
  wants: { serviceMonitors },
  read: ({ monitors, serviceMonitors }, { source }): MonitorAges => {
    const others = serviceMonitors.status === 'read' ? serviceMonitors.value.monitors : [];
    const made = [...monitors.monitors, ...others].filter(({ labels }) => labels[observabilityLabel] === 'true');
    const own = made.find(({ kind, name }) => kind === 'PodMonitor' && name === monitorName);
    const age = ({ raw }: Monitor): number | null => ageOf(raw.metadata, source.now);
    const ages = made.filter((monitor) => monitor !== own).flatMap((monitor) => age(monitor) ?? []);
    return { own: own === undefined ? null : { monitor: own, age: age(own) }, siblings: ages.length === 0 ? null : Math.max(...ages) };
  },
});
