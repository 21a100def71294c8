import { counted } from '../../../checks/phrases.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { instances } from '../facts/instances.ts';
import { sharing } from '../facts/sharing.ts';
import { metricsPath } from '../names.ts';
import { ask } from '../phrases.ts';

/** Request logs in which nothing is counted yet. Pods of one database show the same, so they are judged together. */
export const idlePods = defineCheck({
  id: 'idle-pods',
  title: 'requests have been counted in every request log',
  hop: 'emit',
  severity: 'warning',
  why: 'Without a counted request it cannot be told whether nobody asked or requests are not counted. Only successful requests that were not streamed are, about a minute after they ended.',
  fix: 'Send one request with "stream": false, and wait for request_log_write_interval_minutes.',
  follows: ['health-failing'],
  needs: { emissions, instances },
  judge: ({ emissions, instances }) => {
    const told = new Map(emissions.read.map((emission) => [emission.emitter.key, emission]));
    const groups = sharing(instances.read)
      .map((group) => group.flatMap(({ key }) => told.get(key) ?? []).filter(({ outcome }) => outcome.status !== 'unreadable'))
      .filter((group) => group.length > 0);
    if (groups.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no pod shows its counters' };
    const idle = groups.filter((group) => group.every(({ outcome }) => outcome.status === 'idle'));
    const findings = idle.flatMap((group): readonly Finding[] => {
      const [first] = group;
      if (first === undefined) return [];
      return [
        {
          subject: first.emitter.subject,
          message: `${counted(group.length, 'pod shows', 'pods show')} no sample: no request that was not streamed has succeeded, or the log is not written yet`,
          evidence: { saw: 'three families without a sample', run: ask(first.emitter, metricsPath, '-s') },
          remedy: { text: 'send one request with "stream": false and look again after a minute' },
          about: group.map(({ emitter }) => emitter.key),
        },
      ];
    });
    return verdict(findings, emissions.unread);
  },
});
