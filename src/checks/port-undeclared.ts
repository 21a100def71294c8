import { coverage } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import { defineCheck, verdict } from '../model/check.ts';
import { grouped } from '../parse/grouped.ts';
import type { SharedIds } from './shared-ids.ts';
import { keysOf, named } from './wording.ts';

/** Emitters whose metrics port no container declares, so that pod discovery cannot see it. */
export function undeclaredPorts(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.portUndeclared,
    title: `every ${nouns.one} declares its metrics port`,
    hop: 'expose',
    severity: 'error',
    why: 'Prometheus discovers the ports that a pod declares. A port that no container declares is scraped by no PodMonitor, however it is selected.',
    fix: 'Declare the metrics port with a name under `ports` of the container that serves it.',
    follows: ids.earlier.ports,
    needs: { emitters: nouns.emitters },
    wants: { coverage: coverage(nouns) },
    judge({ emitters, coverage }) {
      if (emitters.read.length === 0 && emitters.unread.length === 0)
        return { status: 'skip', because: `there are no ${nouns.many} that count tokens` };
      // A relabeling may make the address from another port.
      const covers =
        coverage.status === 'read' ? coverage.value.monitors.flatMap(({ endpoints }) => endpoints.flatMap((it) => it.covers)) : [];
      const covered = new Set(covers.filter(({ dropped }) => dropped === undefined).map(({ emitter }) => emitter.key));
      const bare = emitters.read.filter(({ key, portNames }) => portNames === null && !covered.has(key));
      const findings = [...grouped(bare, ({ container, port }) => `${container} ${port}`).values()].map((same) => {
        const [{ pod, subject, container, port }] = same as [(typeof same)[number]];
        return {
          subject,
          message: `no container of ${named(same, nouns)} declares port ${port}`,
          evidence: {
            saw: `container ${container} serves port ${port} and declares it nowhere`,
            run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.containers[*].ports} {.spec.initContainers[*].ports}'`,
          },
          remedy: {
            text: `declare port ${port} with a name under ports of container ${container}, where the pod is made: containers of a running pod cannot be patched`,
          },
          about: keysOf(same),
        };
      });
      return verdict(findings, emitters.unread);
    },
  });
}
