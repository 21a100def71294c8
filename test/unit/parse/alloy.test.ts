import { describe, expect, it } from 'vitest';
import { alloyOf } from '../../../src/parse/alloy.ts';
import { alloyWiring } from '../../../src/parse/alloy-jobs.ts';
import { AlloyError } from '../../../src/parse/alloy-tokens.ts';

const scrape = `
// Single dollar signs.
discovery.kubernetes "pods" {
  role = "pod"
  namespaces { names = ["envoy-gateway-system"] }
  selectors {
    role  = "pod"
    field = "spec.nodeName=" + coalesce(sys.env("HOSTNAME"), constants.hostname)
  }
}
discovery.relabel "aigw" {
  targets = discovery.kubernetes.pods.targets
  rule {
    source_labels = ["__meta_kubernetes_pod_container_port_name"]
    regex         = "aigw-admin|aigw-metrics"
    action        = "keep"
  }
  rule {
    source_labels = [
      "__meta_kubernetes_pod_ip", /* the last comma is allowed */
    ]
    regex         = "(.+)"
    target_label  = "__address__"
    replacement   = "$1:1064"
  }
}
prometheus.scrape "aigw" {
  targets         = discovery.relabel.aigw.output
  forward_to      = [prometheus.relabel.keep.receiver]
  scrape_interval = "30s"
  clustering { enabled = true }
}
prometheus.relabel "keep" {
  forward_to = [prometheus.remote_write.mimir.receiver]
}
prometheus.remote_write "mimir" {
  endpoint {
    url     = "http://mimir.monitoring.svc:8080/api/v1/push"
    headers = { "X-Scope-OrgID" = "anonymous" }
  }
}
`;

