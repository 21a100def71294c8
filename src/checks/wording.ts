import type { Emitter, Nouns } from '../facts/emitters.ts';
import type { Verdict } from '../model/check.ts';
import type { Unread } from '../model/source.ts';
import { shellWord } from '../parse/shell-word.ts';

/** "1 proxy", "3 proxies". */
export function counted(count: number, nouns: Pick<Nouns, 'one' | 'many'>): string {
  return `${count} ${count === 1 ? nouns.one : nouns.many}`;
}

/** "proxy gw/a", "3 proxies (gw/a and 2 more)": names of pods are long. */
export function named(emitters: readonly Emitter[], nouns: Pick<Nouns, 'one' | 'many'>): string {
  const names = emitters.map(({ pod }) => `${pod.namespace}/${pod.name}`);
  return emitters.length === 1 ? `${nouns.one} ${names[0]}` : `${counted(emitters.length, nouns)} (${enumerated(names, 1)})`;
}

/** "a, b, c and 4 more". */
export function enumerated(names: readonly string[], most = 3): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(', ')} and ${rest} more` : names.join(', ');
}

/** What may scrape the emitters: "PodMonitor", "PodMonitor or ServiceMonitor". */
export function monitorsOf({ services }: Pick<Nouns, 'services'>): string {
  return services === true ? 'PodMonitor or ServiceMonitor' : 'PodMonitor';
}

/** The same in short, where both may be meant: "PodMonitor", "monitor". */
export function monitorOf({ services }: Pick<Nouns, 'services'>): string {
  return services === true ? 'monitor' : 'PodMonitor';
}

/** Keys of emitters, each once. */
export function keysOf(emitters: readonly Emitter[]): readonly string[] {
  return [...new Set(emitters.map(({ key }) => key))];
}

/** Emitters, each once. */
export function distinct(emitters: readonly Emitter[]): readonly Emitter[] {
  return [...new Map(emitters.map((emitter) => [emitter.key, emitter])).values()];
}

/** Unread things that say the same count once. */
export function distinctUnread(unread: readonly Unread[]): readonly Unread[] {
  return [...new Map(unread.map((it) => [`${it.what} ${it.message}`, it])).values()];
}

/** The verdict when there is no emitter to judge; null when there is one. */
export function withoutEmitters(emitters: readonly Emitter[], unread: readonly Unread[], nouns: Nouns): Verdict | null {
  if (emitters.length > 0) return null;
  return unread.length > 0 ? { status: 'unknown', unread } : { status: 'skip', because: `there are no ${nouns.many} that count tokens` };
}

/** A factor for people: "2.00 ×". */
export function times(factor: number): string {
  return `${factor.toFixed(2)} ×`;
}

/** The command that shows what a Prometheus says, by a local port to its first shard. */
export function prometheusRun(path: string): string {
  return `curl -s ${shellWord(`http://localhost:9090${path}`)}`;
}
