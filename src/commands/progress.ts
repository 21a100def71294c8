import type { Event } from '../engine/gather.ts';
import { visible } from '../report/safe.ts';
import type { Shell } from './shell.ts';

/** Says on stderr what a run does: each request with -v, and on a terminal, after two seconds, what is being read. */
export interface Progress {
  onEvent(event: Event): void;
  /** A line of its own, on a terminal or not. */
  say(text: string): void;
  stop(): void;
}

const patienceMs = 2000;
const tickMs = 250;
const clearLine = '\r\u001b[2K';

/** Starts telling; `level` is that of -v. */
export function progressOf(shell: Shell, level: number, quiet: boolean): Progress {
  const shown = shell.stderr.isTerminal && !quiet && shell.environment.TERM !== 'dumb';
  const reading = new Map<string, string>();
  let last = '';
  let line = '';
  const clear = (): void => {
    if (line !== '') shell.note(clearLine);
    line = '';
  };
  const tick = (): void => {
    const next = lineOf([...reading.values()], last, shell.stderr.columns ?? 80);
    if (next !== line) shell.note(`${clearLine}${next}`);
    line = next;
  };
  let ticking: NodeJS.Timeout | undefined;
  const waiting = shown ? setTimeout(() => (ticking = setInterval(tick, tickMs).unref()), patienceMs).unref() : undefined;
  const say = (text: string): void => {
    clear();
    shell.note(`${visible(text)}\n`);
  };
  return {
    say,
    onEvent: (event) => {
      if (event.type === 'request') {
        last = event.request.what;
        if (level > 0) say(`${event.request.what}: ${event.request.outcome} (${Math.round(event.request.durationMs)} ms)`);
      } else if (event.type === 'reading') reading.set(event.fact, event.title);
      else reading.delete(event.fact);
    },
    stop: () => {
      clearTimeout(waiting);
      clearInterval(ticking);
      clear();
    },
  };
}

/** One line that fits: "reading metrics of each proxy, PodMonitors (GET pod ns/name:1064/metrics)". */
function lineOf(titles: readonly string[], request: string, columns: number): string {
  const what = titles.length === 0 ? 'the API server' : titles.slice(0, 3).join(', ');
  const text = `reading ${what}${request === '' ? '' : ` (${request})`}`;
  return visible(text).slice(0, Math.max(20, columns - 1));
}
