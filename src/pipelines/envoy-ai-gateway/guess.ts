import type { Container } from '../../facts/pods.ts';
import { type Flags, parseFlags } from '../../parse/go-flags.ts';
import { imageOf } from '../../parse/image.ts';
import { versionOf } from '../../parse/versions.ts';
import { booleanFlags, type Guess, lineOf, type Release, releases, secretFlags } from './releases.ts';

/** One sign of a release: which lines it fits, and how much it is trusted. */
interface Sign {
  readonly fits: (release: Release) => boolean;
  readonly weight: number;
}

/** Combines signs: the lines that fit best, and the tag's own number when it is among them. No sign is trusted alone: a GatewayConfig may pin another image than the arguments were made for, and a mirror may rename tags. */
function guessOf(tag: string | null, signs: readonly Sign[]): Guess {
  const version = versionOf(tag);
  const tagged = version === null ? null : lineOf(version);
  const all = tagged === null ? signs : [...signs, { fits: (release: Release) => release === tagged, weight: 2 }];
  const scores = releases.map((release) => all.reduce((sum, sign) => sum + (sign.fits(release) ? sign.weight : 0), 0));
  const best = Math.max(...scores);
  const candidates = releases.filter((_, index) => scores[index] === best);
  if (version !== null && tagged !== null && candidates.includes(tagged)) return { version: version.text, candidates: [tagged] };
  return { version: candidates.length === 1 ? (candidates[0]?.line ?? null) : null, candidates };
}

const from = (line: string) => (release: Release) => releases.indexOf(release) >= releases.findIndex((other) => other.line === line);
const before = (line: string) => (release: Release) => !from(line)(release);

/** What flags tell of the release that wrote them: cmd/extproc/mainlib/main.go at each tag. */
const flagFits: Readonly<Record<string, (release: Release) => boolean>> = {
  metricsPort: before('v0.4'),
  rootPrefix: from('v0.3'),
  metricsRequestHeaderLabels: (release) => release.line === 'v0.3' || release.line === 'v0.4',
  adminPort: from('v0.4'),
  maxRecvMsgSize: from('v0.4'),
  metricsRequestHeaderAttributes: from('v0.4'),
  endpointPrefixes: from('v0.5'),
  requestHeaderAttributes: from('v0.6'),
  logRequestHeaderAttributes: from('v0.6'),
  configBundlePath: from('v1.1'),
};

/** Guesses that were made: the sidecars of a cluster are alike. */
const made = new Map<string, Guess>();
const mostMade = 1000;

/** The release of a sidecar, by image tag, shape of arguments, port names, and, once /metrics was read, the SDK in target_info. */
export function sidecarGuess(container: Container, flags: Flags, port: number, sdk: string | null = null): Guess {
  const ports = container.ports.flatMap((declared) => (declared.number === port && declared.name !== null ? [declared.name] : []));
  const key = `${namesOf(flags)}${JSON.stringify([container.image, ports, sdk])}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const guess = guessFrom(container.image, new Set(flags.flags.map(({ name }) => name)), ports, sdk);
  if (made.size < mostMade) made.set(key, guess);
  return guess;
}

const named = new WeakMap<Flags, string>();

/** The names of flags in one text, made once: the same guess is asked for by many. */
function namesOf(flags: Flags): string {
  const known = named.get(flags) ?? JSON.stringify(flags.flags.map(({ name }) => name));
  named.set(flags, known);
  return known;
}

function guessFrom(image: string, names: ReadonlySet<string>, ports: readonly string[], sdk: string | null): Guess {
  const fits = Object.entries(flagFits).flatMap(([name, fit]) => (names.has(name) ? [fit] : []));
  if (names.has('metricsPort') && !names.has('rootPrefix')) fits.push(before('v0.3'));
  const signs: Sign[] = [];
  if (fits.length > 0) signs.push({ fits: (release) => fits.every((flag) => flag(release)), weight: 1 });
  if (ports.length > 0) signs.push({ fits: (release) => same(release.portNames, ports), weight: 1 });
  if (releases.some((release) => release.sdk === sdk)) signs.push({ fits: (release) => release.sdk === sdk, weight: 2 });
  return guessOf(imageOf(image).tag, signs);
}

function same(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** The release of a controller, by image tag, its Deployment's version label and the sidecar image that it hands out. Its flags are no sign: a flag of another release is what has to be found. */
export function controllerGuess(container: Container, label: string | null, sidecarImage: string | null): Guess {
  const signs = [label, sidecarImage === null ? null : imageOf(sidecarImage).tag].flatMap((tag): Sign[] => {
    const version = versionOf(tag);
    const line = version === null ? null : lineOf(version);
    return line === null ? [] : [{ fits: (release) => release === line, weight: 1 }];
  });
  const guess = guessOf(imageOf(container.image).tag, signs);
  const exact = [label, sidecarImage === null ? null : imageOf(sidecarImage).tag]
    .map((tag) => versionOf(tag))
    .find((version) => version !== null);
  const only = guess.candidates.length === 1 ? guess.candidates[0] : undefined;
  return only !== undefined && exact != null && lineOf(exact) === only && guess.version === only.line
    ? { ...guess, version: exact.text }
    : guess;
}

/** Arguments without the values of secret flags. */
export function withoutSecrets(args: readonly string[]): readonly string[] {
  return args.map((argument, index) => {
    if (secretFlags.test(argument) && argument.includes('=')) return `${argument.slice(0, argument.indexOf('='))}=REDACTED`;
    const before = args[index - 1];
    return before !== undefined && secretFlags.test(before) && !before.includes('=') ? 'REDACTED' : argument;
  });
}

/** A container's argv as its program sees it, without secrets. */
export function flagsOf(container: Container): Flags {
  return parseFlags(argvOf(container), booleanFlags);
}

/** Arguments that follow the program's name, without secrets. */
export function argvOf(container: Container): readonly string[] {
  return withoutSecrets([...container.command.slice(1), ...container.args]);
}

/** Containers without the arguments, which hold secrets: what is known of those is in flags. */
export function withoutArguments(containers: readonly Container[]): readonly Container[] {
  return containers.map((container) => ({ ...container, args: [], command: [] }));
}
