import { type Coverage, coverage, type EndpointCoverage } from '../facts/coverage.ts';
import type { Nouns } from '../facts/emitters.ts';
import type { PrometheusObject } from '../facts/prometheus-objects.ts';
import { type EmitterTarget, type ServerTargets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, type Remedy, verdict } from '../model/check.ts';
import type { Attempt } from '../model/fact.ts';
import { record } from '../parse/fields.ts';
import { grouped } from '../parse/grouped.ts';
import { endpointOf, fieldOf, monitorNamed, patching, prometheusNamed } from './patching.ts';
import { type Translated, translated } from './scrape-errors.ts';
import type { SharedIds } from './shared-ids.ts';
import { distinct, distinctUnread, keysOf, named, prometheusRun } from './wording.ts';

/** Targets of emitters whose last scrape failed. */
export function downTargets(nouns: Nouns, ids: SharedIds) {
  return defineCheck({
    id: ids.targetsDown,
    title: `Prometheus scrapes every ${nouns.one} without an error`,
    hop: 'collect',
    severity: 'error',
    why: 'A scrape that fails stores nothing at all, and one bad series can fail it. Tokens counted since then are missing from every sum.',
    fix: 'Mend what the last error of the target names.',
    follows: [...ids.earlier.unreadable, ids.portUndeclared, ids.unmonitored],
    needs: { targets: targets(nouns) },
    wants: { coverage: coverage(nouns) },
    judge({ targets, coverage }) {
      const unread = distinctUnread(targets.servers.flatMap((server) => server.unread));
      const all = targets.servers.flatMap((server) => server.targets);
      if (all.length === 0 && unread.length === 0) return { status: 'skip', because: `no ${nouns.one} is a target` };
      return verdict(
        targets.servers.flatMap((server) => findingsOf(server, nouns, coverage)),
        unread,
      );
    },
  });
}

function findingsOf(server: ServerTargets, nouns: Nouns, coverage: Attempt<Coverage>): readonly Finding[] {
  const healthyElsewhere = new Set(server.targets.filter(({ ownPath }) => ownPath).map(({ emitter }) => emitter.key));
  // Another path of a pod that is scraped at its own is somebody else's job.
  const down = server.targets.filter(
    ({ health, ownPath, emitter }) => health === 'down' && (ownPath || !healthyElsewhere.has(emitter.key)),
  );
  const same = grouped(down, ({ pool, lastError }) => `${pool} ${translated(lastError).text}`);
  return [...same.values()].map((targets) => finding(targets, server, { nouns, coverage }));
}

interface Around {
  readonly nouns: Nouns;
  readonly coverage: Attempt<Coverage>;
}

function finding(targets: readonly EmitterTarget[], { server }: ServerTargets, { nouns, coverage }: Around): Finding {
  const [first] = targets as readonly [EmitterTarget];
  const emitters = distinct(targets.map(({ emitter }) => emitter));
  const { text, remedy, ...cause } = translated(first.lastError);
  const error = text === first.lastError ? '' : ` (${excerpt(first.lastError)})`;
  return {
    subject: first.emitter.subject,
    message: `${named(emitters, nouns)} ${emitters.length === 1 ? 'is' : 'are'} down in scrape pool ${first.pool} of ${server.subject}: ${text}${error}`,
    evidence: {
      saw: `${first.url}: ${excerpt(first.lastError)}`,
      run: prometheusRun(`/api/v1/targets?state=active&scrapePool=${first.pool}`),
    },
    remedy: exactly(cause, endpointOf(first.pool, coverage), server.object) ?? { text: remedy },
    about: keysOf(emitters),
  };
}

/** The change of the monitor, or of the Prometheus object, that lets the scrape pass; null where none is known. */
function exactly(
  { limit, field }: Pick<Translated, 'limit' | 'field'>,
  coverage: EndpointCoverage | null,
  object: PrometheusObject | null,
): Remedy | null {
  if (coverage === null) return null;
  const { monitor } = coverage;
  if (field !== undefined)
    return patching(`set ${field.name}: ${field.value} in endpoint ${coverage.endpoint.index} of ${monitor.subject}`, [
      monitorNamed(monitor),
      [{ op: 'add', path: fieldOf(coverage, field.name), value: field.value }],
    ]);
  if (limit === undefined) return null;
  const has = (spec: unknown, name: string): boolean => record(spec)[name] !== undefined && record(spec)[name] !== 0;
  const changes = [
    ...(has(monitor.raw.spec, limit.own) ? [[monitorNamed(monitor), limit.own, monitor.subject] as const] : []),
    ...(object !== null && has(object.raw.spec, limit.enforced)
      ? [[prometheusNamed(object), limit.enforced, object.subject] as const]
      : []),
  ];
  if (changes.length === 0) return null;
  const which = changes.map(([, name, subject]) => `${name} of ${subject}`).join(' and ');
  return patching(
    `remove ${which}, or raise ${changes.length === 1 ? 'it' : 'both'}`,
    ...changes.map(([named, name]) => [named, [{ op: 'remove' as const, path: `/spec/${name}` }]] as const),
  );
}

function excerpt(error: string): string {
  return error.length > 160 ? `${error.slice(0, 160)}…` : error;
}
