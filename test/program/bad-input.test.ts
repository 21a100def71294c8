import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RecordedGet, Snapshot } from '../../src/model/snapshot.ts';
import { selfSigned } from '../../src/sandbox/certificate.ts';
import type { Fault, Trouble } from '../../src/sandbox/faults.ts';
import { kubeconfigText } from '../../src/sandbox/kubeconfig.ts';
import { serve } from '../../src/sandbox/serve.ts';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { blunders, call, callWith, doctorOn, type Ended } from './bad-input-cli.ts';

// Every trouble of this file meets a world that is healthy without it: whatever is green here did not look.
let healthy: Snapshot;
beforeAll(async () => {
  const name = (await listWorlds()).find((name) => /^healthy.*v0\.5/.test(name));
  if (name === undefined) throw new Error('no healthy world of v0.5 is recorded');
  healthy = (await loadWorld(name)).snapshot;
});

/** Neither a stack nor a bug, one report or one sentence, in time, and this exit code. */
function expectClear(ended: Ended, code: number, ...sentences: readonly RegExp[]): void {
  const said = flowing(`${ended.out}\n${ended.err}`);
  expect({ code: ended.code, blunders: blunders(ended), said }).toEqual({ code, blunders: [], said: expect.any(String) });
  for (const sentence of sentences) expect(said).toMatch(sentence);
}

/** Text without the line breaks of 80 columns. */
const flowing = (text: string): string => text.replace(/\s*\n\s*/g, ' ');

const always = (on: RegExp, does: Trouble): readonly Fault[] => [{ on, does }];

describe('a healthy world', () => {
  it('is green without trouble, so that the rest of this file can fail', async () => {
    expectClear(await doctorOn(healthy), 0);
  });
});

describe('the kubeconfig', () => {
  it('is not there', async () => {
    expectClear(await call(['doctor']), 2, /no kubeconfig at .*\.kube\/config: --kubeconfig FILE or KUBECONFIG names one/);
  });

  it('is named and not there', async () => {
    expectClear(await call(['doctor', '--kubeconfig', '/nowhere/config']), 64, /\/nowhere\/config/);
  });

  it.each([
    ['no YAML', 'clusters: [\n  {name: a', /kubeconfig:\d+/],
    ['a list', '- a\n- b\n', /kubeconfig/],
    ['of another kind', 'apiVersion: v1\nkind: Pod\n', /kubeconfig:2.*"Pod".*"Config"/],
    ['a broken certificate', kubeconfigText('https://127.0.0.1:1', 'no certificate', 't', 'dev'), /certificate/],
    ['binary', '\u0000\u0001\u0002', /kubeconfig:1/],
  ])('is %s', async (_, text, sentence) => {
    const ended = await callWith({ kubeconfig: text }, ({ kubeconfig }) => ['doctor', '--kubeconfig', kubeconfig]);
    expectClear(ended, 64, sentence);
  });

  it('has no such context, and says which name is near', async () => {
    const text = kubeconfigText('https://127.0.0.1:1', selfSigned('x').cert, 't', 'staging');
    const ended = await callWith({ kubeconfig: text }, ({ kubeconfig }) => ['doctor', '--kubeconfig', kubeconfig, '--context', 'stagign']);
    expectClear(ended, 64, /"stagign".*"?staging"?/);
  });
});

