import { describe, expect, it } from 'vitest';
import { ExpositionError, type ExpositionFormat, expositionParser, formatOf, type Sample } from '../../../src/parse/exposition.ts';

interface Read {
  readonly samples: readonly Sample[];
  readonly lines: number;
  readonly wanted: number;
  readonly count: number;
  readonly duplicates: readonly string[];
}

function read(body: string | Buffer, format: ExpositionFormat = 'text', wanted?: (name: string) => boolean): Read {
  const samples: Sample[] = [];
  const parser = expositionParser({ format, ...(wanted === undefined ? {} : { wanted }), sample: (sample) => samples.push(sample) });
  parser.push(Buffer.from(body));
  const summary = parser.end();
  const duplicates = summary.duplicateLabels.map(({ line, name, label }) => `${line} ${name} ${label}`);
  return { samples, lines: summary.lines, wanted: summary.wanted, count: summary.samples, duplicates };
}

function faultOf(body: string | Buffer, format: ExpositionFormat = 'text'): ExpositionError {
  try {
    read(body, format);
  } catch (error) {
    if (error instanceof ExpositionError) return error;
    throw error;
  }
  throw new Error('was taken for sound');
}

const only = (body: string, format: ExpositionFormat = 'text'): [string, Record<string, string>, number] => {
  const [first] = read(body, format).samples;
  return [first?.name ?? '', { ...first?.labels }, first?.value ?? -1];
};

