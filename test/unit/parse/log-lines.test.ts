import { describe, expect, it } from 'vitest';
import { keptOfLog, logFinds } from '../../../src/parse/log-lines.ts';

const log = [
  'ts=1 level=error msg="failed to parse usage" prompt="tell me about my divorce"',
  'ts=2 level=info msg="request" body={"messages":[{"content":"my password is hunter2"}]}',
  'ts=3 level=warn msg="no usage in response" model=gpt-4o',
  'ts=4 level=error msg="failed to parse usage"\r',
  '',
].join('\n');
const patterns = ['failed to parse (?:usage|body)', 'no usage in response'];

describe('what is kept of a log', () => {
  it('is the found text of each line, every other line empty', () => {
    expect(keptOfLog(log, patterns)).toBe('failed to parse usage\n\nno usage in response\nfailed to parse usage\n');
  });

  it.each([
    ['patterns in order', patterns],
    ['a pattern that several lines match', ['failed', 'usage']],
    ['nothing', []],
    ['bounded text', ['msg="[a-z ]{0,40}"']],
  ])('is the same when it is kept again: %s', (_, wanted) => {
    const kept = keptOfLog(log, wanted);
    expect(keptOfLog(kept, wanted)).toBe(kept);
    expect(logFinds(kept, wanted)).toEqual(logFinds(log, wanted));
  });

  it('holds no secret, wherever the pattern cuts', () => {
    const secret = 'authorization: Bearer c4n4ryAbCdEfGh denied\nkey sk-c4n4ryAbCdEfGhIjKl denied\n';
    expect(keptOfLog(secret, ['\\w{1,40} denied', '[\\w<>-]{1,40} denied'])).not.toMatch(/c4n4ry/);
  });

  it('holds no control characters and no endless text', () => {
    expect(keptOfLog('\u001b[31mfailed\u001b[0m to\tstart\n', ['failed.{0,20}'])).toBe('failed [0m to start\n');
    expect(keptOfLog(`${'ab'.repeat(500)}\n`, ['(?:ab)+'])).toHaveLength(201);
  });

  it.each(['failed: .*', 'x=.+', 'x[^"]*', 'x\\S+', 'x.{3,}', '[\\s\\S]+', 'x.{0,100}', '\\D*'])(
    'is refused for %s, which could keep anything',
    (pattern) => expect(() => keptOfLog('', [pattern])).toThrow('could keep what users wrote'),
  );

  it.each(['v1\\.2\\.+', 'x.{0,40}y', '[a-z]+', 'code \\d+'])('may be %s', (pattern) => expect(keptOfLog('', [pattern])).toBe(''));
});

describe('finds', () => {
  it('are lines, each counted for the first pattern that finds something, with the last text', () => {
    expect(logFinds(log, ['failed to parse (?:usage|body)', 'usage', 'panic'])).toEqual({
      lines: 4,
      finds: [
        { pattern: 'failed to parse (?:usage|body)', count: 2, example: 'failed to parse usage' },
        { pattern: 'usage', count: 1, example: 'usage' },
        { pattern: 'panic', count: 0, example: null },
      ],
    });
  });

  it('of an empty log are of no lines', () =>
    expect(logFinds('', ['x'])).toEqual({ lines: 0, finds: [{ pattern: 'x', count: 0, example: null }] }));
});
