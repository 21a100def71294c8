import { examine } from '../engine/examine.ts';
import type { Gathering } from '../engine/gather.ts';
import type { Hop } from '../model/check.ts';
import type { Pipeline } from '../model/pipeline.ts';
import type { PipelineReport } from '../model/report.ts';
import type { Trust } from '../model/usage.ts';

/** The links through which a number came: what is stored has passed all, a counter only the first. */
const hopsOf = (direct: boolean): readonly Hop[] =>
  direct ? ['configure', 'emit'] : ['configure', 'emit', 'expose', 'discover', 'collect', 'query'];
/** They judge what others make of the series, and no number here. */
const others = ['queries-empty', 'queries-collapsed', 'queries-overcounted', 'queries-too-new', 'rejected-rules'];

/** What a failing check means for a number here. */
const effects: Readonly<Record<string, string>> = {
  'duplicate-monitors': 'sums in Prometheus are multiplied, the numbers here count each proxy once',
  'duplicate-targets': 'sums in Prometheus are multiplied, the numbers here count each proxy once',
  'spellings-mixed': 'the numbers here add up every spelling',
  'labels-exported': 'the numbers here read the label under its exported_ name',
  'tenants-merged': 'tokens of tenants are lost or stand under another',
  'stored-identity-absent': 'tokens stand under (none)',
  'identity-absent': 'tokens stand under (none)',
  'identity-partial': 'some tokens stand under (none)',
  'identity-unsourced': 'tokens may stand under a name that the client chose',
  'mapping-missing': 'tokens stand under (none)',
  'mapping-invalid': 'tokens stand under (none)',
  'mapping-ineffective': 'tokens stand under (none)',
  'models-mixed': 'tokens may stand under another model',
  'series-overflow': 'tokens of some tenants stand in one overflow series',
  'streams-unmetered': 'streamed tokens are missing',
  'counters-falling': 'what was left of the request log is counted once more in the window',
  'replicas-multiplied': 'the numbers here are multiplied as well',
  'storage-unsound': 'tokens of former pods may be missing',
  'metrics-open': 'the numbers here are right',
  'client-id-unsupported': 'tokens stand under (none)',
  'client-id-unforwarded': 'tokens stand under (none)',
  'client-id-unmapped': 'tokens stand under (none)',
  'series-doubled': 'sums in the store are multiplied, the numbers here count each counter once',
  'duplicate-collectors': 'sums in the store are multiplied, the numbers here count each counter once',
  'tenant-mismatched': 'the numbers here are those of one tenant of the store',
};

/** The checks of doctor that bear on numbers, judged on what was read for them already. */
export async function trustOf(
  pipeline: Pipeline,
  gathering: Gathering,
  direct: boolean,
): Promise<{ readonly trust: Trust; readonly root: string | null }> {
  const { source, options } = gathering.reader;
  const report = await examine(pipeline, source, options, { gathering, include: hopsOf(direct), exclude: others });
  return { trust: trustIn(report), root: rootOf(report) };
}

/** What a report of the bearing checks says of the numbers; consequences are told with their root. */
function trustIn({ checks }: PipelineReport): Trust {
  const judged = checks.filter(({ status, because }) => !(status === 'skip' && (because ?? '').startsWith('left out by')));
  const roots = judged.filter(({ status, consequenceOf }) => status === 'fail' && consequenceOf === null);
  return {
    judged: judged.length,
    failing: roots.map(({ id, severity, findings }) => ({
      id,
      severity,
      message: `${findings[0]?.subject ?? id}: ${findings[0]?.message ?? ''}${findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''}`,
      effect: effects[id] ?? 'tokens may be missing here',
    })),
    unknown: judged.filter(({ status }) => status === 'unknown').map(({ id }) => id),
  };
}

/** Why there are no tokens, as doctor would say it. */
function rootOf({ brokenAt, checks }: PipelineReport): string | null {
  if (brokenAt === null) return null;
  const finding = checks.find(({ id }) => id === brokenAt.check)?.findings[0];
  return `the path breaks at "${brokenAt.hop}" (${brokenAt.check}): ${finding === undefined ? '' : `${finding.subject}: ${finding.message}`}`;
}
