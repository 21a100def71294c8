import { controllers } from '../worlds/kuadrant/controllers.ts';
import { mended } from '../worlds/kuadrant/mended.ts';
import { provesFixes } from './fixing.ts';

provesFixes('fixes of Kuadrant on a real cluster', {
  subnet: '127.0.97',
  mended,
  controllers,
  later: [],
  made: [
    ['telemetrypolicy', 'api-gateway', 'token-labels'],
    ['telemetrypolicy', 'api-gateway', 'user-group'],
    ['tokenratelimitpolicy', 'api-gateway', 'token-limits'],
    ['rolebinding', 'kuadrant-system', 'prometheus-k8s-view'],
  ],
});
