import { podMonitor, tokenFromSecret } from './objects.ts';
import { both, dashboard, dsn, resets, sound, table } from './table.ts';
import { type Change, html, missingToken, withoutToken } from './world.ts';

table('counters-falling', [
  ['never', {}, /^pass$/],
  ['three times', { stored: resets(3) }, /^fail: its counters fell 3 times within 8 days in Prometheus monitoring\/k8s/],
  ['of a pod that is gone', { stored: resets(1, '10.0.1.9:3001') }, /^fail: counters of pods that are gone fell 1 time/],
  ['nothing is stored', { stored: { answers: { 'count by (__name__)': [] } } }, /^skip/],
]);

const server = { replicas: 2, env: [tokenFromSecret, dsn] };
const equal = (same: number) =>
  ({
    targets: [{}, { index: 1 }],
    answers: {
      'count(count by (instance) (': [[{}, 2]],
      'count(count by (group, model, type) (': [[{}, 6]],
      'count((max by (group, model, type) (': [[{}, same]],
      'sum(gpt_load_tokens_total': [[{}, 2]],
    },
  }) as const;

table('replicas-multiplied', [
  ['one pod', {}, /^pass$/],
  ['two pods of one database', { ...both(server, 2), stored: equal(6) }, /^fail: 2 of its pods are scraped .* 2\.00 × too high/],
  ['two pods that differ', { ...both(server, 2), stored: equal(1) }, /^pass$/],
  ['two files', { ...both({ replicas: 2 }, 2), stored: equal(6) }, /^pass$/],
  [
    'queries that take the greatest',
    { ...both(server, 2), stored: equal(6), extra: [podMonitor(), dashboard(sound)] },
    /^pass: pods of one log/,
  ],
  [
    'queries of one pod',
    {
      ...both(server, 2),
      stored: equal(6),
      extra: [podMonitor(), dashboard('sum(rate(gpt_load_tokens_total{type="total",pod="gpt-load-0"}[5m]))')],
    },
    /^pass: pods of one log/,
  ],
  [
    'queries that do not',
    { ...both(server, 2), stored: equal(6), extra: [podMonitor(), dashboard('sum(rate(gpt_load_tokens_total{type="total"}[5m]))')] },
    /^fail/,
  ],
  ['nothing is stored', { stored: { answers: { 'count by (__name__)': [] } } }, /^skip/],
]);

const took = (seconds: number) =>
  ({ answers: { 'max by (instance) (avg_over_time(scrape_duration_seconds': [[{ instance: '10.0.1.1:3001' }, seconds]] } }) as const;
table('scrape-slow', [
  ['in no time', { stored: took(0.1) }, /^pass$/],
  [
    'longer than half the usual timeout',
    { stored: took(6) },
    /^fail: a scrape by Prometheus monitoring\/k8s takes 6.0 s of a timeout of 10 s/,
  ],
  ['with a timeout of its own', { stored: took(6), extra: [podMonitor({ scrapeTimeout: '30s' })] }, /^pass$/],
  ['nothing is stored', { stored: { answers: { 'count by (__name__)': [] } } }, /^skip/],
]);

table('costs-absent', [
  ['nobody asks', {}, /^skip/],
  [
    'a panel asks, and none is stored',
    { extra: [podMonitor(), dashboard('sum(gpt_load_cost_total)', 'Cost')] },
    /^fail: panel "Cost": it asks for gpt_load_cost_total/,
  ],
  [
    'a panel asks, and some are stored',
    { extra: [podMonitor(), dashboard('sum(gpt_load_cost_total)')], stored: { answers: { 'count(gpt_load_cost_total)': [[{}, 2]] } } },
    /^pass$/,
  ],
  ['dashboards are refused', { refused: { configmaps: 'forbidden' } }, /^unknown/],
]);

table('streams-unmetered', [
  ['nobody bills', {}, /^pass: streamed requests are not counted by this build$/],
  ['a panel of tokens', { extra: [podMonitor(), dashboard(sound)] }, /^pass/],
  [
    'a panel of the bill',
    { extra: [podMonitor(), dashboard(sound, 'Monthly bill')] },
    /^fail: panel "Monthly bill": it bills by counters that leave out/,
  ],
  ['no counters', { metrics: html }, /^skip/],
  ['no token', { metrics: missingToken, options: withoutToken }, /^unknown/],
]);

const typed = (matcher: string): Change => ({
  extra: [podMonitor(), dashboard(`sum(increase(gpt_load_tokens_total${matcher}[1h]))`)],
  stored: {
    answers: {
      'count({__name__="gpt_load_tokens_total"': [[{}, 9]],
      'sum({__name__="gpt_load_tokens_total"})': [[{}, 200]],
      'sum({__name__="gpt_load_tokens_total","type"=~"prompt|completion"})': [[{}, 100]],
      'sum({__name__="gpt_load_tokens_total",type=~"prompt|completion"})': [[{}, 100]],
    },
  },
});
table('queries-overcounted', [
  ['all types', typed(''), /^fail: .*2\.00 × the tokens on this cluster/],
  ['the whole alone', typed('{type="total"}'), /^pass$/],
  ['the parts', typed('{type=~"prompt|completion"}'), /^pass$/],
  ['one part', typed('{type="prompt"}'), /^pass$/],
  [
    'what is kept, as it is',
    { extra: [podMonitor(), dashboard('sum(gpt_load_tokens_total{type="total"})')], stored: typed('').stored ?? {} },
    /^pass$/,
  ],
]);