describe('alloyWiring', () => {
  it('follows targets to exporters', () => {
    const { jobs, exporters } = alloyWiring([scrape]);
    expect(jobs).toEqual([
      {
        name: 'prometheus.scrape.aigw',
        receiver: 'prometheus.scrape.aigw',
        path: '/metrics',
        discovery: [
          {
            by: 'kubernetes',
            role: 'pod',
            namespaces: ['envoy-gateway-system'],
            own: false,
            selectors: [{ label: '', field: 'spec.nodeName=${env:}' }],
          },
        ],
        rules: [
          { source_labels: ['__meta_kubernetes_pod_container_port_name'], regex: 'aigw-admin|aigw-metrics', action: 'keep' },
          { source_labels: ['__meta_kubernetes_pod_ip'], regex: '(.+)', target_label: '__address__', replacement: '$1:1064' },
        ],
        wiredTo: ['prometheus.remote_write.mimir'],
        shared: true,
        followed: true,
      },
    ]);
    expect(exporters).toEqual([
      {
        id: 'prometheus.remote_write.mimir',
        kind: 'remote-write',
        used: true,
        endpoint: 'http://mimir.monitoring.svc:8080/api/v1/push',
        tenant: 'anonymous',
      },
    ]);
  });

  it('looks into custom components, as k8s-monitoring writes them', () => {
    const custom = `
      declare "autodiscovery" {
        argument "metrics_destinations" { comment = "where to" }
        discovery.kubernetes "pods" { role = "pod" }
        prometheus.scrape "http" {
          targets    = array.concat(discovery.kubernetes.pods.targets, [{"__address__" = "host:1"}])
          forward_to = argument.metrics_destinations.value
        }
        export "found" { value = discovery.kubernetes.pods.targets }
      }
      autodiscovery "feature" { metrics_destinations = [prometheus.remote_write.a.receiver] }
      prometheus.scrape "again" {
        targets    = autodiscovery.feature.found
        forward_to = [otelcol.receiver.prometheus.a.receiver]
      }
      otelcol.receiver.prometheus "a" { output { metrics = [otelcol.exporter.otlphttp.a.input] } }
      otelcol.exporter.otlphttp "a" { client { endpoint = sys.env("MIMIR") } }
      prometheus.remote_write "a" { endpoint { url = "http://a" } }`;
    const { jobs, exporters } = alloyWiring([custom]);
    expect(jobs.map(({ receiver, discovery, wiredTo, followed }) => [receiver, discovery[0]?.by, wiredTo, followed])).toEqual([
      ['autodiscovery.feature/prometheus.scrape.http', 'kubernetes', ['prometheus.remote_write.a'], true],
      ['autodiscovery.feature/prometheus.scrape.http', 'static', ['prometheus.remote_write.a'], true],
      ['prometheus.scrape.again', 'kubernetes', ['otelcol.exporter.otlphttp.a'], true],
    ]);
    expect(exporters.map(({ id, endpoint }) => [id, endpoint])).toEqual([
      ['otelcol.exporter.otlphttp.a', '${env:MIMIR}'],
      ['prometheus.remote_write.a', 'http://a'],
    ]);
  });

  it('knows what it does not know', () => {
    const { jobs } = alloyWiring([
      `import.git "x" { repository = "y" }
      prometheus.scrape "a" { targets = x.pods.a.output forward_to = [] }`.replace(' forward_to', '\nforward_to'),
      'prometheus.operator.podmonitors "b" { forward_to = [x.sink.a.receiver] }',
    ]);
    expect(jobs.map(({ discovery, followed }) => [discovery[0], followed])).toEqual([
      [{ by: 'unknown', what: 'x.pods.a.output' }, true],
      [{ by: 'podmonitors' }, false],
    ]);
  });

  it('does not count what doubles again and again', () => {
    const doubling = Array.from(
      { length: 40 },
      (_, at) =>
        `discovery.relabel "r${at + 1}" { targets = array.concat(discovery.relabel.r${at}.output, discovery.relabel.r${at}.output) }`,
    );
    const declares = Array.from(
      { length: 8 },
      (_, at) => `declare "d${at}" {\n${Array.from({ length: 10 }, (_, each) => `d${at + 1} "x${each}" { }`).join('\n')}\n}`,
    );
    const text = [
      'discovery.kubernetes "p" { role = "pod" }',
      'discovery.relabel "r0" { targets = discovery.kubernetes.p.targets }',
      ...doubling,
      'prometheus.scrape "s" { targets = discovery.relabel.r40.output }',
      ...declares,
      'd0 "a" { }',
    ];
    expect(alloyWiring([text.join('\n')]).jobs.length).toBeLessThan(1000);
  });

  it('does not run in circles', () => {
    const circle = `
      discovery.relabel "a" { targets = discovery.relabel.b.output }
      discovery.relabel "b" { targets = discovery.relabel.a.output }
      prometheus.scrape "a" { targets = discovery.relabel.a.output }
      prometheus.relabel "x" { forward_to = [prometheus.relabel.x.receiver] }
      declare "d" { d "x" { } }
      d "y" { }`;
    expect(alloyWiring([circle]).jobs.map(({ discovery }) => discovery[0]?.by)).toEqual(['unknown']);
  });
});

describe('alloyOf', () => {
  it.each([
    ['an empty file', ''],
    ['operators and calls', 'a = !true && (1 + 2) * -3 == f(x, [1, 2])["y"].z'],
    ['raw strings', 'a = `x "y" \\`\nb = 1'],
    ['one-line blocks', 'a "b" { }\na "c" { x = 1 }'],
    ['objects over lines', 'a = {\n  b = 1,\n  "c.d" = [\n    2,\n  ],\n}'],
  ])('%s is read', (_, source) => expect(() => alloyOf(source)).not.toThrow());

  it.each([
    ['YAML', 'receivers:\n  otlp:\n'],
    ['an unclosed block', 'a "b" {'],
    ['an unclosed string', 'a = "b\n'],
    ['nothing to assign', 'a ='],
    ['nested beyond reason', `a = ${'['.repeat(5000)}`],
  ])('%s is refused', (_, source) => expect(() => alloyOf(source)).toThrow(AlloyError));
});
