import { describe, expect, it } from 'vitest';
import { changesOf, commandsOf, looksOnly, pipesOf } from '../../../src/parse/changes.ts';

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

it.each([
  ['kubectl -n a logs b -c c --previous', true],
  ['kubectl get x -o yaml && kubectl -n a describe y z', true],
  ['kubectl get x -o json | jq . | kubectl replace -f -', false],
  ['kubectl get x && kubectl -n a rollout restart deployment/x', false],
  ['helm upgrade x y', false],
  ['git clone x; make', false],
])('%s only shows: %s', (command, looks) => expect(looksOnly(command)).toBe(looks));

it.each([
  ['kubectl -n a delete pod b && kubectl -n a rollout restart deployment/c', 1],
  ['kubectl get x y -o json | jq . | kubectl apply -f - && kubectl -n a delete pod b', 0],
])('%s changes %i objects that can be told', (command, count) => expect(changesOf({ text: '', command })).toHaveLength(count));
