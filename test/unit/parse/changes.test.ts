import { describe, expect, it } from 'vitest';
import { commandsOf, pipesOf } from '../../../src/parse/changes.ts';

describe('the commands of a remedy', () => {
  it.each([
    ['kubectl get x', [[['kubectl', 'get', 'x']]]],
    ["a 'b c' && d\ne", [[['a', 'b c']], [['d']], [['e']]]],
    ["a | b '|' | c", [[['a'], ['b', '|'], ['c']]]],
    ["a 'it'\\''s'", [[['a', "it's"]]]],
  ])('%s', (line, pipes) => {
    expect(pipesOf(line)).toEqual(pipes);
    expect(commandsOf(line)).toEqual(pipes.flat());
  });

  it.each(['a || b', 'a; b', 'a > b', 'a & b', 'a "$(b)"', "a 'b"])('are not told of %s', (line) => expect(pipesOf(line)).toBeNull());
});
