import type { Finding, Hop } from '../../../src/model/check.ts';
import type { CheckResult, PipelineReport, Report, Status } from '../../../src/model/report.ts';
import type { Unread } from '../../../src/model/source.ts';

const titles: Readonly<Record<string, readonly [Hop, string]>> = {
  'controller-missing': ['configure', 'a controller of the AI gateway runs'],
  'mapping-missing': ['configure', 'a request header is mapped to an identity label'],
  'costs-unset': ['configure', 'every AIGatewayRoute asks for token costs, so that streamed requests are metered'],
  'uninjected-proxies': ['emit', 'every proxy of an AI gateway has the sidecar that counts tokens'],
  'idle-proxies': ['emit', 'every proxy has served a model request since it started'],
  'unmonitored-proxies': ['discover', 'a PodMonitor selects every metering proxy'],
  'unselected-monitors': ['discover', 'a Prometheus takes every PodMonitor that selects a metering proxy'],
  'targets-missing': ['collect', 'Prometheus has an active target for every metering proxy'],
  'targets-down': ['collect', 'every target is up'],
  'series-absent': ['query', 'Prometheus stores token series'],
};

function check(id: string, status: Status, rest: Partial<CheckResult> = {}): CheckResult {
  const [hop, title] = titles[id] ?? ['emit', id];
  const base = {
    id,
    title,
    hop,
    severity: 'error',
    status,
    consequenceOf: null,
    because: null,
    findings: [],
    unread: [],
    durationMs: 3,
  } as const;
  return { ...base, ...rest };
}

const pass = (id: string): CheckResult => check(id, 'pass');

const wrongPort: Finding = {
  subject: 'PodMonitor envoy-gateway-system/ai-gateway-metrics',
  message: 'port "aigw-metrics" exists on none of 3 proxies; they name it "aigw-admin"',
  evidence: { saw: 'port: aigw-metrics', run: 'kubectl -n envoy-gateway-system get podmonitor ai-gateway-metrics -o yaml' },
  remedy: {
    text: 'name the port that the proxies have',
    command:
      'kubectl -n envoy-gateway-system patch podmonitor ai-gateway-metrics --type=json -p \'[{"op":"replace","path":"/spec/podMetricsEndpoints/0/port","value":"aigw-admin"}]\'',
    patch: [{ op: 'replace', path: '/spec/podMetricsEndpoints/0/port', value: 'aigw-admin' }],
  },
  about: ['pod envoy-gateway-system/envoy-1', 'pod envoy-gateway-system/envoy-2', 'pod envoy-gateway-system/envoy-3'],
};

const noTarget = (pod: string): Finding => ({
  subject: `Pod envoy-gateway-system/${pod}`,
  message: 'no active target of any Prometheus has its address',
  evidence: {
    saw: '0 of 12 active targets at 10.0.0.7',
    run: 'kubectl -n monitoring exec prometheus-k8s-0 -c prometheus -- wget -qO- localhost:9090/api/v1/targets?state=active',
  },
  about: [`pod envoy-gateway-system/${pod}`],
});

const unset: Finding = {
  subject: 'AIGatewayRoute team-a/chat',
  message: 'has no llmRequestCosts, so a streamed request is metered only when its client sends stream_options.include_usage',
  evidence: { saw: 'spec.llmRequestCosts is absent', run: 'kubectl -n team-a get aigatewayroute chat -o yaml' },
  remedy: { text: 'add llmRequestCosts for input, output and total tokens' },
};

const forbidden: Unread = {
  what: 'list podmonitors.monitoring.coreos.com',
  reason: 'forbidden',
  message: 'podmonitors.monitoring.coreos.com is forbidden for "viewer"',
  needs: 'list podmonitors.monitoring.coreos.com in all namespaces',
};
const silent: Unread = {
  what: 'GET prometheus',
  reason: 'timeout',
  message: 'prometheus-k8s-0:9090 did not answer within 10s',
  needs: null,
};
const late: Unread = { what: 'targets', reason: 'timeout', message: 'not read before --timeout ended the run after 60s', needs: null };
const cut: Unread = { what: 'targets', reason: 'interrupted', message: 'not read before the run was interrupted', needs: null };
const bug: Unread = { what: 'targets-down', reason: 'bug', message: "cannot read properties of undefined (reading 'labels')", needs: null };

function pipeline(checks: readonly CheckResult[], rest: Partial<PipelineReport> = {}): PipelineReport {
  const count = (wanted: (each: CheckResult) => boolean): number => checks.filter(wanted).length;
  const summary = {
    pass: count(({ status }) => status === 'pass'),
    fail: count(({ status, severity }) => status === 'fail' && severity === 'error'),
    warn: count(({ status, severity }) => status === 'fail' && severity === 'warning'),
    unknown: count(({ status }) => status === 'unknown'),
    skip: count(({ status }) => status === 'skip'),
    ignored: count(({ status }) => status === 'ignored'),
  };
  return {
    id: 'envoy-ai-gateway',
    variant: 'v0.5.0',
    about: '3 proxies of 1 gateway',
    summary,
    brokenAt: null,
    unreadBefore: [],
    checks,
    ...rest,
  };
}

function report(exitCode: number, pipelines: readonly PipelineReport[], rest: Partial<Report> = {}): Report {
  return {
    schemaVersion: '1',
    tool: { name: 'tokmeter', version: '0.1.0' },
    origin: { kind: 'cluster', name: 'kind-dev' },
    startedAt: '2026-11-23T20:00:00Z',
    durationMs: 412,
    complete: true,
    exitCode,
    requests: { kubernetes: 12, tunnels: 3, prometheus: 9 },
    via: ['port-forward'],
    pipelines,
    notFound: null,
    ...rest,
  };
}

