import { describe, expect, it } from 'vitest';
import { flagsOf } from '../../src/commands/world-flags.ts';
import type { Options } from '../../src/model/fact.ts';

const at = (target: NonNullable<Options['prometheus']>['target']): Partial<Options> => ({
  prometheus: { target, headers: { Authorization: 'Bearer secret' } },
});

describe('the flags that ask for options', () => {
  it.each<[string, Partial<Options>, string]>([
    ['none', {}, ''],
    ['those that are off', { namespace: null, gateway: null, selector: null, expectLabels: [], prometheus: null }, ''],
    [
      'places',
      { namespace: 'a', gateway: { namespace: 'b', name: 'c' }, selector: 'x in (y)' },
      "-n a --gateway b/c --selector 'x in (y)'",
    ],
    ['labels', { expectLabels: ['user', "it's"] }, "--expect-label user --expect-label 'it'\\''s'"],
    [
      'tokens, as files',
      { metricsToken: 'secret', grafanaToken: 'secret' },
      '--metrics-token-file metricsToken --grafana-token-file grafanaToken',
    ],
    ['what is read besides', { secretNames: true, logs: true }, '--secret-names --logs'],
    ['a Prometheus by its URL', at({ at: 'url', url: 'http://p:9090' }), '--prometheus http://p:9090'],
    ['by its Service', at({ at: 'service', namespace: 'm', service: 'p', port: 'web' }), '--prometheus m/p:web'],
    ['by its Service alone', at({ at: 'service', namespace: 'm', service: 'p', port: null }), '--prometheus m/p'],
    ['by its object', at({ at: 'object', namespace: 'm', kind: 'Prometheus', name: 'k8s' }), '--prometheus m/Prometheus/k8s'],
  ])('%s', (_, options, words) => expect(flagsOf(options, (name) => name).join(' ')).toBe(words));
});
