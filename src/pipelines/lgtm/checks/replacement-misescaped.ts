import type { ConfigSource } from '../../../facts/collector-texts.ts';
import type { Collector } from '../../../facts/collectors.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../../../model/check.ts';
import { type Misescape, misescapes } from '../../../parse/collector-escaping.ts';
import { record, records, text } from '../../../parse/fields.ts';
import { wordEdits } from '../../../parse/yaml-edit.ts';
import { keysOf } from '../../envoy-ai-gateway/phrases.ts';
import { type Scraping, scraping } from '../facts/scraping.ts';
import { placeOf, restart, showSource } from '../scrape-remedies.ts';
import { editing, textPlace, thenRead } from '../text-remedies.ts';
import { withoutCollectors } from '../verdicts.ts';

/** Capture groups that do not survive the way from the collector's configuration to its scraper. */
export const replacementMisescaped = defineCheck({
  id: 'replacement-misescaped',
  title: 'capture groups are escaped as the collector needs it',
  hop: 'discover',
  severity: 'error',
  inObjects: true,
  why: 'The collector expands dollar signs before its scraper sees them: one too few and it does not start or scrapes an empty address, one too many and the address is no address. Nothing is scraped then, and sometimes nothing says so.',
  fix: 'Write `$${1}` in the configuration of an OpenTelemetry Collector, and `$1` in that of Alloy.',
  needs: { scraping },
  judge: ({ scraping }) => {
    const none = withoutCollectors(scraping);
    if (none !== null) return none;
    const findings = scraping.collectors.flatMap((collector) => findingsOf(collector, scraping));
    const unclear = scraping.collectors.filter(({ config }) => config.status === 'unknown');
    if (findings.length === 0 && scraping.unread.length === 0 && unclear.length === scraping.collectors.length)
      return { status: 'skip', because: `the configuration of ${unclear[0]?.subject} is not known` };
    return verdict(findings, scraping.unread);
  },
});

function findingsOf(collector: Collector, scraping: Scraping): readonly Finding[] {
  const found = collector.kind === 'alloy' ? ofAlloy(collector) : ofOtel(collector);
  return found.flatMap((misescape) => {
    const emitters = affected(misescape, collector, scraping);
    // What is wrong with a collector that has nothing to do with the sidecars is not told here.
    return emitters.length === 0 ? [] : [findingOf(misescape, collector, keysOf(emitters))];
  });
}

function ofOtel({ config, version }: Collector): readonly Misescape[] {
  return config.status === 'read' ? misescapes(config.merged, version) : [];
}

/** Alloy expands nothing: its `$$` is the scraper's dollar sign. */
function ofAlloy({ jobs }: Collector): readonly Misescape[] {
  return jobs.flatMap(({ receiver, rules }) =>
    rules.flatMap(({ replacement }): readonly Misescape[] => {
      const written = String(replacement ?? '');
      if (!/\$\$\{?\d/.test(written)) return [];
      return [{ path: receiver, written, harm: 'literal', right: written.replace(/(?<!\$)\$+(\{?\d+\}?)/g, '$$$1') }];
    }),
  );
}

/** The sidecars that the collector, or the job that is spoilt, would scrape if it were written right. */
function affected({ path, harm }: Misescape, { key }: Collector, { emitters }: Scraping) {
  return emitters
    .filter(({ scrapes }) => scrapes.some(({ collector, job }) => collector.key === key && (harm === 'crash' || isIn(path, job.receiver))))
    .map(({ emitter }) => emitter);
}

function isIn(path: string, receiver: string): boolean {
  return path === receiver || path.startsWith(`receivers.${receiver}.`);
}

const effects: Readonly<Record<Misescape['harm'], string>> = {
  crash: 'is taken for an environment variable whose name is not valid: the collector refuses to start',
  empty: 'is taken for an environment variable that is not set: the group becomes empty',
  literal: 'reaches the scraper with a dollar sign too many: the group is never filled in',
};

function findingOf(misescape: Misescape, collector: Collector, about: readonly string[]): Finding {
  const { path, written, harm, right } = misescape;
  const source = collector.config.sources.findLast(({ text }) => text?.includes(written)) ?? null;
  return {
    subject: source?.subject ?? collector.subject,
    message: `${JSON.stringify(written)} ${effects[harm]} (${collector.subject}, ${placeIn(collector, path)})`,
    evidence: { saw: written, run: showSource(source, collector) },
    remedy: {
      text: `write ${right}${source === null ? '' : ` in ${placeOf(source)}`}${again(collector)}`,
      ...replacing(collector, source, misescape),
    },
    about,
  };
}

/** The scrape job, where the path leads into one: paths are long. */
function placeIn({ config }: Collector, path: string): string {
  const [, receiver, index] = /^receivers\.(.+)\.config\.scrape_configs\.(\d+)\./.exec(path) ?? [];
  if (receiver === undefined || config.status === 'unknown') return path;
  const jobs = records(record(record(record(config.merged.receivers)[receiver]).config).scrape_configs);
  const name = text(jobs[Number(index)]?.job_name);
  return name === null ? path : `job ${name} of ${receiver}`;
}

function again(collector: Collector): string {
  const command = collector.kind === 'alloy' ? null : restart(collector);
  return command === null ? '' : `, then ${command}`;
}

/** Wherever it stands: what is spoilt in one job is in all. */
function replacing(collector: Collector, source: ConfigSource | null, { written, right }: Misescape): Pick<Remedy, 'command'> {
  const edits = source?.text == null ? [] : wordEdits(source.text, written, right, '$');
  if (source === null || source.key === null || edits.length === 0) return {};
  return { command: thenRead(collector, editing(textPlace(source), edits)) };
}
