/** One flag as it stood in argv. */
export interface Flag {
  readonly name: string;
  readonly value: string;
  /** Place of the flag in argv, from 0. */
  readonly index: number;
  /** As written, without its value: "--metricsRequestHeaderAttributes". */
  readonly written: string;
  /** The value stood in the same argument: "-x=v". */
  readonly joined: boolean;
}

/** What Go's flag package makes of an argv. */
export interface Flags {
  readonly flags: readonly Flag[];
  /** What stands after the first argument that is no flag, or after "--": never parsed as flags. */
  readonly rest: readonly string[];
  /** Place in argv where parsing stopped before its end; null when all of it was parsed. */
  readonly stoppedAt: number | null;
  /** Why the program exits, in Go's words: "flag needs an argument: -x". */
  readonly error: string | null;
}

/** Flags whose value is true unless it is joined with "=". */
export type Booleans = ReadonlySet<string>;

/** What strconv.ParseBool accepts: go/src/strconv/atob.go. */
const booleanValue = /^(1|0|t|f|T|F|true|false|TRUE|FALSE|True|False)$/;

/** Parses argv as Go's flag.FlagSet.parseOne does (go/src/flag/flag.go): one or two dashes, "-x v" or "-x=v", stopping at the first non-flag or "--". */
export function parseFlags(argv: readonly string[], booleans: Booleans = new Set(), known: ReadonlySet<string> | null = null): Flags {
  const flags: Flag[] = [];
  const ended = (stop: number | null, error: string | null, rest = stop ?? argv.length): Flags => ({
    flags,
    rest: argv.slice(rest),
    stoppedAt: stop,
    error,
  });
  for (let index = 0; index < argv.length; ) {
    const argument = argv[index] ?? '';
    if (argument.length < 2 || argument[0] !== '-') return ended(index, null);
    if (argument === '--') return ended(index + 1 < argv.length ? index : null, null, index + 1);
    const step = one(argv, index, booleans, known);
    if (typeof step === 'string') return ended(index, step);
    flags.push(step.flag);
    index += step.width;
  }
  return ended(null, null);
}

function one(argv: readonly string[], index: number, booleans: Booleans, known: ReadonlySet<string> | null) {
  const argument = argv[index] ?? '';
  const bare = argument.slice(argument.startsWith('--') ? 2 : 1);
  if (bare === '' || bare[0] === '-' || bare[0] === '=') return `bad flag syntax: ${argument}`;
  const equals = bare.indexOf('=', 1);
  const name = equals === -1 ? bare : bare.slice(0, equals);
  const written = equals === -1 ? argument : argument.slice(0, argument.indexOf('='));
  if (known !== null && !known.has(name)) return `flag provided but not defined: -${name}`;
  const flag = { name, index, written };
  if (equals !== -1) {
    const value = bare.slice(equals + 1);
    if (booleans.has(name) && !booleanValue.test(value)) return `invalid boolean value ${JSON.stringify(value)} for -${name}: parse error`;
    return { flag: { ...flag, value, joined: true }, width: 1 };
  }
  if (booleans.has(name)) return { flag: { ...flag, value: 'true', joined: false }, width: 1 };
  const value = argv[index + 1];
  if (value === undefined) return `flag needs an argument: -${name}`;
  return { flag: { ...flag, value, joined: false }, width: 2 };
}

/** The value in effect: the last one given; null when the flag is not there. */
export function flagValue(flags: Flags, name: string): string | null {
  return flags.flags.findLast((flag) => flag.name === name)?.value ?? null;
}

/** Every occurrence of a flag, in order. */
export function flagsNamed(flags: Flags, name: string): readonly Flag[] {
  return flags.flags.filter((flag) => flag.name === name);
}

/** Flags that stand beyond the argument that stopped the parser, as they would have been read. */
export function flagsBeyond(flags: Flags, booleans: Booleans = new Set()): readonly Flag[] {
  const found: Flag[] = [];
  for (let rest = flags.rest; rest.length > 0; ) {
    const next = parseFlags(rest, booleans);
    found.push(...next.flags);
    if (next.error !== null || next.rest.length === rest.length) rest = rest.slice(1);
    else rest = next.rest;
  }
  return found;
}
