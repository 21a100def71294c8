import { monitorNamed, patching } from '../../../checks/patching.ts';
import { counted } from '../../../checks/phrases.ts';
import { ownTargets } from '../../../checks/scraped.ts';
import { distinctUnread } from '../../../checks/wording.ts';
import { type Coverage, coverage, type EndpointCoverage } from '../../../facts/coverage.ts';
import { endpointsField, type Monitor, type MonitorEndpoint, resourceOf } from '../../../facts/monitors.ts';
import { type EmitterTarget, targets } from '../../../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { record, records } from '../../../parse/fields.ts';
import { shellWord } from '../../../parse/shell-word.ts';
import { type Instance, instances } from '../facts/instances.ts';
import { nouns } from '../nouns.ts';
import { begunAnew, bringsKeyOf, bringsToken, isRefused } from '../remedies.ts';

/** Scrapers that do not bring the token which the pods ask for. */
export const scrapeUnauthorized = defineCheck({
  id: 'scrape-unauthorized',
  title: 'scrapers bring the token that the pods ask for',
  hop: 'discover',
  severity: 'error',
  why: 'A pod with a metrics token answers 401 to a scraper without it, and nothing is stored. The pods go on counting and look well.',
  fix: 'Set authorization.credentials of the monitor’s endpoint to the key of the Secret that METRICS_TOKEN comes from; the Secret stands in the monitor’s namespace.',
  follows: ['health-failing', 'metrics-absent', 'metrics-unreadable', 'metrics-token-refused'],
  needs: { coverage: coverage(nouns), instances },
  wants: { targets: targets(nouns) },
  judge: ({ coverage, instances, targets }) => {
    const guarded = instances.read.filter(({ token }) => token !== 'unset');
    if (guarded.length === 0 && instances.unread.length === 0) return { status: 'skip', because: 'no pod asks for a metrics token' };
    const known = ownTargets(targets);
    const findings = coverage.monitors
      .flatMap(({ endpoints }) => endpoints)
      .flatMap((endpoint) => findingsOf(endpoint, { guarded, known, coverage }));
    const pools = new Set(coverage.monitors.flatMap(({ endpoints }) => endpoints.map(({ pool }) => pool)));
    const unread = targets.status === 'unread' ? [targets.unread] : targets.value.servers.flatMap((server) => server.unread);
    return verdict(
      [...findings, ...elsewhere(guarded, known, pools)],
      findings.length > 0 ? [] : distinctUnread([...instances.unread, ...coverage.unread, ...unread]),
    );
  },
});

interface Seen {
  readonly guarded: readonly Instance[];
  readonly known: readonly EmitterTarget[];
  readonly coverage: Coverage;
}

function findingsOf({ monitor, endpoint, pool, covers }: EndpointCoverage, { guarded, known, coverage }: Seen): readonly Finding[] {
  const own = guarded.filter(({ key }) => covers.some(({ emitter, dropped }) => emitter.key === key && dropped === undefined));
  const targetsOf = ({ key }: Instance): readonly EmitterTarget[] =>
    known.filter((target) => target.pool === pool && target.emitter.key === key);
  const refused = own.filter((instance) => targetsOf(instance).some(isRefused));
  const carries = bringsToken(endpoint.raw) || scrapeClassBrings(monitor, coverage);
  if (refused.length > 0) return [finding(refused, { monitor, endpoint }, carries, true)];
  const unseen = own.filter((instance) => instance.token === 'set' && targetsOf(instance).every(({ health }) => health === 'unknown'));
  return unseen.length === 0 || carries ? [] : [finding(unseen, { monitor, endpoint }, false, false)];
}

/** prometheus-operator api monitoring/v1 ScrapeClass.authorization; the default class is for all monitors that name none. */
function scrapeClassBrings({ scrapeClass }: Monitor, { objects }: Coverage): boolean {
  const classes = objects.flatMap((object) => object.scrapeClasses);
  const chosen = classes.filter(({ name, default: usual }) => (scrapeClass === null ? usual === true : name === scrapeClass));
  return records(chosen).some(({ authorization }) => Object.keys(record(authorization)).length > 0);
}

interface Where {
  readonly monitor: Monitor;
  readonly endpoint: MonitorEndpoint;
}

function finding(pods: readonly Instance[], where: Where, carries: boolean, seen: boolean): Finding {
  const { monitor } = where;
  const { index } = where.endpoint;
  const many = counted(pods.length, 'pod');
  const message = carries
    ? `its endpoint ${index} brings a token that ${many} refuse${pods.length === 1 ? 's' : ''} with HTTP 401`
    : `its endpoint ${index} brings no token, and ${many} ask${pods.length === 1 ? 's' : ''} for METRICS_TOKEN${seen ? ': HTTP 401' : ''}`;
  return {
    subject: monitor.subject,
    message,
    evidence: {
      saw: seen ? 'server returned HTTP status 401 Unauthorized' : `METRICS_TOKEN is set and endpoint ${index} has no authorization`,
      run: `kubectl -n ${monitor.namespace} get ${resourceOf(monitor)} ${monitor.name} -o yaml`,
    },
    remedy: remedyOf(pods, where),
    ...(seen ? {} : { severity: 'warning' as const }),
    about: pods.map(({ key }) => key),
  };
}

function remedyOf(pods: readonly Instance[], { monitor, endpoint }: Where): Remedy {
  const { index } = endpoint;
  const former = pods.find((instance) => bringsKeyOf(instance, monitor, endpoint.raw));
  if (former !== undefined) return begunAnew(former);
  const secret = pods.find(({ tokenKey }) => tokenKey !== null)?.tokenKey ?? null;
  const text = `let endpoint ${index} bring the token as authorization.credentials, from a Secret in namespace ${monitor.namespace}`;
  // A monitor reads Secrets of its own namespace alone.
  if (secret === null || pods.some(({ pod }) => pod.namespace !== monitor.namespace)) return { text };
  const path = `/spec/${endpointsField(monitor.kind)}/${index}`;
  const others = otherWays.filter((field) => field in endpoint.raw);
  return patching(text, [
    monitorNamed(monitor),
    [
      ...others.map((field) => ({ op: 'remove' as const, path: `${path}/${field}` })),
      { op: 'add', path: `${path}/authorization`, value: { credentials: secret } },
    ],
  ]);
}

/** An endpoint may authenticate in one way: pkg/apis/monitoring/v1 HTTPConfig. */
const otherWays = ['bearerTokenSecret', 'bearerTokenFile', 'basicAuth', 'oauth2'];

/** Targets of other configurations: annotations, scrape configs. */
function elsewhere(guarded: readonly Instance[], known: readonly EmitterTarget[], pools: ReadonlySet<string>): readonly Finding[] {
  const keys = new Set(guarded.map(({ key }) => key));
  const refused = known.filter((target) => isRefused(target) && !pools.has(target.pool) && keys.has(target.emitter.key));
  return [...new Set(refused.map(({ pool }) => pool))].map((pool) => {
    const own = refused.filter((target) => target.pool === pool);
    return {
      subject: own[0]?.emitter.subject ?? pool,
      message: `scrape job ${pool} brings no token that it takes: HTTP 401`,
      evidence: {
        saw: own[0]?.lastError ?? '',
        run: `curl -s ${shellWord(`http://localhost:9090/api/v1/targets?state=active&scrapePool=${pool}`)}`,
      },
      remedy: { text: `set authorization.credentials_file of scrape job ${pool} to the token that METRICS_TOKEN holds` },
      about: own.map(({ emitter }) => emitter.key),
    };
  });
}
