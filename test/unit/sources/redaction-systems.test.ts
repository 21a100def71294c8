import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readCollector, readConfigFile, readDatasource } from '../../../src/sources/redaction-configs.ts';
import { shaped } from '../../../src/sources/redaction-fields.ts';
import { shapes } from '../../../src/sources/redaction-shapes.ts';
import { readVariable } from '../../../src/sources/redaction-systems.ts';

const collector = `
extensions: { basicauth/x: { client_auth: { username: canary-1, password: canary-2 } } }
receivers:
  prometheus/tokens:
    config:
      scrape_configs:
        - job_name: sidecars
          basic_auth: { username: canary-3, password: canary-4 }
          authorization: { credentials: canary-5 }
          params: { api_key: [canary-6] }
          kubernetes_sd_configs: [{ role: pod, api_server: https://k, bearer_token_file: /canary-7 }]
          relabel_configs: [{ source_labels: [__address__], regex: '([^:]+)(?::\\d+)?', replacement: '$\${1}:1064', target_label: __address__ }]
processors: { attributes/secrets: { actions: [{ key: x, value: canary-8, action: insert }] } }
exporters:
  prometheusremotewrite/mimir:
    endpoint: http://mimir.monitoring.svc:8080/api/v1/push
    headers: { X-Scope-OrgID: team, Authorization: Bearer canary-9, X-Api: canary-10, Other: '\${env:TOKEN}' }
    tls: { ca_pem: canary-11 }
service: { pipelines: { metrics: { receivers: [prometheus/tokens], processors: [attributes/secrets], exporters: [prometheusremotewrite/mimir] } } }
`;

describe('a collector in a bundle', () => {
  const kept = readConfigFile('relay', collector) ?? '';

  it('scrapes and sends what it did', () => {
    const [before, after] = [parse(collector), parse(kept)];
    const job = (config: typeof before) => config.receivers['prometheus/tokens'].config.scrape_configs[0];
    expect(job(after).relabel_configs).toEqual(job(before).relabel_configs);
    expect(job(after).kubernetes_sd_configs[0].role).toBe('pod');
    expect(after.service).toEqual(before.service);
    expect(after.exporters['prometheusremotewrite/mimir'].endpoint).toBe(before.exporters['prometheusremotewrite/mimir'].endpoint);
    expect(after.exporters['prometheusremotewrite/mimir'].headers['X-Scope-OrgID']).toBe('team');
    expect(after.exporters['prometheusremotewrite/mimir'].headers.Other).toBe('${env:TOKEN}');
  });

  it('tells no secret, from text, tree or custom resource', () => {
    expect(kept).not.toContain('canary');
    expect(JSON.stringify(readCollector(parse(collector)))).not.toContain('canary');
    expect(JSON.stringify(readCollector(collector))).not.toContain('canary');
    const shape = shapes.opentelemetrycollectors;
    if (shape === undefined) throw new Error('no shape');
    expect(JSON.stringify(shaped({ spec: { config: collector, env: [{ name: 'X', value: 'canary' }] } }, shape))).not.toContain('canary');
  });

  it('stays unreadable where it was', () => expect(readConfigFile('relay', 'receivers:\n  a: [\nservice: canary')).toBe('{'));

  it.each([
    ['app.yaml', 'password: canary'],
    ['notes', 'canary'],
    ['script.sh', 'export TOKEN=canary'],
  ])('leaves out %s, which is none', (key, content) => expect(readConfigFile(key, content)).toBeNull());
});

describe('an Alloy file in a bundle', () => {
  const alloy = `// canary-1
discovery.kubernetes "pods" { role = "pod" }
prometheus.remote_write "mimir" {
  endpoint {
    url = "http://mimir.monitoring.svc:8080/api/v1/push" // canary-2
    headers = { "X-Scope-OrgID" = "team", "Authorization" = "Bearer canary-3", "X-Key" = "canary-4" }
    basic_auth { username = "canary-5" password = "canary-6" }
    bearer_token = "canary-7"
  }
}
`;

  it('keeps addresses and the tenant and no secret', () => {
    const kept = readConfigFile('config.alloy', alloy) ?? '';
    expect(kept).toContain('"http://mimir.monitoring.svc:8080/api/v1/push"');
    expect(kept).toContain('"X-Scope-OrgID" = "team"');
    expect(kept).not.toContain('canary');
  });
});

describe("Grafana's data sources in a bundle", () => {
  it('keep the tenant and no other header', () => {
    const entry = {
      name: 'Mimir',
      type: 'prometheus',
      url: 'http://mimir/prometheus',
      basicAuthUser: 'canary',
      jsonData: { httpHeaderName1: 'X-Scope-OrgID', httpHeaderName2: 'Authorization', sigV4AccessKey: 'canary' },
      secureJsonData: { httpHeaderValue1: 'team', httpHeaderValue2: 'canary', basicAuthPassword: 'canary' },
    };
    const kept = readDatasource(entry);
    expect(kept).toMatchObject({ url: entry.url, secureJsonData: { httpHeaderValue1: 'team' } });
    expect(JSON.stringify(kept)).not.toContain('canary');
    const file = readConfigFile('datasources.yaml', JSON.stringify({ apiVersion: 1, datasources: [entry] })) ?? '';
    expect(file).toContain('team');
    expect(file).not.toContain('canary');
  });
});

describe('variables in a bundle', () => {
  it.each([
    ['PORT', '3001', '3001'],
    ['DATABASE_DSN', './data/gpt-load.db', './data/gpt-load.db'],
    ['DATABASE_DSN', 'postgres://u:canary@db.llm:5432/gpt?sslmode=off&password=canary', 'postgres://db.llm:5432/gpt'],
    ['DATABASE_DSN', 'u:canary@tcp(db:3306)/gpt?charset=utf8', '@tcp(db:3306)/gpt'],
    ['DATABASE_DSN', 'host=db user=u password=canary dbname=gpt', 'host=db dbname=gpt'],
    ['MIMIR_URL', 'http://mimir.monitoring.svc:8080/api/v1/push', 'http://mimir.monitoring.svc:8080/api/v1/push'],
    ['HOOK', 'https://hooks.example.com/services/canary', null],
    ['ANYTHING', 'canary', null],
  ])('%s=%s', (name, value, kept) => expect(readVariable(name, value)).toBe(kept));
});

describe('an AuthPolicy in a bundle', () => {
  it('says who is asked and what is passed on, and no policy text', () => {
    const rules = {
      authentication: {
        keys: { apiKey: { selector: { matchLabels: { app: 'llm' } }, allNamespaces: true }, credentials: { x: 'canary' } },
      },
      authorization: { opa: { rego: 'canary' } },
      metadata: { userinfo: { http: { url: 'http://x', headers: { a: { value: 'canary' } } } } },
      response: {
        success: {
          filters: { identity: { json: { properties: { userid: { expression: 'auth.identity.sub' }, key: { value: 'canary' } } } } },
        },
      },
    };
    const shape = shapes.authpolicies;
    if (shape === undefined) throw new Error('no shape');
    const kept = shaped({ spec: { targetRef: { name: 'x' }, rules, defaults: { rules } } }, shape);
    expect(JSON.stringify(kept)).not.toContain('canary');
    expect(kept).toMatchObject({
      spec: {
        rules: {
          response: { success: { filters: { identity: { json: { properties: { userid: { expression: 'auth.identity.sub' } } } } } } },
        },
      },
    });
  });
});
