import { ReadError } from '../model/source.ts';
import type { PricedRow, UsageReport } from '../model/usage.ts';
import { visible } from '../report/safe.ts';
import type { Style } from '../report/style.ts';
import { usageTables } from '../report/usage-table.ts';
import type { Run } from './run.ts';
import type { Shell } from './shell.ts';
import type { Plan } from './usage-plan.ts';

/** A cluster that is open, to be looked at more than once. */
export interface Session {
  readonly run: Run;
  look(judged: boolean): Promise<readonly UsageReport[]>;
  /** Makes the next look read again what is read here. */
  forget(): void;
}

const clearScreen = '\u001b[H\u001b[2J\u001b[3J';

/** `tokmeter usage --watch`: tokens a minute, again and again until interrupted; in place on a terminal, one table below the other elsewhere. */
export async function watchUsage(
  { run, look, forget }: Session,
  plan: Plan,
  shell: Shell,
  shown: { readonly style: Style; readonly quiet: boolean; readonly wide: boolean },
): Promise<number> {
  let before: Seen | null = null;
  let failures = 0;
  while (!run.signal.aborted) {
    try {
      const reports = await look(false);
      const seen = { reports, at: run.clock() };
      const rates = reports.map((report) => ratesOf(report, before, seen.at));
      if (!shown.quiet) await shell.write(pictureOf(rates, plan, shell, shown));
      before = seen;
      failures = 0;
    } catch (error) {
      if (!(error instanceof ReadError) || run.signal.aborted) throw error;
      failures += 1;
      // What has never been read is wrong rather than passing.
      if (before === null || failures > 10) throw error;
      run.progress.say(`not read this time: ${error.message}`);
    }
    await run.pause((plan.watch ?? 0) * 1000);
    forget();
  }
  return run.ended() ?? 0;
}

interface Seen {
  readonly reports: readonly UsageReport[];
  readonly at: number;
}

/** Tokens a minute: of the window, or since the look before for counters that only say their sum. */
function ratesOf(report: UsageReport, before: Seen | null, clock: number): UsageReport {
  const { usage } = report;
  if (usage === null) return report;
  if (usage.window !== null) return scaled(report, usage.rows, 60 / (usage.window.end - usage.window.start));
  const earlier = before?.reports.find(({ pipeline }) => pipeline === report.pipeline)?.usage;
  if (before === null || earlier == null) return scaled(report, [], 0);
  const known = new Map(earlier.rows.map((row) => [JSON.stringify(row.values), row]));
  const grown = usage.rows.map((row) => grownBy(row, known.get(JSON.stringify(row.values))));
  return scaled(report, grown, 60_000 / Math.max(1, clock - before.at));
}

/** A counter that shrank began anew: what it says now is what it grew by, at least. */
function grownBy(row: PricedRow, earlier: PricedRow | undefined): PricedRow {
  const growth = (now: number, then = 0): number => (now >= then ? now - then : now);
  const tokens = Object.fromEntries(Object.entries(row.tokens).map(([type, now]) => [type, growth(now, earlier?.tokens[type])]));
  return { ...row, tokens, requests: row.requests === null ? null : growth(row.requests, earlier?.requests ?? 0) };
}

function scaled(report: UsageReport, rows: readonly PricedRow[], by: number): UsageReport {
  if (report.usage === null) return report;
  const busy = rows
    .map((row) => ({
      ...row,
      tokens: Object.fromEntries(Object.entries(row.tokens).map(([type, tokens]) => [type, tokens * by])),
      requests: row.requests === null ? null : row.requests * by,
    }))
    .filter(({ tokens }) => Object.values(tokens).some((rate) => rate > 0))
    .sort((a, b) => sumOf(b, report) - sumOf(a, report));
  return { ...report, usage: { ...report.usage, rows: busy, unsure: report.usage.unsure * by } };
}

function sumOf({ tokens }: PricedRow, { usage }: UsageReport): number {
  return (usage?.counted ?? []).reduce((sum, type) => sum + (tokens[type] ?? 0), 0);
}

function pictureOf(
  reports: readonly UsageReport[],
  plan: Plan,
  { stdout, environment }: Shell,
  { style, wide }: { readonly style: Style; readonly wide: boolean },
): string {
  const over = plan.direct
    ? `since the look before, every ${plan.watch}s`
    : `over the last ${plan.flags.since ?? '5m'}, every ${plan.watch}s`;
  const head = visible(`tokens a minute ${over}`);
  const inPlace = stdout.isTerminal && environment.TERM !== 'dumb';
  return `${inPlace ? clearScreen : ''}${head}\n\n${usageTables(reports, style, wide)}${inPlace ? '' : '\n'}`;
}
