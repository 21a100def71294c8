/** Why an exposition is no good: `unclosed` is a quote that is still open where the text ends. */
export type ExpositionFault = 'syntax' | 'html' | 'truncated' | 'unclosed' | 'too-long';

/** The text is not a complete, well-formed exposition. The excerpt is raw: it may hold anything the cluster sent. */
export class ExpositionError extends Error {
  override readonly name = 'ExpositionError';
  constructor(
    readonly reason: ExpositionFault,
    /** Counted from 1. */
    readonly line: number,
    /** At most 80 characters around the place that could not be read. */
    readonly excerpt: string,
    /** What is wrong, without line and excerpt. */
    readonly problem: string,
  ) {
    super(`line ${line}: ${problem}${excerpt === '' ? '' : `, near ${JSON.stringify(excerpt)}`}`);
  }
}

const width = 80;

/** Up to 80 characters of buf[start, end) with `at` among them, decoded as far as they can be. */
export function excerptOf(buf: Buffer, start: number, at: number, end: number): string {
  const from = Math.max(start, Math.min(at - width / 2, end - width + 1));
  const text = buf.toString('utf8', from, Math.min(end, from + width));
  return `${from > start ? '…' : ''}${text.replace(/\n[\s\S]*$/, '')}`.slice(0, width);
}
