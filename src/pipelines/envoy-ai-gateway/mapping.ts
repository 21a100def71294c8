import { type Flag, type Flags, flagsNamed, flagValue } from '../../parse/go-flags.ts';
import { type Mapping, mergePairs, type Pair, parseMapping } from '../../parse/mapping.ts';
import { agreed, type Guess } from './releases.ts';

/** The flags that together make a mapping, as one program was given them. */
export interface HeaderMapping {
  /** What is in effect; without the parts that do not parse. */
  readonly pairs: readonly Pair[];
  /** One entry a mapping flag that was given, in the order of precedence: what its last copy says. */
  readonly parts: readonly { readonly flag: string; readonly value: string; readonly mapping: Mapping }[];
  /** Flags given more than once, with every copy. */
  readonly repeated: readonly { readonly flag: string; readonly copies: readonly Flag[] }[];
}

const everyMappingFlag = ['metricsRequestHeaderLabels', 'requestHeaderAttributes', 'metricsRequestHeaderAttributes'];

/** Mapping flags of the release, or all there ever were while it cannot be told. */
export function mappingFlagsOf(guess: Guess): readonly string[] {
  return agreed(guess, (release) => release.mappingFlags) ?? everyMappingFlag;
}

/** The header mapping that a program with these flags has in effect. */
export function headerMappingOf(flags: Flags, guess: Guess): HeaderMapping {
  const side = agreed(guess, (release) => release.side) ?? 'attribute';
  const names = namesInEffect(flags, guess);
  const parts = names.flatMap((flag) => {
    const value = flagValue(flags, flag);
    return value === null ? [] : [{ flag, value, mapping: parseMapping(value, side) }];
  });
  const pairs = mergePairs(...parts.map(({ mapping }) => (mapping.status === 'parsed' ? mapping.pairs : [])));
  const copies = names.map((flag) => ({ flag, copies: flagsNamed(flags, flag) }));
  return { pairs, parts, repeated: copies.filter((entry) => entry.copies.length > 1) };
}

/** A deprecated flag counts only while the main one is empty: cmd/controller/main.go@v0.4.0. */
function namesInEffect(flags: Flags, guess: Guess): readonly string[] {
  const names = mappingFlagsOf(guess);
  const deprecated = agreed(guess, (release) => release.deprecatedFlag);
  if (deprecated === null) return names;
  return names.some((name) => (flagValue(flags, name) ?? '') !== '') ? names : [deprecated];
}

/** A flag with the pairs of all its copies together, later ones winning. */
export function unionOf(copies: readonly Flag[]): readonly Pair[] {
  return mergePairs(
    ...copies.map((copy) => {
      const mapping = parseMapping(copy.value);
      return mapping.status === 'parsed' ? mapping.pairs : [];
    }),
  );
}

/** Whether an argument looks like a mapping flag of any release, in any case. */
export function isMappingFlag(argument: string): boolean {
  return /^--?(metrics)?requestheader(attributes|labels)(=|$)/i.test(argument);
}

/** Whether someone meant a mapping: a flag that looks like one stands somewhere with a value. */
export function mappingIntended({ argv }: { readonly argv: readonly string[] }): boolean {
  return argv.some((argument, index) => {
    if (!isMappingFlag(argument)) return false;
    const value = argument.includes('=') ? argument.slice(argument.indexOf('=') + 1) : (argv[index + 1] ?? '-');
    return value !== '' && value !== '""';
  });
}

/** Flags of the mapping family that this release does not know, so that its program exits. */
export function unknownFlags(flags: Flags, guess: Guess): readonly Flag[] {
  const known = agreed(guess, ({ mappingFlags, otherFlags, deprecatedFlag }) => [...mappingFlags, ...otherFlags, deprecatedFlag]);
  return known === null ? [] : flags.flags.filter(({ name }) => ofFamily(name) && !known.includes(name));
}

const ofFamily = (name: string): boolean => isMappingFlag(`-${name}`) || /^(span|log)requestheaderattributes$/i.test(name);

/** Whether the program exits on its flags, so that its mapping is in effect nowhere. */
export function isRefused({
  flags,
  guess,
  mapping,
}: {
  readonly flags: Flags;
  readonly guess: Guess;
  readonly mapping: HeaderMapping;
}): boolean {
  return flags.error !== null || mapping.parts.some((part) => part.mapping.status === 'invalid') || unknownFlags(flags, guess).length > 0;
}
