import type { Check } from '../model/check.ts';
import type { CheckResult } from '../model/report.ts';
import { consequences, type Judged } from './consequence.ts';

/** A known trouble that the user accepts, with the reason and perhaps until when. */
export interface Ignore {
  readonly id: string;
  /** Only findings about this subject; null: all. */
  readonly subject: string | null;
  readonly reason: string;
  /** "2026-12-31": the last day; null: for ever. */
  readonly until: string | null;
}

/** Sets accepted failures, and what only follows from them, aside. An expired entry only leaves its note. */
export function withIgnored(
  results: readonly CheckResult[],
  checks: readonly Check[],
  ignores: readonly Ignore[],
  now: Date,
): readonly CheckResult[] {
  const direct = results.map((result) => accepted(result, ignores, now));
  const follows = new Map(checks.map((check) => [check.id, check.follows]));
  const judged = (result: CheckResult, status: CheckResult['status']): Judged => ({
    ...result,
    status,
    follows: follows.get(result.id) ?? [],
  });
  // Only the accepted failures are left to explain: what they still account for follows from them.
  const scene = (kept: CheckResult): readonly Judged[] =>
    direct.map((result) => judged(result, result.status === 'ignored' || result.id === kept.id ? 'fail' : 'pass'));
  return direct.map((result) => {
    if (result.status !== 'fail') return result;
    const root = consequences(scene(result)).get(result.id);
    return root === undefined
      ? result
      : { ...result, status: 'ignored', consequenceOf: root, because: `follows from ${root}, which is ignored` };
  });
}

function accepted(result: CheckResult, ignores: readonly Ignore[], now: Date): CheckResult {
  const mine = ignores.filter(({ id }) => id === result.id);
  if (result.status !== 'fail' || mine.length === 0) return result;
  const valid = mine.filter((ignore) => !expired(ignore, now));
  const left = result.findings.filter(({ subject }) => !valid.some((ignore) => ignore.subject === null || ignore.subject === subject));
  if (left.length === 0) return { ...result, status: 'ignored', because: valid.map(reasonOf).join('; ') };
  const notes = [
    ...(left.length < result.findings.length ? [`${result.findings.length - left.length} ignored: ${valid.map(reasonOf).join('; ')}`] : []),
    ...mine.filter((ignore) => expired(ignore, now)).map(({ reason, until }) => `was ignored until ${until}: ${reason}`),
  ];
  return { ...result, findings: left, because: notes.length > 0 ? notes.join('; ') : result.because };
}

function reasonOf({ reason, until }: Ignore): string {
  return until === null ? reason : `${reason} (until ${until})`;
}

/** An entry holds to the end of its last day, UTC. */
function expired({ until }: Ignore, now: Date): boolean {
  return until !== null && now.toISOString().slice(0, 10) > until;
}
