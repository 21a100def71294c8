import { type Command, Option } from 'commander';

const connecting = 'Connection (as kubectl):';
const choosing = 'What to look at:';
const judging = 'Judging:';
const showing = 'Output:';

const collect = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, value];
const commas = (value: string, previous: readonly string[] = []): readonly string[] => [...previous, ...value.split(',')];

const make = (group: string, flags: string, text: string): Option => new Option(flags, text).helpGroup(group);
const many = (group: string, flags: string, text: string): Option => make(group, flags, text).argParser(collect);
const list = (group: string, flags: string, text: string): Option => make(group, flags, text).argParser(commas);

/** kubectl's flags for reaching a cluster: cli-runtime, pkg/genericclioptions/config_flags.go. */
const connection = (): readonly Option[] => [
  make(connecting, '--kubeconfig <file>', 'the kubeconfig to use instead of KUBECONFIG and ~/.kube/config'),
  make(connecting, '--context <name>', 'the kubeconfig context to use'),
  make(connecting, '--cluster <name>', 'the kubeconfig cluster to use'),
  make(connecting, '--user <name>', 'the kubeconfig user to use'),
  make(connecting, '-s, --server <url>', 'the address of the API server'),
  make(connecting, '--token <token>', 'a bearer token for the API server'),
  make(connecting, '--username <name>', 'a user name for basic authentication'),
  make(connecting, '--password <password>', 'its password'),
  make(connecting, '--as <user>', 'the user to impersonate'),
  many(connecting, '--as-group <group>', 'a group to impersonate; repeatable'),
  make(connecting, '--as-uid <uid>', 'the UID to impersonate'),
  make(connecting, '--certificate-authority <file>', "the certificate of the API server's authority"),
  make(connecting, '--client-certificate <file>', 'a client certificate'),
  make(connecting, '--client-key <file>', 'its key'),
  make(connecting, '--tls-server-name <name>', "the name to expect in the API server's certificate"),
  make(connecting, '--insecure-skip-tls-verify', "do not check the API server's certificate"),
  make(connecting, '--via <way>', 'how to reach pod ports: auto, port-forward, proxy or direct').default('auto'),
  make(connecting, '--request-timeout <duration>', 'how long one request may take; 0: for ever').default('10s'),
];

const scope = (): readonly Option[] => [
  make(choosing, '-n, --namespace <namespace>', "only this namespace for the gateway's own objects (default: all)"),
  make(choosing, '-A, --all-namespaces', 'all namespaces, which is the default'),
  make(choosing, '-l, --selector <selector>', 'only proxies with these labels'),
  make(choosing, '--pipeline <id>', 'what to judge; auto: whatever is installed').default('auto'),
  make(choosing, '--gateway <namespace/name>', 'only this Gateway'),
  many(choosing, '--expect-label <name>', 'an identity label that must appear; repeatable'),
  make(choosing, '--prometheus <where>', 'URL, NAMESPACE/SERVICE[:PORT] or NAMESPACE/Kind/NAME (default: found in the cluster)'),
  make(choosing, '--prometheus-token-file <file>', 'a bearer token for --prometheus'),
  many(choosing, '--prometheus-header <header>', '"Name: value" for --prometheus; repeatable'),
  make(choosing, '--metrics-token-file <file>', 'a bearer token for metrics endpoints that ask for one (or TOKMETER_METRICS_TOKEN)'),
  make(choosing, '--grafana-token-file <file>', 'a token of Grafana that may read dashboards (or TOKMETER_GRAFANA_TOKEN)'),
  make(choosing, '--secret-names', 'Secrets by name, labels and annotations, never their data; needs list secrets'),
  make(choosing, '--logs', 'counts known messages in the last lines of pod logs; needs get pods/log'),
];

const from = (): Option => make(connecting, '--from <file>', 'a bundle of tokmeter collect instead of a cluster; -: stdin');

const manifests = (): readonly Option[] => [
  many(connecting, '--manifests <file|folder>', 'YAML instead of a cluster; -: stdin; repeatable'),
  make(connecting, '--over-cluster', 'judges --manifests as if applied over the cluster, and says what they break and mend'),
];

const run = (): readonly Option[] => [
  make(judging, '--timeout <duration>', 'ends the run with the report so far (default: 60s, and the time of --wait)'),
  make(showing, '--color <when>', 'auto, always or never').default('auto'),
  make(showing, '-v, --v [level]', 'says on stderr what is requested'),
  make(showing, '-q, --quiet', 'prints nothing on stdout; the exit code tells'),
  make(showing, '--config <file>', 'flags from a YAML file, by their long names; the command line goes first'),
];

