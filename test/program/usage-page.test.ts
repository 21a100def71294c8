import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const dist = 'dist';
const scriptFile = join(dist, 'usage-page.js');

describe.skipIf(!existsSync(scriptFile))('the chart library', () => {
  const files = ['cli.js', ...readdirSync(join(dist, 'chunks')).filter((name) => name.endsWith('.js'))];
  const textOf = (name: string): string => readFileSync(join(dist, name === 'cli.js' ? '' : 'chunks', name), 'utf8');
  const direct = new Map(
    files.map((name) => [
      name,
      // what is loaded when it is wanted stands behind an arrow
      [...textOf(name).matchAll(/(?<!=>)\brequire\("(\.[^"]+\.js)"\)/g)].map(([, file = '']) => basename(file)),
    ]),
  );
  const withAll = (name: string, seen = new Set<string>()): ReadonlySet<string> => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const next of direct.get(name) ?? []) withAll(next, seen);
    return seen;
  };
  const draws = new Set(files.filter((name) => textOf(name).includes('renderToSVGString')));

  it('is loaded with the page of usage and with nothing else', () => {
    expect(draws.size).toBeGreaterThan(0);
    const loading = files.filter((name) => !draws.has(name) && [...withAll(name)].some((each) => draws.has(each)));
    expect([...draws, ...loading].filter((name) => !name.startsWith('usage-html-'))).toEqual([]);
    const doctor = files.find((name) => name.startsWith('doctor-')) ?? '';
    expect([...withAll(doctor)].length).toBeGreaterThan(3);
  });

  it('is small enough to be sent, and ends no element of the page', () => {
    expect(statSync(scriptFile).size).toBeLessThan(550_000);
    expect(readFileSync(scriptFile, 'utf8')).not.toMatch(/<\/script|<!--|[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/i);
  });

  it('keeps the notices that its licences ask for', () => {
    const script = readFileSync(scriptFile, 'utf8');
    for (const notice of ['Apache ECharts', 'Apache License 2.0', 'Copyright (c) 2017, Baidu Inc.', 'Mike Bostock'])
      expect(script).toContain(notice);
  });
});
