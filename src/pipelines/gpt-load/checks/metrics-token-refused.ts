import { ownTargets } from '../../../checks/scraped.ts';
import { coverage } from '../../../facts/coverage.ts';
import { targets } from '../../../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { emissions, refusesToken } from '../facts/emissions.ts';
import { type Instance, instances } from '../facts/instances.ts';
import { nouns } from '../nouns.ts';
import { kubectlName } from '../phrases.ts';
import { begunAnew, bringsKeyOf, isRefused } from '../remedies.ts';

/** A token that was given and is not the one that the pods want. */
export const metricsTokenRefused = defineCheck({
  id: 'metrics-token-refused',
  title: 'every pod takes the metrics token that was given',
  hop: 'emit',
  severity: 'error',
  why: 'Whoever holds another token than the pods reads nothing, neither this program nor a scraper. Often a Secret was renewed and the pods still run with the former value.',
  fix: 'Give the value of METRICS_TOKEN with --metrics-token-file, and restart the pods after changing the Secret it comes from.',
  follows: ['health-failing'],
  needs: { emissions, instances },
  wants: { coverage: coverage(nouns), targets: targets(nouns) },
  judge: ({ emissions, instances, coverage, targets }, { metricsToken }) => {
    if (metricsToken === undefined) return { status: 'skip', because: 'no token was given' };
    if (emissions.read.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no pod runs' };
    const byKey = new Map(instances.read.map((instance) => [instance.key, instance]));
    const endpoints = coverage.status === 'read' ? coverage.value.monitors.flatMap((monitor) => monitor.endpoints) : [];
    const known = ownTargets(targets).filter(isRefused);
    // Prometheus holds what is in the Secret now, and is refused as well.
    const isFormer = (instance: Instance): boolean =>
      endpoints.some(
        ({ monitor, endpoint, pool }) =>
          bringsKeyOf(instance, monitor, endpoint.raw) && known.some((it) => it.pool === pool && it.emitter.key === instance.key),
      );
    const refused = emissions.read.filter(refusesToken).map(({ emitter, outcome }): Finding => {
      const { pod, subject, key, port, path } = emitter;
      const said = outcome.status === 'unreadable' ? outcome.message : '';
      const instance = byKey.get(key) ?? null;
      return {
        subject,
        message: `port ${port}${path} refuses the token of --metrics-token-file: ${said}`,
        evidence: {
          saw: said,
          run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.containers[*].env[?(@.name=="METRICS_TOKEN")]}'`,
        },
        remedy: instance !== null && isFormer(instance) ? begunAnew(instance) : told(pod, instance),
        about: [key],
      };
    });
    return verdict(refused, emissions.unread);
  },
});

function told(pod: Instance['pod'], instance: Instance | null): Remedy {
  const name = kubectlName(instance?.workload ?? null, pod);
  return { text: `give the token that METRICS_TOKEN of the pod holds; if its Secret was changed since, restart ${name}` };
}