describe('the API server', () => {
  async function against(url: string, ca = selfSigned('x').cert, ...args: readonly string[]): Promise<Ended> {
    return callWith({ kubeconfig: kubeconfigText(url, ca, 't', 'dev') }, ({ kubeconfig }) => [
      'doctor',
      '--kubeconfig',
      kubeconfig,
      ...args,
    ]);
  }

  it('is down', async () => {
    expectClear(await against('https://127.0.0.1:9'), 2, /127\.0\.0\.1:9.*refused/);
  });

  it('has no address', async () => {
    expectClear(await against('https://no-such-host.invalid:6443'), 2, /no-such-host\.invalid/);
  });

  it('shows the certificate of another authority', async () => {
    const served = await serve(healthy);
    expectClear(await against(served.url), 2, /certificate/);
    await served.close();
  });

  it('speaks no TLS', async () => {
    const server = createServer((_, response) => response.end('<html>hello</html>')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    expectClear(await against(`https://127.0.0.1:${port}`), 2, /TLS/);
    expectClear(await against(`http://127.0.0.1:${port}`), 2, /HTML page.*stands before the API server/);
    server.close();
  });

  it('takes the connection and says nothing', async () => {
    const server = createTcp(() => {}).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const ended = await against(`https://127.0.0.1:${port}`, undefined, '--request-timeout', '1s');
    expectClear(ended, 2, /1 ?s\b/);
    expect(ended.ms).toBeLessThan(6_000);
    server.close();
  });

  it('does not know the token any more', async () => {
    const ended = await doctorOn(healthy, [], { args: ['--token', 'expired'] });
    expectClear(ended, 2, /credentials|Unauthorized|401/);
  });

  it.each<[string, RegExp, Trouble, RegExp]>([
    ['answers 500 to everything', /^GET \/(version|api)/, { status: 500, body: 'oops' }, /500/],
    ['answers 500 to lists', /^GET \/apis?\/.*\?limit/, { status: 500, body: 'oops' }, /500/],
    ['answers 401 half-way', /^GET \/apis?\/.*\?limit/, { status: 401 }, /credentials|401/],
    [
      'is a proxy that answers HTML',
      /^GET \/(version|api)/,
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><h1>Sign in</h1>' },
      /a login page stands before the API server/,
    ],
    [
      'answers lists with HTML',
      /^GET \/apis?\/.*\?limit/,
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><h1>Sign in</h1>' },
      /HTML|page|JSON|no API server/,
    ],
    ['cuts lists short', /^GET \/apis?\/.*\?limit/, { truncate: 50 }, /cut short|before it was complete/],
    [
      'answers half a JSON',
      /^GET \/apis?\/.*\?limit/,
      { status: 200, headers: { 'content-type': 'application/json' }, body: '{"kind":"PodList","items":[' },
      /JSON/,
    ],
    ['closes every connection', /^GET \/apis?\/.*\?limit/, { reset: true }, /closed the connection/],
    ['redirects to a login', /^GET \/(version|api)/, { status: 302, headers: { location: 'https://login.example' } }, /redirects|302/],
  ])('%s', async (_, on, does, sentence) => expectClear(await doctorOn(healthy, always(on, does)), 2, sentence));

  it('never answers lists', async () => {
    const ended = await doctorOn(healthy, always(/^GET \/apis?\/.*\?limit/, { hang: true }), { args: ['--request-timeout', '1s'] });
    expectClear(ended, 2, /1 ?s\b/);
    expect(ended.ms).toBeLessThan(10_000);
  });

  it('drips its lists', async () => {
    const ended = await doctorOn(healthy, always(/^GET \/apis?\/.*\?limit/, { dripMs: 50 }), { args: ['--request-timeout', '1s'] });
    expectClear(ended, 2, /1 ?s\b/);
    expect(ended.ms).toBeLessThan(10_000);
  });

  it('is too busy for a while', async () => {
    const storm = { status: 429, headers: { 'retry-after': '1' }, body: 'slow down' };
    const ended = await doctorOn(healthy, [{ on: /^GET \/api\/v1\/pods/, times: 2, does: storm }]);
    expectClear(ended, 0);
    expect(ended.ms).toBeGreaterThan(1_000);
  });

  it('is too busy for ever', async () => {
    const ended = await doctorOn(healthy, always(/^GET \/apis?\/.*\?limit/, { status: 429, headers: { 'retry-after': '1' } }), {
      args: ['--timeout', '8s'],
    });
    expect([2, 124]).toContain(ended.code);
    expectClear(ended, ended.code ?? 0, /429|too many|busy|before --timeout/);
  });

  it('lets one see the upgrade refused', async () => {
    const ended = await doctorOn(healthy, always(/\/portforward/, { forbid: true }));
    expect(flowing(ended.out)).not.toMatch(/every hop is sound/i);
    expect(blunders(ended)).toEqual([]);
  });
});

describe('a user who may not', () => {
  // Read for cases that the healthy world has none of, so that no verdict on it rests on them: namespace selectors, headers with
  // underscores, GatewayConfigs.
  const restsNotOn = ['namespaces', 'clienttrafficpolicies.gateway.envoyproxy.io', 'gatewayconfigs.aigateway.envoyproxy.io'];

  // Only checks of severity warning need them: named as unread, and no reason to withhold the verdict.
  const onlyWarningsRestOn = ['securitypolicies.gateway.envoyproxy.io'];

  /** "podmonitors.monitoring.coreos.com" and the path of its lists, for what doctor lists. */
  async function listed(): Promise<readonly (readonly [string, string])[]> {
    const { asked } = await doctorOn(healthy);
    const paths = [...new Set(asked.filter(({ at }) => at === 'api').map(({ url }) => /^\/apis?\/.*(?=\?limit)/.exec(url)?.[0] ?? ''))];
    return paths
      .filter((path) => path !== '')
      .map((path) => {
        const [, group = ''] = /^\/apis\/([^/]+)/.exec(path) ?? [];
        const resource = path.split('/').at(-1) ?? '';
        return [group === '' ? resource : `${resource}.${group}`, resource] as const;
      });
  }

  // In one sentence either way: what is missing, or what is forbidden and what it needs.
  const saysNeed = (text: string, name: string): boolean =>
    text.includes(`list ${name}`) || new RegExp(`${name.replaceAll('.', '\\.')} is forbidden for "[^"]*" \\(needs list`).test(text);

  it('list any single kind is told the verb and the resource, and sees no green', async () => {
    const reports: {
      readonly name: string;
      readonly code: number | null;
      readonly named: boolean;
      readonly blunders: readonly string[];
    }[] = [];
    for (const [name, resource] of new Map(await listed())) {
      const ended = await doctorOn(healthy, always(new RegExp(`^GET /apis?/.*/${resource}\\?`), { forbid: true }));
      reports.push({ name, code: ended.code, named: saysNeed(flowing(ended.out), name), blunders: blunders(ended) });
    }
    expect(reports.length).toBeGreaterThan(8);
    const expected = (name: string) => ({
      code: [...restsNotOn, ...onlyWarningsRestOn].includes(name) ? 0 : 2,
      named: !restsNotOn.includes(name),
    });
    expect(reports).toEqual(reports.map(({ name }) => ({ name, ...expected(name), blunders: [] })));
  }, 120_000);

  it('do anything at all is told what is missing', async () => {
    const ended = await doctorOn(healthy, always(/^GET \/apis?\/.*\?limit/, { forbid: true }));
    expectClear(ended, 2, /list pods in all namespaces/, /tokmeter rbac/);
  });

  it('discover is told so', async () => {
    expectClear(await doctorOn(healthy, always(/^GET \/apis/, { forbid: true })), 2, /get \/apis/);
  });

  it('forward ports nor use the proxy is told what is missing', async () => {
    expectClear(await doctorOn(healthy, always(/\/(portforward|proxy)/, { forbid: true })), 2, /pods\/portforward/);
  });
});

describe('a cluster', () => {
  const emptied = (): Snapshot => ({
    ...healthy,
    gets: [],
    lists: healthy.lists.map((list) => ({
      ...list,
      answer: list.answer.status === 'objects' ? { status: 'objects', objects: [] } : list.answer,
    })),
  });

  it('that is empty is no healthy one', async () => {
    const ended = await doctorOn(emptied());
    expect(ended.code === 1 || ended.code === 2).toBe(true);
    expect(blunders(ended)).toEqual([]);
  });

  it('of which no API group is served but the core is no healthy one', async () => {
    const bare: Snapshot = {
      ...emptied(),
      lists: emptied().lists.map((list) =>
        list.kind.group === '' || list.kind.group === 'apps'
          ? list
          : {
              ...list,
              answer: { status: 'refused', refusal: { reason: 'absent', what: 'list', message: 'absent', needs: null, fault: null } },
            },
      ),
    };
    expectClear(await doctorOn(bare), 2);
  });

  it('without proxies names that', async () => {
    const proxies = new Set(proxiesOf(healthy));
    const without: Snapshot = {
      ...healthy,
      lists: healthy.lists.map((list) =>
        list.answer.status === 'objects' && list.kind.resource === 'pods'
          ? { ...list, answer: { status: 'objects', objects: list.answer.objects.filter(({ metadata }) => !proxies.has(metadata.name)) } }
          : list,
      ),
    };
    const ended = await doctorOn(without);
    expect([1, 2]).toContain(ended.code);
    expect(blunders(ended)).toEqual([]);
  });
});

function proxiesOf({ gets }: Snapshot): readonly string[] {
  return gets.flatMap(({ endpoint, question }) => (endpoint.at === 'pod' && question.path === '/metrics' ? [endpoint.pod] : []));
}

describe('the metrics of a proxy', () => {
  const metrics = /^GET pod .*\/metrics/;

  it.each<[string, readonly Fault[], RegExp]>([
    ['nothing listens', always(/^CONNECT pod (?!.*prometheus)/, { refuse: true }), /refused/],
    ['500', always(metrics, { status: 500, body: 'duplicate label names' }), /500/],
    [
      'HTML',
      always(metrics, { status: 200, headers: { 'content-type': 'text/html' }, body: '<!doctype html><title>Sign in</title>' }),
      /HTML|html/,
    ],
    [
      'HTML that says it is text',
      always(metrics, { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4' }, body: '<!doctype html>\n' }),
      /line 1/,
    ],
    ['a body that is cut short', always(metrics, { truncate: 100 }), /cut short|closed|truncated|before it was complete/],
    ['nothing before the connection closes', always(metrics, { reset: true }), /closed the connection/],
    ['SSH', always(metrics, { garbage: true }), /HTTP/],
    ['404', always(metrics, { status: 404, body: 'not found' }), /404/],
    ['an empty body', always(metrics, { status: 200, headers: { 'content-type': 'text/plain; version=0.0.4' }, body: '' }), /./],
  ])('%s: is named as the break', async (_, faults, sentence) => {
    const ended = await doctorOn(healthy, faults);
    expectClear(ended, 1, sentence, /metrics-unreadable/);
  });

  it('that drip do not hold up the report', async () => {
    const ended = await doctorOn(healthy, always(metrics, { dripMs: 20 }), { args: ['--request-timeout', '1s'] });
    expectClear(ended, 1, /metrics-unreadable/, /1 ?s\b/);
    expect(ended.ms).toBeLessThan(10_000);
  });

  it('that never come do not hold up the report', async () => {
    const ended = await doctorOn(healthy, always(metrics, { hang: true }), { args: ['--request-timeout', '1s'] });
    expectClear(ended, 1, /metrics-unreadable/, /1 ?s\b/);
    expect(ended.ms).toBeLessThan(10_000);
  });

  it('of 50 MB are read to the same verdict', async () => {
    expectClear(await doctorOn(swollen(healthy, 50 * 1024 * 1024), [], { limitMs: 50_000, args: ['--request-timeout', '40s'] }), 0);
  });
});

/** The same metrics after so many bytes of somebody else's. */
function swollen(snapshot: Snapshot, bytes: number): Snapshot {
  const line = 'envoy_cluster_upstream_rq{envoy_cluster_name="a",envoy_response_code="200"} 1\n';
  const filler = `# TYPE envoy_cluster_upstream_rq counter\n${line.repeat(Math.ceil(bytes / line.length))}`;
  return withMetrics(snapshot, (text) => filler + text);
}

function withMetrics(snapshot: Snapshot, change: (text: string) => string): Snapshot {
  return withAnswer(snapshot, '/metrics', change);
}

function withAnswer(snapshot: Snapshot, path: string, change: (text: string) => string): Snapshot {
  const changed = (get: RecordedGet): RecordedGet =>
    get.question.path === path && get.answer.status === 'reply' && 'text' in get.answer.body
      ? { ...get, answer: { ...get.answer, body: { text: change(get.answer.body.text) } } }
      : get;
  return { ...snapshot, gets: snapshot.gets.map(changed) };
}

describe('hostile text', () => {
  // A terminal title, C1 controls, bidi overrides, a bell, markup, a formula, a table of markdown.
  const hostile = "\u001b]0;owned\u0007\u009b31m\u202egnp.exe\u2066<script>alert(1)</script>]]>&amp;=cmd|' /C calc'!A0|`x`";
  const spoiled = (): Snapshot => ({
    ...withAnswer(healthy, '/metrics', (text) =>
      text.replaceAll(/("?gen_ai[._](?:request|original)[._]model"?)="[^"]*"/g, (_, name) => `${name}="${hostile}"`),
    ),
    lists: healthy.lists.map((list) => ({
      ...list,
      answer: list.kind.resource === 'podmonitors' ? withHostilePort(list.answer) : list.answer,
    })),
  });
  const down = (): Snapshot =>
    withAnswer(spoiled(), '/api/v1/targets', (text) => {
      const document = JSON.parse(text);
      for (const target of document.data.activeTargets) Object.assign(target, { health: 'down', lastError: hostile });
      return JSON.stringify(document);
    });
  const withHostilePort = (answer: Snapshot['lists'][number]['answer']): Snapshot['lists'][number]['answer'] =>
    answer.status === 'refused'
      ? answer
      : {
          status: 'objects',
          objects: answer.objects.map((object) => ({
            ...object,
            spec: { ...(object.spec as object), podMetricsEndpoints: [{ port: 'aigw-admin', path: hostile }] },
          })),
        };

  it.each(['table', 'wide', 'short', 'json', 'yaml', 'junit'])('reaches -o %s as no more than visible text', async (format) => {
    const page = { status: 500, headers: { 'content-type': 'text/plain' }, body: hostile };
    const ended = await doctorOn(down(), always(/^GET pod .*\/metrics/, page), { args: ['-o', format, '--color', 'never'] });
    expect({ code: ended.code, blunders: blunders(ended) }).toEqual({ code: 1, blunders: [] });
    expect(ended.out + ended.err).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/);
    if (format !== 'short') expect(ended.out).toContain('owned');
    if (format === 'junit') expect(ended.out).not.toContain('<script>');
  });
});

describe('Prometheus', () => {
  const api = /(pod|service) .*\/api\/v1\//;

  it.each<[string, Trouble, RegExp]>([
    ['asks for a password', { status: 401, headers: { 'www-authenticate': 'Basic' }, body: 'Unauthorized' }, /401|--prometheus/],
    ['forbids', { status: 403, body: 'forbidden' }, /403|--prometheus/],
    [
      'answers HTML',
      { status: 200, headers: { 'content-type': 'text/html' }, body: '<html><title>Sign in</title>' },
      /HTML|html|JSON|page/,
    ],
    [
      'answers half a JSON',
      { status: 200, headers: { 'content-type': 'application/json' }, body: '{"status":"success","data":{"act' },
      /JSON/,
    ],
    [
      'answers an error',
      {
        status: 503,
        headers: { 'content-type': 'application/json' },
        body: '{"status":"error","errorType":"unavailable","error":"starting up"}',
      },
      /503|starting up/,
    ],
    ['cuts its answer short', { truncate: 20 }, /cut short|closed|truncated|before it was complete/],
    ['closes the connection', { reset: true }, /closed/],
    ['knows none of its own verbs', { status: 404, body: '404 page not found\n' }, /404/],
  ])('that %s is no green', async (_, does, sentence) => expectClear(await doctorOn(healthy, always(api, does)), 2, sentence));

  it('without targets, as Thanos and Mimir are, says what it cannot answer', async () => {
    const ended = await doctorOn(healthy, always(/\/api\/v1\/targets/, { status: 404, body: '404 page not found\n' }));
    expect(ended.code).toBe(2);
    expect(blunders(ended)).toEqual([]);
  });

  it('that never answers does not hold up the report', async () => {
    const ended = await doctorOn(healthy, always(api, { hang: true }), { args: ['--request-timeout', '1s'] });
    expectClear(ended, 2, /1 ?s\b/);
    expect(ended.ms).toBeLessThan(12_000);
  });

  it('that is not there is no green', async () => {
    const without: Snapshot = {
      ...healthy,
      gets: healthy.gets.filter(({ endpoint, question }) => endpoint.at === 'pod' && question.path === '/metrics'),
      lists: healthy.lists.map((list) =>
        list.answer.status === 'objects' && (list.kind.resource === 'prometheuses' || list.scope.labelSelector?.includes('prometheus'))
          ? { ...list, answer: { status: 'objects', objects: [] } }
          : list,
      ),
    };
    const ended = await doctorOn(without);
    expect([1, 2]).toContain(ended.code);
    expect(blunders(ended)).toEqual([]);
  });
});

describe('the outside', () => {
  it('that reads no further gets no stack trace, and the exit code stands', async () => {
    const ended = await doctorOn(healthy, [], { meanwhile: (child) => child.stdout?.destroy() });
    expect({ code: ended.code, blunders: blunders(ended), err: ended.err }).toEqual({ code: 0, blunders: [], err: '' });
  });

  it('that closes the pipe of explain gets no stack trace', async () => {
    const ended = await call(['explain'], { meanwhile: (child) => child.stdout?.destroy() });
    expect({ code: ended.code, err: ended.err }).toEqual({ code: 0, err: '' });
  });

  it.each([
    ['the API server is asked', /^GET \/version/],
    ['lists are read', /^GET \/apis?\/.*\?limit/],
    ['a tunnel is opened', /\/portforward/],
    ['metrics are read', /^GET pod .*\/metrics/],
    ['Prometheus is asked', /\/api\/v1\/(targets|query|series|label)/],
  ])('that interrupts while %s gets the report so far and 130', async (_, on) => {
    const ended = await doctorOn(healthy, always(on, { hang: true }), {
      meanwhile: (child) => setTimeout(() => child.kill('SIGINT'), 1_500),
    });
    expectClear(ended, 130, /interrupted/);
    expect(ended.ms).toBeLessThan(4_000);
  });

  it('that terminates gets the report so far and 143', async () => {
    const ended = await doctorOn(healthy, always(/\?limit/, { hang: true }), {
      meanwhile: (child) => setTimeout(() => child.kill('SIGTERM'), 1_500),
    });
    expectClear(ended, 143, /interrupted/);
  });

  it('that sets a limit to the run gets the report so far and 124', async () => {
    const ended = await doctorOn(healthy, always(/^GET pod .*\/metrics/, { hang: true }), { args: ['--timeout', '1s', '-o', 'json'] });
    expect({ code: ended.code, complete: JSON.parse(ended.out).complete, exitCode: JSON.parse(ended.out).exitCode }).toEqual({
      code: 124,
      complete: false,
      exitCode: 124,
    });
  });
});

describe('every request', () => {
  it('is a GET of ours, whatever goes wrong', async () => {
    const { asked } = await doctorOn(healthy, [{ on: /pods/, times: 2, does: { status: 503 } }]);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter(({ method, agent }) => method !== 'GET' || !/^tokmeter\/\d/.test(agent))).toEqual([]);
  });
});
