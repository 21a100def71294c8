import type { Nouns } from '../facts/emitters.ts';
import { type EmitterTarget, type ServerTargets, targets } from '../facts/targets.ts';
import { defineCheck, type Finding, verdict } from '../model/check.ts';
import { grouped } from '../parse/grouped.ts';
import { translated } from './scrape-errors.ts';
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
    judge({ targets }) {
      const unread = distinctUnread(targets.servers.flatMap((server) => server.unread));
      const all = targets.servers.flatMap((server) => server.targets);
      if (all.length === 0 && unread.length === 0) return { status: 'skip', because: `no ${nouns.one} is a target` };
      return verdict(
        targets.servers.flatMap((server) => findingsOf(server, nouns)),
        unread,
      );
    },
  });
}

function findingsOf(server: ServerTargets, nouns: Nouns): readonly Finding[] {
  const healthyElsewhere = new Set(server.targets.filter(({ ownPath }) => ownPath).map(({ emitter }) => emitter.key));
  // Another path of a pod that is scraped at its own is somebody else's job.
  const down = server.targets.filter(
    ({ health, ownPath, emitter }) => health === 'down' && (ownPath || !healthyElsewhere.has(emitter.key)),
  );
  const same = grouped(down, ({ pool, lastError }) => `${pool} ${translated(lastError).text}`);
  return [...same.values()].map((targets) => finding(targets, server, nouns));
}

function finding(targets: readonly EmitterTarget[], { server }: ServerTargets, nouns: Nouns): Finding {
  const [first] = targets as readonly [EmitterTarget];
  const emitters = distinct(targets.map(({ emitter }) => emitter));
  const { text, remedy } = translated(first.lastError);
  const error = text === first.lastError ? '' : ` (${excerpt(first.lastError)})`;
  return {
    subject: first.emitter.subject,
    message: `${named(emitters, nouns)} ${emitters.length === 1 ? 'is' : 'are'} down in scrape pool ${first.pool} of ${server.subject}: ${text}${error}`,
    evidence: {
      saw: `${first.url}: ${excerpt(first.lastError)}`,
      run: prometheusRun(`/api/v1/targets?state=active&scrapePool=${first.pool}`),
    },
    remedy: { text: remedy },
    about: keysOf(emitters),
  };
}

function excerpt(error: string): string {
  return error.length > 160 ? `${error.slice(0, 160)}…` : error;
}
