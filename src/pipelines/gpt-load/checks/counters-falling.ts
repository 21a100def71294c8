import { counted } from '../../../checks/phrases.ts';
import { queryRun } from '../../../checks/stored.ts';
import { distinctUnread } from '../../../checks/wording.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import type { Instance } from '../facts/instances.ts';
import { type StoredCounters, storedCounters } from '../facts/stored-counters.ts';
import { tokenFamily } from '../names.ts';

/** Counters that fell, as sums over a log do whose rows are deleted. */
export const countersFalling = defineCheck({
  id: 'counters-falling',
  title: 'stored counters never fall',
  hop: 'query',
  severity: 'error',
  why: 'Prometheus takes a counter that falls for one that began anew, and counts everything that is left once more. Every increase and rate over that time is too high, and so is the bill.',
  fix: 'Set request_log_retention_days to 0 in the system settings, or bill from a recording rule over a window that is shorter than the retention.',
  follows: ['storage-unsound'],
  needs: { counters: storedCounters },
  judge: ({ counters }) => {
    const unread = distinctUnread(counters.flatMap((server) => server.unread));
    if (counters.length === 0) return { status: 'skip', because: 'no token series is stored' };
    return verdict(counters.flatMap(findingsOf), unread);
  },
});

function findingsOf({ server, falls }: StoredCounters): readonly Finding[] {
  return falls.map(({ instance, count }) => ({
    subject: instance?.subject ?? server.subject,
    message: `${instance === null ? 'counters of pods that are gone' : 'its counters'} fell ${counted(Math.round(count), 'time')} within 8 days in ${server.subject}: rows of the request log were deleted, and increase() and rate() count what was left once more`,
    evidence: {
      saw: `resets of ${tokenFamily}: ${Math.round(count)}`,
      run: queryRun(`sum by (instance) (resets(${tokenFamily}[8d])) > 0`),
    },
    remedy: {
      text: 'set request_log_retention_days to 0 in its system settings, which keeps the log for ever, and bill no window in which counters fell',
    },
    about: aboutOf(instance),
  }));
}

/** A log in the container itself is lost when the container begins anew; otherwise no trouble of its storage makes counters fall. */
function aboutOf(instance: Instance | null): readonly string[] {
  if (instance === null) return ['counters of pods that are gone'];
  const { database, state, key } = instance;
  const lost = database.kind === 'sqlite' && database.on === 'container' && (state?.restarts ?? 0) > 0;
  return [lost ? key : `counters of ${key}`];
}