const warning = check('costs-unset', 'fail', { severity: 'warning', findings: [unset] });
const ids = Object.keys(titles);
const all = (...changed: readonly CheckResult[]): readonly CheckResult[] =>
  ids.map((id) => changed.find((each) => each.id === id) ?? pass(id));

/** A text with everything that must not reach a reader as it is. */
export const hostile =
  'a\u001b[31mred\u009b2J\u202eevil\u2066x\u2069\ufeff\u200b\u0007\u007f\u0085\r\nFAKE\ttab\u0000 <script>alert("x")</script> ]]> & \'q\' | **b** `c` =1+1 \ud800 ::error::x%0A ##[group]y';

/** A report of each end that a run can come to. */
export const reports: Readonly<Record<string, Report>> = {
  sound: report(0, [
    pipeline(
      all(
        check('idle-proxies', 'pass', { because: '3 of 3 proxies have traffic' }),
        check('costs-unset', 'skip', { because: 'no AIGatewayRoute streams' }),
      ),
    ),
  ]),
  warning: report(0, [pipeline(all(warning), { brokenAt: { hop: 'configure', check: 'costs-unset' } })]),
  'fail-on-warn': report(3, [pipeline(all(warning), { brokenAt: { hop: 'configure', check: 'costs-unset' } })]),
  broken: report(1, [
    pipeline(
      all(
        warning,
        check('unmonitored-proxies', 'fail', { findings: [wrongPort] }),
        check('unselected-monitors', 'skip', { because: 'no PodMonitor selects a proxy' }),
        check('targets-missing', 'fail', {
          consequenceOf: 'unmonitored-proxies',
          findings: ['envoy-1', 'envoy-2', 'envoy-3'].map(noTarget),
        }),
        check('targets-down', 'skip', { because: 'no proxy has a target' }),
        check('series-absent', 'fail', {
          consequenceOf: 'unmonitored-proxies',
          findings: [{ ...noTarget('envoy-1'), subject: 'Prometheus monitoring/k8s', message: 'stores no token series' }],
        }),
      ),
      { brokenAt: { hop: 'discover', check: 'unmonitored-proxies' } },
    ),
  ]),
  'broken-unread': report(1, [
    pipeline(
      all(
        check('mapping-missing', 'unknown', { unread: [silent] }),
        check('unmonitored-proxies', 'fail', { findings: [wrongPort], unread: [silent] }),
        check('series-absent', 'fail', { findings: [{ ...noTarget('envoy-1'), subject: 'Prometheus monitoring/k8s' }] }),
      ),
      { brokenAt: { hop: 'discover', check: 'unmonitored-proxies' }, unreadBefore: ['mapping-missing'] },
    ),
  ]),
  blind: report(2, [
    pipeline(
      all(
        check('unmonitored-proxies', 'unknown', { unread: [forbidden] }),
        check('unselected-monitors', 'unknown', { unread: [forbidden] }),
        check('targets-down', 'unknown', { unread: [silent] }),
      ),
    ),
  ]),
  skipped: report(2, [pipeline(ids.map((id) => check(id, 'skip', { because: 'no gateway has AI routes' })))]),
  ignored: report(0, [
    pipeline(
      all(
        check('unmonitored-proxies', 'ignored', { findings: [wrongPort], because: 'moves on friday (until 2026-12-01)' }),
        check('costs-unset', 'skip', { because: 'left out by --exclude' }),
      ),
    ),
  ]),
  'not-found': report(2, [], {
    via: [],
    notFound: { lookedFor: ['AIGatewayRoute objects', 'a Deployment of the ai-gateway-controller'], unread: [] },
  }),
  unreachable: report(2, [], {
    via: [],
    notFound: {
      lookedFor: [],
      unread: [{ what: 'get /version', reason: 'unreachable', message: 'https://10.0.0.1:6443 refused the connection', needs: null }],
    },
  }),
  bug: report(70, [pipeline(all(check('targets-down', 'unknown', { unread: [bug] })))]),
  timeout: report(
    124,
    [pipeline(all(check('targets-missing', 'unknown', { unread: [late] }), check('targets-down', 'unknown', { unread: [late] })))],
    { complete: false },
  ),
  interrupted: report(130, [pipeline(all(check('targets-missing', 'unknown', { unread: [cut] })))], { complete: false }),
  terminated: report(143, [], { complete: false, via: [], notFound: { lookedFor: [], unread: [cut] } }),
  hostile: report(
    1,
    [
      pipeline(
        all(
          check('costs-unset', 'skip', { because: hostile }),
          check('idle-proxies', 'unknown', { unread: [{ what: hostile, reason: 'malformed', message: hostile, needs: hostile }] }),
          check('unmonitored-proxies', 'fail', {
            findings: [
              {
                subject: `Pod ${hostile}`,
                message: hostile,
                evidence: { saw: hostile, run: `kubectl get pod ${hostile}` },
                remedy: { text: hostile, command: hostile, patch: { [hostile]: hostile } },
                about: [hostile],
              },
            ],
          }),
        ),
        { variant: hostile, about: hostile, brokenAt: { hop: 'discover', check: 'unmonitored-proxies' } },
      ),
    ],
    { origin: { kind: 'cluster', name: hostile } },
  ),
};
