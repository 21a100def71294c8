/**
 * `node parse-once FILE all|family`: parses a file five times in a process of its own, in the pieces that a socket gives, and prints the seconds of each.
 * The later ones are what a body costs; the first is what it costs a V8 that has yet to compile the parser.
 */
import { readFileSync } from 'node:fs';
import { expositionParser } from '../../src/parse/exposition.ts';

const [file = '', what = 'all'] = process.argv.slice(2);
const body = readFileSync(file);
const family = new Set(['gen_ai_client_token_usage_sum', 'gen_ai_client_token_usage_count']);
const piece = 65536;

function parse(): { readonly samples: number; readonly seconds: number } {
  const start = performance.now();
  let samples = 0;
  const count = (): void => {
    samples += 1;
  };
  const parser = expositionParser({ ...(what === 'family' ? { wanted: (name: string) => family.has(name) } : {}), sample: count });
  for (let at = 0; at < body.length; at += piece) parser.push(body.subarray(at, at + piece));
  parser.end();
  return { samples, seconds: (performance.now() - start) / 1000 };
}

const passes = [parse(), parse(), parse(), parse(), parse()];
process.stdout.write(`${passes.map(({ samples, seconds }) => `${samples} series, ${seconds.toFixed(4)} s`).join('\n')}\n`);
