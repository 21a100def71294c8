import { describe, expect, it } from 'vitest';
import { answersIn } from '../../../src/sources/answers-json.ts';
import { bytesOf } from '../../../src/sources/late-text.ts';

const written = (text: string): string => JSON.stringify([answer(text)], null, 1);
const answer = (text: string) => ({ endpoint: { at: 'url' }, answer: { status: 'reply', code: 200, body: { text }, cut: null } });

/** As it stands in a bundle, with these characters in place of "@". */
const raw = (characters: string): Buffer =>
  Buffer.from(
    written('@').replace('@', () => characters),
    'utf8',
  );

type Answers = readonly { readonly answer: { readonly body: { readonly text: string } } }[];
const bodyIn = (bytes: Buffer) => (answersIn(bytes) as Answers)[0]?.answer.body ?? { text: 'none' };

describe('a file of answers says what JSON.parse says', () => {
  it.each([
    ['an empty text', ''],
    ['a metrics page', '# TYPE x counter\nx{user="alice",path="C:\\\\"} 17\n'],
    [
      'every character below a space, and those that are escaped',
      `${String.fromCharCode(...Array.from({ length: 32 }, (_, code) => code))}"\\/`,
    ],
    ['characters of two, three and four bytes', 'ä 汉 😀'],
    ['half a character', '\ud83d and \ude00 and \ude00\ud83d'],
    ['the words that begin a body', '"body": {\n    "text": "'],
    ['more than is read at a time', 'abc"\n'.repeat(5000)],
  ])('%s', (_, text) => {
    const bytes = Buffer.from(written(text), 'utf8');
    const parsed = JSON.parse(bytes.toString('utf8'));
    const body = bodyIn(Buffer.from(bytes));
    expect(bytesOf(body)).toEqual(Buffer.from(text, 'utf8'));
    // Half a character has no bytes.
    const whole = Buffer.from(text, 'utf8').toString('utf8');
    expect(body.text).toBe(whole);
    if (whole === text) expect(answersIn(bytes)).toEqual(parsed);
  });

  it.each([
    ['escapes that JSON.stringify does not write', '\\/\\u0041\\ud83d\\ude00\\u4e2d', 'A😀中'],
    ['a lone half before a plain character', '\\ud83dx', '\ufffdx'],
  ])('%s', (_, characters, said) => {
    expect(bytesOf(bodyIn(raw(characters))).toString('utf8')).toBe(said === 'A😀中' ? `/${said}` : said);
  });

  it('of several answers, some without a body of text', () => {
    const entries = [answer('one\n'), { answer: { body: { base64: '/w==' } } }, { answer: { status: 'refused' } }, answer('two"')];
    const bytes = Buffer.from(JSON.stringify(entries, null, 1), 'utf8');
    expect(answersIn(bytes)).toEqual(entries);
  });

  it('written by somebody else', () => {
    const bytes = Buffer.from(JSON.stringify([answer('a\nb')]), 'utf8');
    expect(answersIn(bytes)).toEqual([answer('a\nb')]);
  });

  it('where bytes are no UTF-8', () => {
    const bytes = Buffer.from(raw('a\u00e9b'));
    bytes[bytes.indexOf(0xc3)] = 0xff;
    expect(bodyIn(Buffer.from(bytes)).text).toBe(JSON.parse(bytes.toString('utf8'))[0].answer.body.text);
  });
});

describe('a file of answers is refused where JSON.parse refuses it', () => {
  it.each([
    ['a raw newline', 'a\nb'],
    ['an escape that there is none of', 'a\\xb'],
    ['an escape without its digits', '\\u12'],
    ['an escape with other digits', '\\u12g4'],
    ['a backslash at the end', 'a\\'],
    ['a quote too many', 'a"b'],
  ])('%s', (_, characters) => {
    expect(() => JSON.parse(raw(characters).toString('utf8'))).toThrow(SyntaxError);
    expect(() => answersIn(raw(characters))).toThrow(SyntaxError);
  });

  it.each([10, 60, 120])('cut %i bytes before its end', (bytes) => {
    expect(() => answersIn(raw('x'.repeat(100)).subarray(0, -bytes))).toThrow(SyntaxError);
  });
});
