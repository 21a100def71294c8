import { describe, expect, it } from 'vitest';
import { goFloat } from '../../src/parse/exposition/number.ts';
import { ExpositionError, expositionParser } from '../../src/parse/exposition.ts';
import { random, randomBody } from '../exposition-bodies.ts';
import { type Body, buildPromdump, type Dumped, promdump } from './promdump.ts';

const built = buildPromdump();
const seed = Number(process.env.SEED ?? 20261126);
const rounds = Number(process.env.ROUNDS ?? 20_000);

interface Outcome {
  readonly samples: readonly string[];
  readonly refused: boolean;
}

/** A bound as a number: Prometheus's accessor rewrites le="1" as le="1.0" in histograms. */
const bound = (name: string, value: string): string => (name === 'le' || name === 'quantile' ? String(goFloat(value) ?? value) : value);

function lineOf(name: string, labels: readonly (readonly [string, string])[], value: number | null): string {
  // Of a label that stands twice only the name is compared: the order of equals is nobody's promise.
  const twice = new Set([...labels.map(([label]) => label).filter((label, index, all) => all.indexOf(label) !== index)]);
  const sorted = [...new Map(labels.map(([label, text]) => [label, twice.has(label) ? '' : bound(label, text)]))].sort();
  // Prometheus counts blanks before a name among its letters, which no server can mean.
  return JSON.stringify([name.replace(/^[ \t]+/, ''), sorted, String(value)]);
}

/** The parser lets names pass that are empty or no UTF-8; the scrape refuses them later: scrape/scrape.go, "invalid metric name or label names". */
const invalidName = ({ name, labels }: Dumped['samples'][number]): boolean =>
  [name, ...labels.map(([label]) => label)].some((text) => text === '' || text.includes('\ufffd'));

const theirs = (dumped: Dumped): Outcome => ({
  samples: dumped.samples.map(({ name, labels, value }) => lineOf(name, labels, goFloat(value))),
  refused: dumped.error !== '' || dumped.samples.some(invalidName),
});

function ours({ format, bytes }: Body, repeated: (line: number) => ReadonlySet<string>): Outcome {
  const samples: string[] = [];
  const parser = expositionParser({
    format,
    sample: ({ name, labels, value, line }) =>
      samples.push(
        lineOf(
          name,
          Object.entries(labels).map(([label, text]) => [label, repeated(line).has(label) ? '' : text] as const),
          value,
        ),
      ),
  });
  try {
    parser.push(bytes);
    parser.end();
    return { samples, refused: false };
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    return { samples, refused: true };
  }
}

function repeatedIn({ format, bytes }: Body): (line: number) => ReadonlySet<string> {
  const parser = expositionParser({ format, sample: () => {} });
  const found = new Map<number, Set<string>>();
  try {
    parser.push(bytes);
    for (const { line, label } of parser.end().duplicateLabels) found.set(line, (found.get(line) ?? new Set()).add(label));
  } catch {
    // Refused bodies are compared all the same; their repeated labels are not known.
  }
  return (line) => found.get(line) ?? new Set();
}

/** Where the two differ on purpose: NUL, and a body that ends within its last line. */
const comparable = ({ format, bytes }: Body): boolean => !bytes.includes(0) && (format === 'openmetrics' || bytes.at(-1) === 10);

describe.skipIf(!built)('expositions against the parsers of Prometheus (promdump, built with Go)', () => {
  it.each(['text', 'openmetrics'] as const)(`agrees on ${rounds} random bodies of %s: samples and refusals (seed ${seed})`, (format) => {
    const next = random(seed);
    const bodies = Array.from({ length: rounds }, (): Body => ({ format, bytes: randomBody(next, format === 'openmetrics') })).filter(
      comparable,
    );
    const dumped = promdump(bodies);
    const different = bodies.flatMap((body, index) => {
      const want = theirs(dumped[index] ?? { samples: [], error: 'no answer' });
      const got = ours(body, repeatedIn(body));
      const same = want.refused === got.refused && (want.refused || JSON.stringify(want.samples) === JSON.stringify(got.samples));
      return same ? [] : [{ body: body.bytes.toString('latin1'), want, got, error: dumped[index]?.error }];
    });
    expect(different.slice(0, 5)).toEqual([]);
    expect(dumped.filter(({ error }) => error === '').length).toBeGreaterThan(rounds / 10);
    expect(dumped.filter(({ error }) => error !== '').length).toBeGreaterThan(rounds / 10);
  });
});
