import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions, refusesToken } from '../facts/emissions.ts';
import { instances } from '../facts/instances.ts';
import { kubectlName } from '../phrases.ts';

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
  judge: ({ emissions, instances }, { metricsToken }) => {
    if (metricsToken === undefined) return { status: 'skip', because: 'no token was given' };
    if (emissions.read.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no pod runs' };
    const byKey = new Map(instances.read.map((instance) => [instance.key, instance]));
    const refused = emissions.read.filter(refusesToken).map(({ emitter, outcome }): Finding => {
      const { pod, subject, key, port, path } = emitter;
      const said = outcome.status === 'unreadable' ? outcome.message : '';
      const workload = byKey.get(key)?.workload ?? null;
      return {
        subject,
        message: `port ${port}${path} refuses the token of --metrics-token-file: ${said}`,
        evidence: {
          saw: said,
          run: `kubectl -n ${pod.namespace} get pod ${pod.name} -o jsonpath='{.spec.containers[*].env[?(@.name=="METRICS_TOKEN")]}'`,
        },
        remedy: {
          text: `give the token that METRICS_TOKEN of the pod holds; if its Secret was changed since, restart ${kubectlName(workload, pod)}`,
        },
        about: [key],
      };
    });
    return verdict(refused, emissions.unread);
  },
});
