import { describe, expect, it } from 'vitest';
import { ExpositionError, type ExpositionFormat, expositionParser } from '../../../src/parse/exposition.ts';
import { type Random, random, randomBody } from '../../exposition-bodies.ts';

const seed = Number(process.env.SEED ?? 20261126);

/** All that a reader can see of a body: samples and summary, or samples and the error. */
function seen(format: ExpositionFormat, chunks: readonly Buffer[], wanted?: (name: string) => boolean): string {
  const samples: unknown[] = [];
  try {
    const parser = expositionParser({
      format,
      ...(wanted === undefined ? {} : { wanted }),
      sample: ({ name, labels, value, line }) => samples.push([name, Object.entries(labels), String(value), line]),
    });
    for (const chunk of chunks) parser.push(chunk);
    return JSON.stringify([samples, parser.end()]);
  } catch (error) {
    if (!(error instanceof ExpositionError)) throw error;
    return JSON.stringify([samples, error.reason, error.line, error.problem]);
  }
}

function cut(next: Random, body: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const length = next(3) === 0 ? 0 : 1 + next(next(2) === 0 ? 3 : 40);
    chunks.push(Buffer.from(body.subarray(at, at + length)));
    at += length;
  }
  return chunks;
}

describe(`random bodies (seed ${seed})`, () => {
  it.each(['text', 'openmetrics'] as const)('are the same however %s is cut, and throw nothing but ExpositionError', (format) => {
    const next = random(seed);
    for (let round = 0; round < 3000; round += 1) {
      const body = randomBody(next, format === 'openmetrics');
      expect(seen(format, cut(next, body)), body.toString('latin1')).toBe(seen(format, [body]));
    }
  });

  it('are overwritten by their owner without harm once push has returned', () => {
    const next = random(seed);
    for (let round = 0; round < 1000; round += 1) {
      const body = randomBody(next, false);
      const memory = Buffer.alloc(64);
      const samples: string[] = [];
      const parser = expositionParser({
        sample: ({ name, labels, value }) => samples.push(JSON.stringify([name, Object.entries(labels), String(value)])),
      });
      const whole: string[] = [];
      const other = expositionParser({
        sample: ({ name, labels, value }) => whole.push(JSON.stringify([name, Object.entries(labels), String(value)])),
      });
      const outcome = (act: () => void): string => {
        try {
          act();
          return 'sound';
        } catch (error) {
          return error instanceof ExpositionError ? error.problem : String(error);
        }
      };
      const reused = outcome(() => {
        for (let at = 0; at < body.length; at += 64) {
          const length = body.copy(memory, 0, at, at + 64);
          parser.push(memory.subarray(0, length));
          memory.fill(0);
        }
        parser.end();
      });
      const fresh = outcome(() => {
        other.push(body);
        other.end();
      });
      expect([reused, samples]).toEqual([fresh, whole]);
    }
  });

  it('are judged alike whoever wants what', () => {
    const next = random(seed);
    for (let round = 0; round < 2000; round += 1) {
      const body = randomBody(next, false);
      const [all, none] = [seen('text', [body]), seen('text', [body], () => false)].map((text) => JSON.parse(text) as unknown[]);
      expect((none ?? [])[0]).toEqual([]);
      if (all?.length === 2) expect((none ?? [])[1]).toEqual({ ...(all[1] as object), wanted: 0 });
      else expect((none ?? []).slice(1)).toEqual((all ?? []).slice(1));
    }
  });

  it('do not make it slow: a quote that stays open over a megabyte of short chunks', () => {
    const parser = expositionParser({ sample: () => {} });
    parser.push(Buffer.from('a{b="'));
    const line = Buffer.from('x\n');
    expect(() => {
      for (let times = 0; times < 600_000; times += 1) parser.push(line);
    }).toThrow('a quoted string is not closed');
  });
});
