import { controllers } from '../worlds/lgtm/controllers.ts';
import { mended } from '../worlds/lgtm/mended.ts';
import { provesFixes } from './fixing.ts';

provesFixes('fixes of collectors and their store on a real cluster', {
  subnet: '127.0.98',
  mended,
  controllers,
  // What was stored and counted before, until the store forgets it.
  later: ['counts-disagree', 'series-stale', 'series-doubled', 'identity-partial'],
  made: [['configmap', 'monitoring', 'nebari-llm-serving-token-usage-dashboard']],
});