const judge = (): readonly Option[] => [
  list(judging, '--include <id|hop>', 'only these checks; repeatable'),
  list(judging, '--exclude <id|hop>', 'all but these checks; repeatable'),
  many(judging, '--ignore <id[=subject]:reason[:until]>', 'accepts a known failure, until the day UNTIL; repeatable'),
  make(judging, '--fail-on <what>', 'fail, or warn: exit 3 when there are only warnings').default('fail'),
  make(judging, '--wait [duration]', 'looks again until healthy (default: 5m)'),
  many(
    showing,
    '-o, --output <format[=file]>',
    'table, wide, short, json, yaml, ndjson, junit, sarif, tap, github, markdown, html or prometheus; repeatable with files',
  ),
  make(showing, '--stats', 'adds requests and times'),
];

const add = (command: Command, options: readonly Option[]): Command => {
  for (const option of options) command.addOption(option);
  return command;
};

/** The flags of `doctor`, in the order of its help. */
export function withDoctorOptions(command: Command): Command {
  return add(command, [...scope(), ...judge(), ...run(), from(), ...manifests(), ...connection()]);
}

/** The flags of `demo`: those of doctor but for the connection, which it makes itself. */
export function withDemoOptions(command: Command): Command {
  const own = [
    make(choosing, '--list', 'names the worlds'),
    make(choosing, '--serve', 'keeps the cluster up for kubectl and prints a kubeconfig'),
  ];
  const reach = connection().filter(({ long }) => long === '--via' || long === '--request-timeout');
  return add(command, [...own, ...scope(), ...judge(), ...run(), ...reach]);
}

/** The flags of `get`. */
export function withGetOptions(command: Command): Command {
  const output = make(showing, '-o, --output <format>', 'table, wide, json or yaml').default('table');
  return add(command, [...scope(), output, ...run(), from(), ...connection()]);
}

/** The flags of `fix`. */
export function withFixOptions(command: Command): Command {
  const output = make(showing, '-o, --output <format>', 'text, yaml (manifests and a Kustomization of patches) or commands').default(
    'text',
  );
  const wanted = run().filter(({ long }) => long !== '--quiet');
  return add(command, [...scope(), output, ...wanted, from(), ...connection()]);
}

/** The flags of `collect`. */
export function withCollectOptions(command: Command): Command {
  const file = make(showing, '-f, --file <file>', 'the bundle to write; -: stdout');
  const redact = make(showing, '--redact <what>', 'names: pseudonyms for tenants, users, hosts and namespaces');
  const wanted = ['--timeout', '--v', '--config'];
  return add(command, [file, redact, ...scope(), ...run().filter(({ long }) => wanted.includes(long ?? '')), ...connection()]);
}

/** The flags of `usage`. One query over a window takes longer than one request of doctor's. */
export function withUsageOptions(command: Command): Command {
  const own = [
    list(choosing, '--by <labels>', "labels to group by (default: the cluster's own mapping: namespace, then user)"),
    make(choosing, '--since <duration>', 'the time until now, such as 30m, 24h or 7d (default: 24h)'),
    make(choosing, '--start <time>', 'the beginning: 2026-11-24T12:00:00Z, a day or Unix seconds'),
    make(choosing, '--end <time>', 'the end (default: now)'),
    make(choosing, '--step <duration>', 'one line a group and piece of the window, such as 1h or 1d'),
    many(choosing, '--where <label=value>', 'only tokens with this label; also !=, =~ and !~; repeatable'),
    list(choosing, '--type <types>', 'types of token to add up (default: input,output)'),
    make(choosing, '--direct', "the proxies' own counters, since each began, instead of Prometheus"),
    make(choosing, '--watch [interval]', 'tokens a minute, refreshed until interrupted (default: 15s)'),
    make(judging, '--strict', 'exits 1 when a check that bears on the numbers fails'),
    make(showing, '--top <n>', 'only the largest groups; the others as one'),
    make(showing, '--price <file>', 'YAML or JSON, "MODEL: {input: 2.5, cached: 1.25, output: 10}" per million tokens'),
    many(showing, '-o, --output <format[=file]>', 'table, wide, json, yaml, csv, markdown or html; repeatable with files'),
  ];
  const patient = (option: Option): Option => (option.long === '--request-timeout' ? option.default('2m') : option);
  const rest = run().filter(({ long }) => long !== '--timeout');
  const timeout = make(judging, '--timeout <duration>', 'ends the run (default: 5m)');
  return add(command, [...own, ...scope(), timeout, ...rest, from(), ...connection().map(patient)]);
}
