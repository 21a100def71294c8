import { describe, expect, it } from 'vitest';
import { unquotedGroups } from '../../../src/checks/quoted-groups.ts';
import { queryShape } from '../../../src/parse/promql.ts';

const better = (expr: string): string | null => unquotedGroups(expr, queryShape(expr));
const copied = (operand: string, label = 'user.id', plain = 'user_id'): string =>
  `label_replace(${operand}, "${plain}", "$1", "${label}", "(.+)")`;

describe('groups by quoted labels', () => {
  it.each([
    ['by before', 'sum by ("user.id") (rate({"a.b"}[5m]))', `sum by (user_id) (${copied('rate({"a.b"}[5m])')})`],
    ['by behind', 'sum(rate({"a.b"}[5m])) by (job, "user.id")', `sum(${copied('rate({"a.b"}[5m])')}) by (job, user_id)`],
    ['a parameter before the operand', 'topk by ("user.id") (5, {"a.b"})', `topk by (user_id) (5, ${copied('{"a.b"}')})`],
    [
      'two labels',
      'sum by ("user.id", "team.id") ({"a.b"})',
      `sum by (user_id, team_id) (${copied(copied('{"a.b"}'), 'team.id', 'team_id')})`,
    ],
    [
      'one group within another',
      'sum by ("user.id") (max by ("user.id", pod) ({"a.b"}))',
      `sum by (user_id) (max by (user_id, pod) (${copied('{"a.b"}')}))`,
    ],
    [
      'both sides of a division',
      'sum by ("user.id") ({"a.b"}) / sum by ("user.id") (c)',
      `sum by (user_id) (${copied('{"a.b"}')}) / sum by (user_id) (${copied('c')})`,
    ],
    ['no quoted group', 'sum by (job) ({"a.b"})', null],
    ['without', 'sum without ("user.id") ({"a.b"})', null],
    ['a join on the label', 'sum by ("user.id") ({"a.b"}) * on ("user.id") group_left c', null],
  ])('%s', (_, expr, expected) => expect(better(expr)).toBe(expected));

  it.each(['sum by ("user.id") ({"a.b"})', 'sum({"a.b"}) by ("user.id")'])('%s parses afterwards', (expr) =>
    expect(queryShape(better(expr) ?? '(').error).toBeNull(),
  );
});
