import { describe, expect, it } from 'vitest';
import { provisionedDatasources } from '../../../src/parse/grafana-datasources.ts';

const entry = (more = ''): string => `apiVersion: 1
datasources:
  - name: Mimir
    uid: mimir
    type: prometheus
    url: http://lgtm-pack-mimir:8080/prometheus
${more}`;

describe('provisioned data sources', () => {
  it.each<[string, string, string | null, boolean]>([
    ['no header', '', null, false],
    ['a tenant', '    jsonData: {httpHeaderName1: X-Scope-OrgID}\n    secureJsonData: {httpHeaderValue1: team-a}', 'team-a', false],
    [
      'its second header',
      '    jsonData: {httpHeaderName1: X-A, httpHeaderName2: x-scope-orgid}\n    secureJsonData: {httpHeaderValue1: b, httpHeaderValue2: team-a}',
      'team-a',
      false,
    ],
    ['a number', '    jsonData: {httpHeaderName1: X-Scope-OrgID}\n    secureJsonData: {httpHeaderValue1: 1}', '1', false],
    ['a variable', '    jsonData: {httpHeaderName1: X-Scope-OrgID}\n    secureJsonData: {httpHeaderValue1: $TENANT}', null, true],
    ['a value that is elsewhere', '    jsonData: {httpHeaderName1: X-Scope-OrgID}', null, true],
  ])('with %s', (_, more, tenant, tenantHidden) => {
    expect(provisionedDatasources(entry(more))).toEqual([
      { name: 'Mimir', uid: 'mimir', type: 'prometheus', url: 'http://lgtm-pack-mimir:8080/prometheus', tenant, tenantHidden },
    ]);
  });

  it('keeps nobody’s password', () => {
    const [found] = provisionedDatasources(entry().replace('http://', 'http://admin:secret@'));
    expect(found?.url).toBe('http://lgtm-pack-mimir:8080/prometheus');
  });

  it.each(['{', 'datasources: 7', '- a', ''])('%j has none', (yaml) => expect(provisionedDatasources(yaml)).toEqual([]));
});
