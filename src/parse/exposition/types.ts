import type { Labels } from './records.ts';

/** The Prometheus text format 0.0.4 (with or without quoted UTF-8 names), or OpenMetrics 1.0. */
export type ExpositionFormat = 'text' | 'openmetrics';

/** One line with a value. Names and values are as written: raw, an empty label value kept, `le` not normalised. */
export interface Sample {
  readonly name: string;
  /** Nothing is inherited (`labels.constructor` is a label or absent); of a label that stands twice, the last value. Equal label sets may be one object. */
  readonly labels: Labels;
  readonly value: number;
  /** Counted from 1. */
  readonly line: number;
}

/** Prometheus refuses the whole scrape for it: `label name "le" is not unique: invalid sample`. */
export interface DuplicateLabel {
  readonly line: number;
  /** The metric's name. */
  readonly name: string;
  readonly label: string;
}

/** What a whole body was found to be. */
export interface ExpositionSummary {
  readonly format: ExpositionFormat;
  readonly lines: number;
  /** All samples of the body, wanted or not. */
  readonly samples: number;
  /** The samples that were handed over. */
  readonly wanted: number;
  /** The first 20 of them. */
  readonly duplicateLabels: readonly DuplicateLabel[];
}

export interface ExpositionOptions {
  /** Which format the answer's content type names; see formatOf. */
  readonly format?: ExpositionFormat;
  /** Asked once for each metric name; absent: all are. The name is the sample's: `x_sum`, not the family `x`. */
  readonly wanted?: (name: string) => boolean;
  readonly sample: (sample: Sample) => void;
}
