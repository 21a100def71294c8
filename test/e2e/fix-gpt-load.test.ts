import { controllers, toldOf } from '../worlds/gpt-load/controllers.ts';
import { mended } from '../worlds/gpt-load/mended.ts';
import { provesFixes } from './fixing.ts';

provesFixes('fixes of gpt-load on a real cluster', {
  subnet: '127.0.96',
  mended,
  controllers,
  told: toldOf,
  later: ['counts-disagree', 'series-stale'],
  made: [
    ['podmonitor', 'llm', 'token-metrics'],
    ['secret', 'llm', 'gpt-load-metrics'],
  ],
});
