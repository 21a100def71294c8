/** A small generator of numbers below a bound; the same seed gives the same numbers. */
export type Random = (below: number) => number;

export function random(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const pick = <T>(next: Random, from: readonly [T, ...T[]]): T => from[next(from.length)] ?? from[0];

const names = ['a', 'x_sum', 'x_count', 'x_bucket', ':r:1', '_', 'A9'] as const;
const quotedNames = ['"a.b"', '"x_sum"', '"ä"', '"a\\"b"', '"a\\nb"', '""', '"\\\\"'] as const;
const labelNames = [
  'a',
  'b',
  'c',
  'le',
  'quantile',
  '__proto__',

  '_1',
  'constructor',
  '"a.b"',
  '"le"',
  '""',
  '"l\\"e"',
] as const;
const values = [
  '',
  'v',
  '1',
  '+Inf',
  '0.5',
  '1e+06',
  '\\"',
  '\\\\',
  '\\n',
  '\\x',
  'ä',
  '\u0085',
  '\u2028',
  '\r',
  '\t',
  '\x01',
  'a,b}',
  '{',
  '=',
  '#',
  '</b>',
  '\u202e',
] as const;
const numbers = [
  '0',
  '1',
  '12345',
  '1.5',
  '-1',
  '+2',
  '1e3',
  '1E-3',
  '1e+09',
  '.5',
  '5.',
  'NaN',
  'nan',
  '+Inf',
  '-inf',
  'Infinity',
  '123456789012345678',
  '0.1',
  '1e400',
  '1_0',
  '0x1p2',
  '0x10',
  '+nan',
  '',
  'x',
  '1e',
  '--1',
  '184.0',
] as const;
const goodNumbers = ['0', '1', '71', '1.5', '1e+09', 'NaN', '+Inf', '184.0', '0.000123'] as const;
const stamps = ['', '', '', '', ' 123', ' -5', ' 1.5', ' 99999999999999999999', ' 1 2', ' x'] as const;
const heads = [
  '# HELP a text',
  '# HELP "a.b" text',
  '# TYPE a counter',
  '# TYPE x histogram',
  '# TYPE x untyped',
  '# TYPE x unknown',
  '# TYPE x info',
  '# TYPE x',
  '# HELP x',
  '#',
  '# any',
  '#x',
  '# HELP',
  '# HELP ',
  '# TYPE 9 gauge',
  '# UNIT a_s s',
  '# UNIT a s',
  '',
  ' ',
  '# EOF',
  '#\tHELP\tx\ty',
] as const;
const exemplars = [
  '',
  '',
  '',
  ' # {} 1',
  ' # {t="x"} 0.5 1.5',
  ' # {t="x",u="y",} 1',
  ' # {t="x"}',
  ' # {"n"} 1',
  ' #{t="x"} 1',
  ' # {t="x" } 1',
] as const;
const noise = ['"', '\\', '{', '}', ',', '=', ' ', '\t', '\n', '#', 'a', '1', '\r', '\xff', '\xc3', '\u0000', 'é', '<', '\\n'] as const;

/** `clean` in 0…9: how seldom something is out of place. */
function blank(next: Random, clean: number): string {
  return next(10) < clean ? '' : pick(next, ['', ' ', '\t', '  ']);
}

function label(next: Random, clean: number): string {
  const name = pick(next, labelNames);
  return `${blank(next, clean)}${name}${blank(next, clean)}=${blank(next, clean)}"${pick(next, values)}"${blank(next, clean)}`;
}

function labels(next: Random, clean: number, inner: readonly string[]): string {
  const count = next(5);
  const all = [...inner, ...Array.from({ length: count }, () => label(next, clean))];
  if (next(6) === 0 && all.length > 1) all.push(all.shift() ?? '');
  return `{${all.join(next(40) > 0 ? ',' : pick(next, ['', ' ', ',,']))}${next(8) === 0 ? ',' : ''}}`;
}

function sample(next: Random, clean: number, strict: boolean): string {
  const quoted = next(3) === 0;
  const series = quoted
    ? labels(next, clean, [pick(next, quotedNames)])
    : `${pick(next, names)}${blank(next, clean)}${next(4) > 0 ? labels(next, clean, []) : ''}`;
  const number = pick(next, next(10) < clean ? goodNumbers : numbers);
  return `${series}${next(20) === 0 ? '' : ' '}${number}${next(10) < clean ? '' : pick(next, stamps)}${strict ? pick(next, exemplars) : ''}`;
}

/** Consecutive lines that differ little, as those of a histogram do. */
function histogram(next: Random): string[] {
  const shared = Array.from({ length: next(4) }, () => label(next, 10)).join(',');
  const head = next(2) === 0 ? (part: string): string => `x_${part}{` : (part: string): string => `{"x.${part}",`;
  const bounds = ['0.5', '1', '+Inf'].slice(0, 1 + next(3));
  const comma = shared === '' ? '' : ',';
  const buckets = bounds.map(
    (bound) => `${head('bucket')}${shared}${comma}${next(12) === 0 ? 'quantile' : 'le'}="${bound}"${next(9) === 0 ? ',' : ''}} ${next(99)}`,
  );
  return [
    ...buckets,
    `${head('sum')}${shared}} ${pick(next, goodNumbers)}`,
    `${head('count')}${shared}${next(9) === 0 ? `${comma}z="1"` : ''}} 3`,
  ];
}

function mutate(next: Random, body: Buffer): Buffer {
  const at = next(body.length + 1);
  const cut = next(3);
  return Buffer.concat([body.subarray(0, at), Buffer.from(pick(next, noise), next(2) === 0 ? 'latin1' : 'utf8'), body.subarray(at + cut)]);
}

/** A body of a few lines: mostly sound, or a little off, or mutated. */
export function randomBody(next: Random, strict: boolean): Buffer {
  const clean = pick(next, [10, 10, 9, 6]);
  const lines = Array.from({ length: 1 + next(5) }, () => {
    const kind = next(6);
    if (kind === 0) return [pick(next, heads)];
    return kind < 3 ? histogram(next) : [sample(next, clean, strict)];
  }).flat();
  let body: Buffer = Buffer.from(`${lines.join('\n')}\n${strict ? '# EOF\n' : ''}`);
  for (let times = pick(next, [0, 0, 0, 1, 1, 2]); times > 0; times -= 1) body = mutate(next, body);
  return body;
}
