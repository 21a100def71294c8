import { durationOf } from './duration.ts';
import { record, text } from './fields.ts';
import { readYaml, yamlTrouble } from './yaml-guard.ts';

/** What decides who may read a Mimir and how far back; null: it is not told. */
export interface MimirLimits {
  /** Whether every request must name a tenant. */
  readonly multitenancy: boolean | null;
  /** Seconds that samples are kept; 0: for ever. */
  readonly retention: number | null;
  /** Where a tenant has a retention of its own. */
  readonly retentionOf: ReadonlyMap<string, number>;
  /** How long samples are kept is said by an argument, which is worth more than any file. */
  readonly argued: boolean;
}

/** Nothing is told. */
export const untold: MimirLimits = { multitenancy: null, retention: null, retentionOf: new Map(), argued: false };

/**
 * The configuration files and arguments of one Mimir, later ones winning. Defaults count only where a configuration file was seen: another may be
 * mounted from elsewhere. Keys and defaults: grafana/mimir pkg/mimir/mimir.go, pkg/util/validation/limits.go; overrides: pkg/mimir/runtime_config.go.
 */
export function mimirLimits(files: readonly string[], argv: readonly string[]): MimirLimits {
  const configs = files.map(parsed).filter((config) => config !== null);
  const main = configs.filter((config) => 'multitenancy_enabled' in config || 'limits' in config || 'blocks_storage' in config);
  const config = main[0] ?? {};
  const known = main.length > 0;
  return {
    multitenancy: booleanOf(flag(argv, 'auth.multitenancy-enabled') ?? config.multitenancy_enabled) ?? (known ? true : null),
    retention: seconds(flag(argv, 'compactor.blocks-retention-period') ?? retentionIn(config.limits)) ?? defaultRetention(config, known),
    retentionOf: new Map(configs.flatMap(overrides)),
    argued: flag(argv, 'compactor.blocks-retention-period') !== null,
  };
}

/** For ever by default; a value that was seen and does not parse tells nothing. */
function defaultRetention(config: Readonly<Record<string, unknown>>, known: boolean): number | null {
  return known && retentionIn(config.limits) === undefined ? 0 : null;
}

function overrides(config: Readonly<Record<string, unknown>>): readonly (readonly [string, number])[] {
  return Object.entries(record(config.overrides)).flatMap(([tenant, limits]) => {
    const kept = seconds(retentionIn(limits));
    return kept === null ? [] : [[tenant, kept] as const];
  });
}

const retentionIn = (limits: unknown): unknown => record(limits).compactor_blocks_retention_period;

function seconds(value: unknown): number | null {
  return value === 0 ? 0 : durationOf(text(value));
}

function booleanOf(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : null;
}

/** The last value of a Go flag, joined or not; a boolean one without a value is true. */
export function flag(argv: readonly string[], name: string): string | null {
  const values = argv.flatMap((argument, at) => {
    const [, given, joined] = /^--?([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (given !== name) return [];
    const next = argv[at + 1];
    return [joined ?? (next === undefined || next.startsWith('-') ? 'true' : next)];
  });
  return values.at(-1) ?? null;
}

function parsed(yaml: string): Readonly<Record<string, unknown>> | null {
  if (yamlTrouble(yaml) !== null) return null;
  try {
    return record(readYaml(yaml));
  } catch {
    // No YAML, or a template that is filled in later: it tells nothing here.
    return null;
  }
}
