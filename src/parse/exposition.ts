import { openBody } from './exposition/body.ts';
import { openRest, push, readEnd } from './exposition/chunks.ts';
import type { ExpositionFormat, ExpositionOptions, ExpositionSummary } from './exposition/types.ts';

export { ExpositionError, type ExpositionFault } from './exposition/fault.ts';
export type { Labels } from './exposition/records.ts';
export type { DuplicateLabel, ExpositionFormat, ExpositionOptions, ExpositionSummary, Sample } from './exposition/types.ts';

export interface ExpositionParser {
  /** Takes the next piece of the body, cut anywhere. */
  push(chunk: Uint8Array): void;
  /** Says that the body is complete. */
  end(): ExpositionSummary;
}

/** The format that an answer's content type names; text is what Prometheus falls back to. */
export function formatOf(contentType: string | undefined): ExpositionFormat {
  return /^\s*application\/openmetrics-text\s*(;|$)/i.test(contentType ?? '') ? 'openmetrics' : 'text';
}

/**
 * A streaming parser of what a /metrics endpoint answers. It holds one line and one chunk at a time.
 *
 * Everything is verified as Prometheus verifies it (model/textparse), on unwanted lines too: they are only not turned into objects.
 * Malformed text throws ExpositionError; samples of earlier lines were handed over by then and are worth nothing.
 * It differs from Prometheus where a diagnosis must: a last line without its newline is a truncated body, and NUL is no end of the text.
 * An empty body is sound and has no samples, as for Prometheus (scrape/scrape.go: "Empty scrape").
 * Not looked for: the same series twice, the order of families, timestamps and exemplars (checked, not handed over).
 */
export function expositionParser(options: ExpositionOptions): ExpositionParser {
  const body = openBody(options);
  const rest = openRest();
  return {
    push: (chunk) => push(body, rest, chunk),
    end() {
      readEnd(body, rest);
      return { format: options.format ?? 'text', ...body.counts, lines: body.scan.line - 1, duplicateLabels: body.duplicates };
    },
  };
}
