import type { ConfigSource } from '../../facts/collector-texts.ts';
import type { Emitter } from '../../facts/emitters.ts';
import type { Remedy } from '../../model/check.ts';
import { list, record, records, text } from '../../parse/fields.ts';
import { literalPattern } from '../../parse/re2/literal.ts';
import type { YamlChange } from '../../parse/yaml-splice.ts';
import type { JobAt, Near } from './facts/scraping.ts';
import { decisive, reconfiguring, valueAt } from './text-remedies.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Where a scrape job stands: the text that decides about it, the way to it, and how it is written. */
export interface JobPlace {
  readonly source: ConfigSource;
  readonly path: readonly (string | number)[];
  readonly written: Fields;
}

/** Null: it is in no text that can be changed, or not under its own name. */
export function placeOfJob({ collector, job }: JobAt): JobPlace | null {
  if (collector.kind === 'alloy') return null;
  const jobs = ['receivers', job.receiver, 'config', 'scrape_configs'];
  const source = decisive(collector, jobs);
  if (source?.text == null) return null;
  const all = list(valueAt(source.text, jobs));
  const index = all.findIndex((each) => text(record(each).job_name) === job.name);
  return index < 0 ? null : { source, path: [...jobs, index], written: record(all[index]) };
}

/** Changes of a scrape job as a remedy; as it is said where they cannot be made in its text. */
export function rejobbing(at: JobAt, say: Remedy, changes: (place: JobPlace) => readonly YamlChange[] | null): Remedy {
  const place = placeOfJob(at);
  const wanted = place === null ? null : changes(place);
  if (place === null || wanted === null) return say;
  const within = wanted.map(({ path, value }) => ({ path: [...place.path, ...path], value }));
  return reconfiguring(at.collector, place.source, say, within);
}

/** Lets a job take the emitters that it passes by. */
export function admitting(nears: readonly [Near, ...Near[]], emitters: readonly Emitter[], say: Remedy): Remedy {
  const [near] = nears;
  return rejobbing(near, say, ({ written }) => {
    switch (near.outcome.status) {
      case 'outside':
        return withNamespaces(written, near.outcome.namespaces, emitters);
      case 'dropped':
        return withValues(written, near.outcome, nears);
      case 'path':
        return withPath(near, emitters);
      case 'elsewhere':
        return null;
    }
  });
}

function withNamespaces(written: Fields, namespaces: readonly string[], emitters: readonly Emitter[]): readonly YamlChange[] | null {
  const theirs = [...new Set(emitters.map(({ pod }) => pod.namespace))];
  const found = records(written.kubernetes_sd_configs);
  const names = found.map((each) => list(record(each.namespaces).names).map(String));
  const at = found.length === 1 ? 0 : names.findIndex((each) => each.length > 0 && each.join() === namespaces.join());
  if (at < 0 || found.length !== list(written.kubernetes_sd_configs).length) return null;
  return [{ path: ['kubernetes_sd_configs', at, 'namespaces', 'names'], value: [...(names[at] ?? []), ...theirs] }];
}

/** An expression takes one more word behind a bar: it is matched as a whole. */
function withValues(written: Fields, { rule, raw }: Extract<Near['outcome'], { status: 'dropped' }>, nears: readonly Near[]) {
  const values = [...new Set(nears.flatMap(({ outcome }) => (outcome.status === 'dropped' ? [outcome.value] : [])))];
  const own = record(list(written.relabel_configs)[rule]);
  const regex = text(own.regex);
  const same = own.action === raw.action && JSON.stringify(own.source_labels) === JSON.stringify(raw.source_labels);
  // Without the label a pod has no value, and an expression for that takes everything; a dollar sign is the collector's own.
  if (!same || own.action !== 'keep' || regex === null || values.some((value) => value === '' || value.includes('$'))) return null;
  const taken = [regex, ...values.map(literalPattern)].join('|');
  return [{ path: ['relabel_configs', rule, 'regex'], value: taken }];
}

/** Where no rule makes it of an annotation. */
function withPath({ job }: Near, [first]: readonly Emitter[]): readonly YamlChange[] | null {
  if (first === undefined || JSON.stringify(job.rules).includes('__metrics_path__')) return null;
  return [{ path: ['metrics_path'], value: first.path }];
}