describe('a sample of the text format', () => {
  it.each([
    ['a bare one', 'a 1\n', 'a', {}, 1],
    ['empty braces', 'a{} 1\n', 'a', {}, 1],
    ['labels', 'a{b="c",d="e"} 1\n', 'a', { b: 'c', d: 'e' }, 1],
    ['an empty label value', 'a{b=""} 1\n', 'a', { b: '' }, 1],
    ['a trailing comma', 'a{b="c",} 1\n', 'a', { b: 'c' }, 1],
    ['blanks and tabs', ' \ta { b = "c"\t, d="e" } \t1 \n', 'a', { b: 'c', d: 'e' }, 1],
    ['no blank before the value', 'a{b="c"}1\n', 'a', { b: 'c' }, 1],
    ['a timestamp', 'a{b="c"} 1 1700000000000\n', 'a', { b: 'c' }, 1],
    ['a colon in the name', ':a:b 1\n', ':a:b', {}, 1],
    ['escapes', 'a{b="\\"\\\\\\n\\x"} 1\n', 'a', { b: '"\\\n\\x' }, 1],
    ['a quoted name', '{"a.b"} 1\n', 'a.b', {}, 1],
    ['a quoted name and labels', '{"a.b","c.d"="e",f="g"} 184\n', 'a.b', { 'c.d': 'e', f: 'g' }, 184],
    ['a quoted name among the labels', '{c="d","a.b"} 1\n', 'a.b', { c: 'd' }, 1],
    ['escapes in quoted names', '{"a\\"b","c\\nd"="e"} 1\n', 'a"b', { 'c\nd': 'e' }, 1],
    ['a quoted label beside a bare name', 'a{"b.c"="d"} 1\n', 'a', { 'b.c': 'd' }, 1],
    ['what only looks like structure', 'a{b="}{,=# 1"} 1\n', 'a', { b: '}{,=# 1' }, 1],
    ['bytes that split lines elsewhere', 'a{b="\r\t\x01\u0085\u2028\v\f"} 1\n', 'a', { b: '\r\t\x01\u0085\u2028\v\f' }, 1],
    ['a raw newline in a value', 'a{b="x\ny"} 1\n', 'a', { b: 'x\ny' }, 1],
    ['any UTF-8', 'a{b="日本 \u{1f631}\u202e\ufeff"} 1\n', 'a', { b: '日本 \u{1f631}\u202e\ufeff' }, 1],
  ])('%s', (_, body, name, labels, value) => expect(only(body)).toEqual([name, labels, value]));

  it.each([
    ['0', 0],
    ['184.0', 184],
    ['-1.5', -1.5],
    ['+2', 2],
    ['.5', 0.5],
    ['5.', 5],
    ['1e+09', 1e9],
    ['1.048576e+06', 1048576],
    ['1152921504606846976', 2 ** 60],
    ['1e-400', 0],
    ['NaN', Number.NaN],
    ['nan', Number.NaN],
    ['+Inf', Infinity],
    ['-inf', -Infinity],
    ['Infinity', Infinity],
  ])('with the value %s', (text, value) => expect(only(`a ${text}\n`)[2]).toBe(value));

  it('keeps a label named __proto__ as a label, and inherits none', () => {
    const [sample] = read('a{__proto__="x",constructor="y"} 1\n').samples;
    expect(Object.entries(sample?.labels ?? {})).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    expect(read('a 1\n').samples[0]?.labels.toString).toBeUndefined();
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  it('counts lines from 1, over comments, empty lines and newlines in values', () => {
    const body = '# HELP a text\n# any\n\na{b="x\ny"} 1\n  \nb 2\n';
    expect(read(body).samples.map(({ name, line }) => [name, line])).toEqual([
      ['a', 4],
      ['b', 7],
    ]);
    expect(read(body).lines).toBe(7);
  });
});

describe('what is no exposition', () => {
  it.each([
    ['no value', 'a\n', 'expected a value'],
    ['no value after labels', 'a{b="c"}\n', 'expected a value'],
    ['a word for a value', 'a x\n', 'the value is not a number'],
    ['an underscore in a number', 'a 1_0\n', 'the value is not a number'],
    ['a hexadecimal number', 'a 0x1p2\n', 'the value is not a number'],
    ['a number out of range', 'a 1e400\n', 'the value is not a number'],
    ['a signed NaN', 'a +NaN\n', 'the value is not a number'],
    ['a carriage return before the newline', 'a 1\r\n', 'the value is not a number'],
    ['a negative timestamp', 'a 1 -5\n', 'expected a timestamp or the end of the line'],
    ['a fractional timestamp', 'a 1 1.5\n', 'expected the end of the line after the timestamp'],
    ['a timestamp out of range', 'a 1 9223372036854775808\n', 'the timestamp is out of range'],
    ['a third number', 'a 1 2 3\n', 'expected the end of the line after the timestamp'],
    ['a name that begins with a digit', '9a 1\n', 'expected a metric name'],
    ['a label name that begins with a digit', 'a{1="x"} 1\n', 'expected a label name or "}"'],
    ['no equals sign', 'a{b"c"} 1\n', 'expected "=" after the label name'],
    ['no quotes', 'a{b=c} 1\n', 'expected a quoted label value'],
    ['two commas', 'a{b="c",,} 1\n', 'expected a label name or "}"'],
    ['open braces', 'a{b="c" 1\n', 'expected a label name or "}"'],
    ['two names', 'a{"b"} 1\n', 'a second metric name'],
    ['no name', '{a="b"} 1\n', 'the metric has no name'],
    ['an empty name', '{""} 1\n', 'the metric name is empty'],
    ['a backslash at the end of the line', 'a{b="c\\\n"} 1\n', 'a backslash before the end of the line'],
    ['a type that is none', '# TYPE a unknown\n', '"unknown" is no metric type'],
    ['no type', '# TYPE a\n', '"" is no metric type'],
    ['a HELP without a name', '# HELP \n', 'expected a metric name'],
    ['a byte order mark', '\ufeffa 1\n', 'expected a metric name'],
    ['an HTTP error', '404 page not found\n', 'expected a metric name'],
    ['JSON', '{"error":"not found"}\n', 'expected "=" after the label name'],
  ])('%s', (_, body, problem) => {
    const fault = faultOf(`x 1\n${body}`);
    expect([fault.reason, fault.line, fault.problem]).toEqual(['syntax', 2, problem]);
    expect(fault.message).toContain('line 2: ');
  });

  it.each([
    ['a label value', Buffer.from('a{b="\xff"} 1\n', 'latin1'), 'a label value is not valid UTF-8'],
    ['a bound', Buffer.from('a{b="c",le="1"} 1\na{b="c",le="\xc3"} 1\n', 'latin1'), 'a label value is not valid UTF-8'],
    ['a name', Buffer.from('{"\xff"} 1\n', 'latin1'), 'the metric name is not valid UTF-8'],
    ['a help text', Buffer.from('# HELP a \xff\n', 'latin1'), 'the help text is not valid UTF-8'],
  ])('%s that is no UTF-8', (_, body, problem) => expect(faultOf(body).problem).toBe(problem));

  it('takes any bytes in a comment', () => {
    expect(read(Buffer.from('# any \xff\na 1\n', 'latin1')).count).toBe(1);
  });

  it.each(['<!doctype html><html></html>\n', '<html>', '\n  <HTML>\n</HTML>\n'])('an HTML page: %j', (body) => {
    expect(faultOf(body)).toMatchObject({ reason: 'html', problem: 'this is an HTML page, not metrics' });
  });

  it.each([
    ['within a name', 'a 1\nb', 2],
    ['after the value, before the newline', 'a 1\nb 2', 2],
    ['within a value', 'a 1\nb{c="d', 2],
    ['within a value after a raw newline', 'a 1\nb{c="d\n', 2],
    ['within a comment', 'a 1\n# HEL', 2],
  ])('a body that was cut short %s', (_, body, line) => expect(faultOf(body)).toMatchObject({ reason: 'truncated', line }));

  it('shows up to 80 characters around the place', () => {
    const fault = faultOf(`a{b="${'x'.repeat(500)}"} 1\na{b="${'y'.repeat(500)}"} oops${'z'.repeat(500)}\n`);
    expect(fault.excerpt).toMatch(/^…y+"} oopsz+$/);
    expect(fault.excerpt.length).toBeLessThanOrEqual(80);
    expect(faultOf('a{b="x"} oops\nb 1\n').excerpt).toBe('a{b="x"} oops');
  });

  it.each([
    ['a line', `a{b="${'x'.repeat(1 << 20)}"} 1\n`, 'too-long'],
    ['a line without its end', `a{b="${'x'.repeat(1 << 20)}`, 'too-long'],
    ['a comment', `# ${'x'.repeat(1 << 20)}\n`, 'too-long'],
    ['a value that is never closed', `a{b="${'x\n'.repeat(1 << 20)}`, 'syntax'],
  ])('%s of more than 1 MiB', (_, body, reason) => expect(faultOf(body)).toMatchObject({ reason, line: 1 }));
});

describe('an empty body', () => {
  it.each(['text', 'openmetrics'] as const)('is sound and has no samples: %s', (format) => {
    expect(read('', format)).toMatchObject({ samples: [], count: 0, lines: 0 });
  });

  it('differs from one of comments only by its lines', () => {
    expect(read('# HELP a text\n# TYPE a counter\n')).toMatchObject({ count: 0, lines: 2 });
  });
});

describe('a label name that stands twice', () => {
  const bucket = (le: string): string => `x_bucket{a="1",le="tenant",le="${le}"} 1\n`;
  it.each([
    ['in a bare sample', 'a{b="1",b="2"} 1\n', ['1 a b']],
    ['quoted and bare', 'a{"b"="1",b="2"} 1\n', ['1 a b']],
    ['escaped', 'a{"b\\"c"="1","b\\"c"="2"} 1\n', ['1 a b"c']],
    ['apart', 'a{b="1",c="2",b="3"} 1\n', ['1 a b']],
    ['as the bound of each bucket', `${bucket('1')}${bucket('2')}x_sum{a="1",le="tenant"} 3\n`, ['1 x_bucket le', '2 x_bucket le']],
    ['as the name', 'a{__name__="b"} 1\n', ['1 a __name__']],
    ['in a line like the last', 'a{b="1",b="2"} 1\nb{b="1",b="2"} 1\n', ['1 a b', '2 b b']],
    ['nowhere', 'a{b="1",B="2",c="3",le="4"} 1\na{b="1",quantile="1",le="2"} 1\n', []],
  ])('%s', (_, body, duplicates) => expect(read(body).duplicates).toEqual(duplicates));

  it('is found on unwanted lines too', () => {
    expect(read(`${bucket('1')}x_sum{a="1"} 3\n`, 'text', (name) => name === 'x_sum')).toMatchObject({
      wanted: 1,
      duplicates: ['1 x_bucket le'],
    });
  });

  it('is told at most 20 times', () => {
    expect(read('a{b="1",b="2"} 1\n'.repeat(100)).duplicates).toHaveLength(20);
  });
});

describe('lines that repeat the labels of the last one', () => {
  const body = [
    'x_bucket{a="1",b="2",le="1"} 1',
    'x_bucket{a="1",b="2",le="+Inf"} 2',
    'x_sum{a="1",b="2"} 3',
    'x_count{a="1",b="2"} 4',
    'x_count{a="1",b="2",c="3"} 5',
    'y{a="1",b="2",quantile="0.5"} 6',
    'y{a="1"} 7',
    'y{a="1",b="2",le="1",} 8',
    'y{a="1",b="2",le="x\\"y"} 9',
    'y 10',
    'y{a="1",b="2"} 11',
  ];
  const want = [
    ['x_bucket', { a: '1', b: '2', le: '1' }, 1],
    ['x_bucket', { a: '1', b: '2', le: '+Inf' }, 2],
    ['x_sum', { a: '1', b: '2' }, 3],
    ['x_count', { a: '1', b: '2' }, 4],
    ['x_count', { a: '1', b: '2', c: '3' }, 5],
    ['y', { a: '1', b: '2', quantile: '0.5' }, 6],
    ['y', { a: '1' }, 7],
    ['y', { a: '1', b: '2', le: '1' }, 8],
    ['y', { a: '1', b: '2', le: 'x"y' }, 9],
    ['y', {}, 10],
    ['y', { a: '1', b: '2' }, 11],
  ];

  it('have labels of their own', () => {
    expect(read(`${body.join('\n')}\n`).samples.map(({ name, labels, value }) => [name, { ...labels }, value])).toEqual(want);
  });

  it('are verified though nobody wants them', () => {
    const unwanted = (name: string): boolean => name === 'y';
    expect(read(`${body.join('\n')}\n`, 'text', unwanted)).toMatchObject({ count: 11, wanted: 6 });
    expect(() => read('x{a="1",le="1"} 1\nx{a="1",le="2"} oops\n', 'text', () => false)).toThrow('line 2: the value is not a number');
  });
});

describe('OpenMetrics', () => {
  it.each([
    ['a sample', 'a{b="c"} 1.0\n', 'a', { b: 'c' }, 1],
    ['a timestamp in seconds', 'a 1 1700000000.123\n', 'a', {}, 1],
    ['an exemplar', 'a_bucket{le="1.0"} 5 # {trace_id="x"} 0.5 1.5\n', 'a_bucket', { le: '1.0' }, 5],
    ['a timestamp and an exemplar', 'a_total 5 2 # {} 0.5\n', 'a_total', {}, 5],
    ['a quoted name', '{"a.b_sum","c.d"="e"} 33635.0\n', 'a.b_sum', { 'c.d': 'e' }, 33635],
    ['what _created counts from', 'a_created{b="c"} 1.7e+09\n', 'a_created', { b: 'c' }, 1.7e9],
  ])('%s', (_, body, name, labels, value) => expect(only(`${body}# EOF\n`, 'openmetrics')).toEqual([name, labels, value]));

  it('takes HELP, TYPE and UNIT, and an end without its newline', () => {
    const head = '# HELP a_s text\n# TYPE a_s gaugehistogram\n# UNIT a_s s\n# TYPE "b.c" info\n';
    expect(read(`${head}a_s 1\n# EOF`, 'openmetrics')).toMatchObject({ count: 1 });
  });

  it.each([
    ['no end', 'a 1\n', 'truncated', 'the body does not end with # EOF: it was cut short'],
    ['a line that does not end', 'a 1', 'truncated', 'the last line does not end: the body was cut short'],
    ['text after the end', '# EOF\na 1\n', 'syntax', 'unexpected text after # EOF'],
    ['an unfinished line after the end', '# EOF\na', 'syntax', 'unexpected text after # EOF'],
    ['an empty line', 'a 1\n\n# EOF\n', 'syntax', 'expected a metric name'],
    ['two blanks', 'a  1\n# EOF\n', 'syntax', 'expected a value'],
    ['a blank between labels', 'a{b="c", d="e"} 1\n# EOF\n', 'syntax', 'expected a label name or "}"'],
    ['no comma between labels', 'a{b="c"d="e"} 1\n# EOF\n', 'syntax', 'expected "," or "}" after the label value'],
    ['a raw newline in a value', 'a{b="c\n"} 1\n# EOF\n', 'syntax', 'a quoted string is not closed on its line'],
    ['any comment', '# any\n# EOF\n', 'syntax', 'expected # HELP, # TYPE, # UNIT or # EOF'],
    ['a unit that the name lacks', '# UNIT a s\n# EOF\n', 'syntax', 'the unit is not the end of the metric name'],
    ['a type of the text format', '# TYPE a untyped\n# EOF\n', 'syntax', '"untyped" is no metric type'],
    ['an exemplar without a value', 'a 1 # {b="c"}\n# EOF\n', 'syntax', 'expected one space before the value of the exemplar'],
    ['a timestamp that is no number', 'a 1 NaN\n# EOF\n', 'syntax', 'the timestamp is not a number'],
  ])('refuses %s', (_, body, reason, problem) => expect(faultOf(body, 'openmetrics')).toMatchObject({ reason, problem }));
});

describe('the format of a content type', () => {
  it.each([
    ['application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8', 'openmetrics'],
    ['Application/OpenMetrics-Text', 'openmetrics'],
    ['text/plain; version=0.0.4; charset=utf-8; escaping=underscores', 'text'],
    ['text/plain; charset=utf-8', 'text'],
    ['application/openmetrics-textual', 'text'],
    [undefined, 'text'],
  ])('%s', (type, format) => expect(formatOf(type)).toBe(format));
});

describe('a plain line after the end of OpenMetrics', () => {
  it('is text after # EOF though it repeats the last one', () => {
    const body = 'a_bucket{b="c",le="1"} 1\na_bucket{b="c",le="2"} 1\n# EOF\na_bucket{b="c",le="3"} 1\n';
    expect(faultOf(body, 'openmetrics')).toMatchObject({ line: 4, problem: 'unexpected text after # EOF' });
  });
});
