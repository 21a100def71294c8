import { counted, listed } from '../../../checks/phrases.ts';
import { ownTargets } from '../../../checks/scraped.ts';
import { coverage, type EndpointCoverage } from '../../../facts/coverage.ts';
import { type EmitterTarget, targets } from '../../../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { grouped } from '../../../parse/grouped.ts';
import { emissions } from '../facts/emissions.ts';
import { type Instance, instances } from '../facts/instances.ts';
import { type WayIn, waysIn } from '../facts/ways-in.ts';
import { metricsPath } from '../names.ts';
import { nouns } from '../nouns.ts';
import { ask, kubectlName } from '../phrases.ts';
import { guarded } from '../remedies.ts';

/** Counters that anybody may read who can reach the port of the proxy, which is the same. */
export const metricsOpen = defineCheck({
  id: 'metrics-open',
  title: 'the counters are shown to holders of a token only',
  hop: 'expose',
  severity: 'error',
  why: 'Counters stand on the same port as the proxy, and without a token whoever can send a request can read them. They name every group and model, and how much each is used.',
  fix: 'Set METRICS_TOKEN from a Secret, and give scrapers the same token as their authorization.',
  needs: { emissions, instances },
  wants: { waysIn, coverage: coverage(nouns), targets: targets(nouns) },
  judge: ({ emissions, instances, waysIn, coverage, targets }, { metricsToken }) => {
    const shown = new Set(emissions.read.filter(({ outcome }) => outcome.status !== 'unreadable').map(({ emitter }) => emitter.key));
    const told = instances.read.filter(({ key }) => shown.has(key));
    if (told.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no pod shows its counters' };
    const open = told.filter(({ token }) => token === 'unset' || (token === 'unknown' && metricsToken === undefined));
    const ways = waysIn.status === 'read' ? waysIn.value : { read: [], unread: [waysIn.unread] };
    const doubt = open.length > 0 ? ways.unread : [];
    const endpoints = coverage.status === 'read' ? coverage.value.monitors.flatMap((monitor) => monitor.endpoints) : null;
    return verdict(findingsOf(open, { ways: ways.read, endpoints, targets: ownTargets(targets) }), [...emissions.unread, ...doubt]);
  },
});

interface Around {
  readonly ways: readonly WayIn[];
  /** Null: not known. */
  readonly endpoints: readonly EndpointCoverage[] | null;
  readonly targets: readonly EmitterTarget[];
}

function findingsOf(open: readonly Instance[], around: Around): readonly Finding[] {
  const bySubject = grouped(open, ({ workload, subject }) => workload?.subject ?? subject);
  return [...bySubject].map(([subject, pods]) => finding(subject, pods, around));
}

function finding(subject: string, pods: readonly Instance[], around: Around): Finding {
  const [{ pod, workload, container }] = pods as readonly [Instance];
  const own = around.ways.filter((way) => way.pods.some((key) => pods.some((instance) => instance.key === key)));
  const outside = own.length === 0 ? '' : `, and ${listed(own.map(({ subject, how }) => `${subject} ${how}`))}`;
  const [first] = own;
  return {
    subject,
    message: `METRICS_TOKEN is not set: ${counted(pods.length, 'pod answers', 'pods answer')} ${metricsPath} to anybody${outside}`,
    evidence: {
      saw: `HTTP 200 and no METRICS_TOKEN in container ${container.name}`,
      run:
        first === undefined
          ? ask(pods[0] as Instance, metricsPath, '-sI')
          : `kubectl -n ${first.namespace} get ${first.resource} ${first.name} -o yaml`,
    },
    remedy: closing(pods, around) ?? {
      text: `make a Secret with a token, set METRICS_TOKEN of ${kubectlName(workload, pod)} from it, and let every scraper bring it as its authorization`,
    },
    ...(own.length === 0 ? { severity: 'warning' as const } : {}),
    about: pods.map(({ key }) => key),
  };
}

/** Exact where all that scrapes them is known, and is monitors: whoever else does would be refused from then on. */
function closing(pods: readonly Instance[], { endpoints, targets }: Around): Remedy | null {
  const [first] = pods;
  if (first === undefined || endpoints === null) return null;
  const keys = new Set(pods.map(({ key }) => key));
  const own = endpoints.filter(({ covers }) => covers.some(({ emitter }) => keys.has(emitter.key)));
  const pools = new Set(own.map(({ pool }) => pool));
  if (targets.some(({ pool, emitter }) => keys.has(emitter.key) && !pools.has(pool))) return null;
  return guarded(first, own);
}
