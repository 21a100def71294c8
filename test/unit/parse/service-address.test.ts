import { describe, expect, it } from 'vitest';
import { serviceAddress } from '../../../src/parse/service-address.ts';

describe('the Service that an address names', () => {
  it.each<[string, string | null]>([
    ['http://mimir:8080/prometheus', 'own/mimir:8080/prometheus'],
    ['http://mimir.monitoring:8080/prometheus/', 'monitoring/mimir:8080/prometheus'],
    ['http://lgtm-pack-mimir.monitoring.svc:8080/otlp', 'monitoring/lgtm-pack-mimir:8080/otlp'],
    ['http://mimir.monitoring.svc.cluster.local./api/v1/push', 'monitoring/mimir:80/api/v1/push'],
    ['https://mimir.monitoring.svc', 'monitoring/mimir:443'],
    ['tempo.monitoring.svc:4317', 'monitoring/tempo:4317'],
    ['https://mimir.example.com/api/v1/push', null],
    ['http://10.0.0.7:8080', null],
    ['http://localhost:9090', null],
    ['${env:MIMIR}', null],
    ['', null],
  ])('%s', (address, expected) => {
    const found = serviceAddress(address, 'own');
    expect(found && `${found.namespace}/${found.service}:${found.port}${found.path}`).toBe(expected);
  });
});
