import { counted, listed } from '../../../checks/phrases.ts';
import type { Emission } from '../../../facts/emitters.ts';
import { defineCheck, type Finding, verdict } from '../../../model/check.ts';
import { emissions } from '../facts/emissions.ts';
import { instances } from '../facts/instances.ts';
import { sharing } from '../facts/sharing.ts';
import { meteredPaths, metricsPath } from '../names.ts';
import { ask } from '../phrases.ts';

type Metered = Extract<Emission['outcome'], { status: 'metered' }>;

/** Fewer may be an upstream that left out its usage once. */
const fewest = 3;
/** Models that answer without tokens, or whose paths are known not to be parsed and cost little: by their names, which is all there is. */
const tokenless =
  /embed|\bbge\b|\bgte\b|\be5\b|rerank|\btts\b|whisper|dall-?e|image|imagen|\bsora|\bveo\b|moderation|audio|speech|transcri|\bflux\b|diffusion|midjourney|voyage|jina|\bm3e\b|cogview|kolors|suno/i;

/** Models with requests and without tokens: their requests take paths whose usage is not parsed. */
export const tokensAbsent = defineCheck({
  id: 'tokens-absent',
  title: 'requests of every chat model left tokens',
  hop: 'emit',
  severity: 'error',
  why: 'Usage is parsed on a few paths only, and a request on any other is counted without its tokens. What it used is billed to nobody.',
  fix: 'Send chat requests to /chat/completions, /completions, /messages or /generate; /responses, /embeddings and :generateContent are not parsed.',
  needs: { emissions, instances },
  judge: ({ emissions, instances }) => {
    const told = new Map(emissions.read.map((emission) => [emission.emitter.key, emission]));
    const logs = sharing(instances.read).flatMap((group) => {
      const [first] = group.flatMap(({ key }) => told.get(key) ?? []).filter(({ outcome }) => outcome.status === 'metered');
      return first === undefined ? [] : [first];
    });
    if (logs.length === 0 && emissions.unread.length === 0) return { status: 'skip', because: 'no request was counted yet' };
    return verdict(logs.flatMap(findingsOf), emissions.unread);
  },
});

function findingsOf({ emitter, outcome }: Emission): readonly Finding[] {
  if (outcome.status !== 'metered') return [];
  const missing = tokenlessOf(outcome);
  const most = Math.max(0, ...missing.map(({ count }) => count));
  if (missing.length === 0) return [];
  const named = listed(missing.map(({ group, model, count }) => `${group}/${model} (${counted(count, 'request')})`));
  return [
    {
      subject: emitter.subject,
      message: `no token was counted for ${named}: usage is parsed only on paths with ${listed(meteredPaths, 9)}, not on /responses or :generateContent`,
      evidence: { saw: `requests and no tokens of ${named}`, run: ask(emitter, metricsPath, '-s') },
      remedy: { text: 'let its clients use a path that is parsed, or meter these requests elsewhere' },
      ...(most < fewest ? { severity: 'warning' as const } : {}),
      about: [emitter.key],
    },
  ];
}

function tokenlessOf({ requests, series }: Metered): readonly { readonly group: string; readonly model: string; readonly count: number }[] {
  const keyOf = (labels: Readonly<Record<string, string>>): string => JSON.stringify([labels.group ?? '', labels.model ?? '']);
  const metered = new Set(series.filter(({ sum }) => sum > 0).map(({ labels }) => keyOf(labels)));
  return requests
    .filter(
      ({ labels, count }) => count > 0 && (labels.model ?? '') !== '' && !tokenless.test(labels.model ?? '') && !metered.has(keyOf(labels)),
    )
    .map(({ labels, count }) => ({ group: labels.group ?? '', model: labels.model ?? '', count }))
    .sort((a, b) => b.count - a.count);
}
