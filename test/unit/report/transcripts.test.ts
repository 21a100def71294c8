import { describe, expect, it } from 'vitest';
import { formatNames, formats } from '../../../src/report/formats.ts';
import { plain } from '../../../src/report/style.ts';
import { reports } from './fixtures.ts';

const folder = '../../transcripts/report';
const pairs = Object.entries(reports).flatMap(([name, report]) => formatNames.map((format) => [name, format, report] as const));

describe('every end of a run in every format', () => {
  it.each(pairs)('%s as %s', async (name, format, report) => {
    await expect(formats[format](report, plain)).toMatchFileSnapshot(`${folder}/${name}.${format}.txt`);
  });

  it.each(['broken', 'sound'])('%s in colour', async (name) => {
    const report = reports[name];
    if (report === undefined) throw new Error(name);
    await expect(formats.table(report, { ...plain, colour: true, stats: true })).toMatchFileSnapshot(`${folder}/${name}.colour.txt`);
  });
});
