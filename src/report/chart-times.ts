import type { UsageWindow } from '../model/usage.ts';

/** Distances between ticks that people read, in seconds. */
const distances = [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 2_592_000];

/** What stands below each column, empty below most: a time, and the day where it is another than that of the tick before; all in UTC. */
export function ticksOf({ start, step }: UsageWindow, columns: number, most: number): readonly string[] {
  const starts = Array.from({ length: columns }, (_, at) => start + at * step);
  const aligned = distances
    .filter((distance) => distance >= step)
    .map((distance) => starts.map((at) => at % distance === 0))
    .find((marks) => countOf(marks) <= most);
  // Pieces that begin at odd times meet no round one.
  const every = Math.ceil(columns / most);
  const marks = aligned !== undefined && countOf(aligned) > 1 ? aligned : starts.map((_, at) => at % every === 0);
  let before = '';
  return starts.map((at, column) => {
    if (!marks[column]) return '';
    const date = new Date(at * 1000).toISOString();
    const [day, time] = [`${Number(date.slice(8, 10))} ${months[Number(date.slice(5, 7)) - 1]}`, date.slice(11, 16)];
    const [text, same] = [step % 86_400 === 0 && time === '00:00' ? day : `${time}\n${day}`, day === before];
    before = day;
    return same ? time : text;
  });
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const countOf = (marks: readonly boolean[]): number => marks.filter(Boolean).length;
