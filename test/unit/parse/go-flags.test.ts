import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { flagsBeyond, flagValue, parseFlags } from '../../../src/parse/go-flags.ts';
import { parseMapping } from '../../../src/parse/mapping.ts';
import { headerMappingOf } from '../../../src/pipelines/envoy-ai-gateway/mapping.ts';
import { releases } from '../../../src/pipelines/envoy-ai-gateway/releases.ts';

describe("Go's flags", () => {
  it.each<[string, readonly string[], Readonly<Record<string, string>>, readonly string[], string | null]>([
    ['a value of its own', ['-x', 'v'], { x: 'v' }, [], null],
    ['two dashes', ['--x', 'v'], { x: 'v' }, [], null],
    ['a joined value', ['-x=v'], { x: 'v' }, [], null],
    ['a joined value that holds "="', ['--x=a=b'], { x: 'a=b' }, [], null],
    ['an empty value', ['-x', '', '-y', 'v'], { x: '', y: 'v' }, [], null],
    ['an empty joined value', ['-x=', '-y', 'v'], { x: '', y: 'v' }, [], null],
    ['a value that looks like a flag', ['-x', '-y'], { x: '-y' }, [], null],
    ['the last of two', ['-x', '1', '-x', '2'], { x: '2' }, [], null],
    ['a boolean', ['-b', '-x', 'v'], { b: 'true', x: 'v' }, [], null],
    ['a boolean with a value of its own, which ends the flags', ['-b', 'true', '-x', 'v'], { b: 'true' }, ['true', '-x', 'v'], null],
    ['a boolean that is none', ['-b=maybe'], {}, ['-b=maybe'], 'invalid boolean value "maybe" for -b: parse error'],
    ['a stray argument first', ['stray', '-x', 'v'], {}, ['stray', '-x', 'v'], null],
    ['an empty argument', ['', '-x', 'v'], {}, ['', '-x', 'v'], null],
    ['a lone dash', ['-', '-x', 'v'], {}, ['-', '-x', 'v'], null],
    ['two dashes alone', ['-x', 'v', '--', '-y', 'w'], { x: 'v' }, ['-y', 'w'], null],
    ['no value', ['-x'], {}, ['-x'], 'flag needs an argument: -x'],
    ['three dashes', ['---x'], {}, ['---x'], 'bad flag syntax: ---x'],
    ['no name', ['-=v'], {}, ['-=v'], 'bad flag syntax: -=v'],
    ['an unknown flag', ['-z', 'v'], {}, ['-z', 'v'], 'flag provided but not defined: -z'],
  ])('%s', (_, argv, values, rest, error) => {
    const parsed = parseFlags(argv, new Set(['b']), new Set(['x', 'y', 'b']));
    expect(Object.fromEntries(parsed.flags.map(({ name }) => [name, flagValue(parsed, name)]))).toEqual(values);
    expect(parsed.rest).toEqual(rest);
    expect(parsed.error).toBe(error);
  });

  it('finds the flags behind a stray argument', () => {
    const parsed = parseFlags(['-a=1', 'stray', 'more', '-x', 'v', '--y=w']);
    expect(flagsBeyond(parsed).map(({ name, value }) => [name, value])).toEqual([
      ['x', 'v'],
      ['y', 'w'],
    ]);
  });
});

const recorded = ['v0.3.0', 'v0.4.0', 'v0.5.0', 'v0.6.0', 'v1.1.0'] as const;

/** Cases of one report of the real sidecar: arguments, and its last line or the labels that came out. */
function cases(version: string): readonly { name: string; argv: readonly string[]; exit: string | null; series: string }[] {
  const text = readFileSync(new URL(`../../fixtures/envoy-ai-gateway/${version}-flags-report.txt`, import.meta.url), 'utf8');
  return text.split(/\n(?=\[)/).flatMap((block) => {
    const [, name, argv, rest = ''] = /^\[([^\]]+)\] argv tail=\[(.*?)\] -> ([\s\S]*)$/.exec(block) ?? [];
    if (name === undefined || argv === undefined) return [];
    const words = [...argv.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map((match) => (match[1] ?? '').replaceAll('\\n', '\n'));
    const exit = rest.startsWith('EXIT') ? (rest.trim().split('\n').at(-1)?.trim() ?? '') : null;
    return [{ name, argv: words, exit, series: rest }];
  });
}

const about = (name: string): boolean => !/adminPort|log level|help/.test(name);
/** Flags of the recorded sidecars that are not about mappings. */
const knownTo = (version: string): ReadonlySet<string> => {
  const release = releases.find(({ line }) => version.startsWith(line));
  const logs = version === 'v0.5.0' ? ['logRequestHeaderAttributes'] : [];
  return new Set([...(release?.mappingFlags ?? []), ...(release?.otherFlags ?? []), release?.deprecatedFlag ?? '', ...logs]);
};

describe.each(recorded)('the sidecar of %s, as recorded', (version) => {
  const release = releases.find(({ line }) => version.startsWith(line)) ?? releases[0];
  const guess = { version, candidates: release === undefined ? [] : [release] };

  it.each(cases(version).filter(({ name }) => about(name)))('$name', ({ argv, exit, series }) => {
    const flags = parseFlags(argv, new Set(), knownTo(version));
    const mapping = headerMappingOf(flags, guess);
    const invalid = mapping.parts.find((part) => part.mapping.status === 'invalid')?.mapping;
    const other = [...(release?.otherFlags ?? []), 'logRequestHeaderAttributes']
      .map((name) => parseMapping(flagValue(flags, name) ?? '', release?.side))
      .find(({ status }) => status === 'invalid');
    const wrong = invalid ?? other;
    const message = flags.error ?? (wrong?.status === 'invalid' ? wrong.message : null);
    if (exit !== null) expect(exit.endsWith(message ?? 'nothing wrong')).toBe(true);
    else expect(message).toBeNull();
    if (exit !== null) return;
    const arrives = mapping.pairs.filter(({ header }) => /^(x-user-id|x-dept|x-namespace)$/.test(header));
    const labels = [...series.matchAll(/[{,]([a-zA-Z_:][\w:]*)="(?:alice|eng|team-a)"/g)].map((match) => match[1]);
    expect(new Set(labels).size).toBe(new Set(arrives.map(({ attribute }) => attribute)).size);
  });
});
