import type { Finding, Hop, Severity } from './check.ts';
import type { Unread } from './source.ts';

export type Status = 'pass' | 'fail' | 'unknown' | 'skip' | 'ignored';

export interface CheckResult {
  readonly id: string;
  readonly title: string;
  readonly hop: Hop;
  /** The effective severity: "warning" when every finding is only a warning. */
  readonly severity: Severity;
  readonly status: Status;
  /** The id of the root when this failure only follows from it. */
  readonly consequenceOf: string | null;
  /** Why it was skipped or ignored; a remark of a pass. */
  readonly because: string | null;
  readonly findings: readonly Finding[];
  readonly unread: readonly Unread[];
  readonly durationMs: number;
}

export interface Summary {
  readonly pass: number;
  /** Failures of severity error. */
  readonly fail: number;
  /** Failures of severity warning. */
  readonly warn: number;
  readonly unknown: number;
  readonly skip: number;
  readonly ignored: number;
}

export interface PipelineReport {
  readonly id: string;
  readonly variant: string | null;
  /** One line about what was judged: "3 proxies of 2 gateways". */
  readonly about: string;
  readonly summary: Summary;
  /** The first root failure in data-path order: errors before warnings. Null when nothing failed. */
  readonly brokenAt: { readonly hop: Hop; readonly check: string } | null;
  /** Unknown checks before brokenAt: the break may lie there. */
  readonly unreadBefore: readonly string[];
  readonly checks: readonly CheckResult[];
}

/** What happened, as data; every format is made of this. */
export interface Report {
  readonly schemaVersion: '1';
  readonly tool: { readonly name: 'tokmeter'; readonly version: string };
  readonly origin: { readonly kind: 'cluster' | 'bundle' | 'manifests' | 'demo'; readonly name: string };
  readonly startedAt: string;
  readonly durationMs: number;
  /** False when --timeout or a signal ended the run. */
  readonly complete: boolean;
  readonly exitCode: number;
  readonly requests: { readonly kubernetes: number; readonly tunnels: number; readonly prometheus: number };
  /** How pod ports were reached, most used first. */
  readonly via: readonly ('port-forward' | 'proxy' | 'direct')[];
  readonly pipelines: readonly PipelineReport[];
  /** When no pipeline was found: what was looked for, and what could not be read while looking. */
  readonly notFound: { readonly lookedFor: readonly string[]; readonly unread: readonly Unread[] } | null;
}
