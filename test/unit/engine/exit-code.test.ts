import { describe, expect, it } from 'vitest';
import { type EarlyEnd, exitCode } from '../../../src/engine/exit-code.ts';
import type { CheckResult, PipelineReport } from '../../../src/model/report.ts';
import type { Unread } from '../../../src/model/source.ts';

type Kind = 'pass' | 'fail' | 'warn' | 'unknown' | 'optional' | 'skip' | 'ignored' | 'bug' | 'half' | 'warn-blind' | 'warn-optional';

const unread: Unread = { what: 'list pods', reason: 'forbidden', message: 'pods is forbidden', needs: 'list pods' };
const base = { hop: 'emit', title: 't', consequenceOf: null, because: null, findings: [], unread: [], durationMs: 0 } as const;
const made: Readonly<Record<Kind, Omit<CheckResult, 'id'>>> = {
  pass: { ...base, severity: 'error', status: 'pass' },
  fail: { ...base, severity: 'error', status: 'fail' },
  warn: { ...base, severity: 'warning', status: 'fail' },
  unknown: { ...base, severity: 'error', status: 'unknown', unread: [unread] },
  optional: { ...base, severity: 'warning', status: 'unknown', unread: [unread] },
  skip: { ...base, severity: 'error', status: 'skip' },
  ignored: { ...base, severity: 'error', status: 'ignored' },
  bug: { ...base, severity: 'error', status: 'unknown', unread: [{ ...unread, reason: 'bug' }] },
  half: { ...base, severity: 'error', status: 'fail', unread: [unread] },
  // Declared an error, failing only with warnings, and partly unread.
  'warn-blind': { ...base, severity: 'warning', status: 'fail', unread: [unread] },
  'warn-optional': { ...base, severity: 'warning', status: 'fail', unread: [unread] },
};
const warnings: readonly Kind[] = ['warn', 'optional', 'warn-optional'];

function pipeline(kinds: readonly Kind[]): PipelineReport {
  const checks = kinds.map((kind) => ({ ...made[kind], id: kind }));
  const summary = { pass: 0, fail: 0, warn: 0, unknown: 0, skip: 0, ignored: 0 };
  return { id: 'p', variant: null, about: '', summary, brokenAt: null, unreadBefore: [], checks };
}

function code(pipelines: readonly (readonly Kind[])[], failOn: 'fail' | 'warn' = 'fail', ended: EarlyEnd | null = null): number {
  const declared = (_: string, id: string): 'error' | 'warning' => (warnings.some((kind) => kind === id) ? 'warning' : 'error');
  return exitCode(pipelines.map(pipeline), { failOn, ended, declared });
}

describe('exitCode', () => {
  it.each<[number, string, readonly Kind[]]>([
    [0, 'everything passes', ['pass', 'pass']],
    [0, 'a pass among skips', ['pass', 'skip', 'ignored']],
    [0, 'a warning beside a pass', ['pass', 'warn']],
    [0, 'an optional check that could not look', ['pass', 'optional']],
    [0, 'a warning that is partly unread and optional', ['pass', 'warn-optional']],
    [1, 'an error', ['pass', 'fail']],
    [1, 'an error beside what could not be read', ['fail', 'unknown']],
    [1, 'an error beside a bug of ours', ['fail', 'bug']],
    [1, 'an error that is partly unread', ['half']],
    [2, 'no check at all', []],
    [2, 'every check skipped', ['skip', 'skip']],
    [2, 'every check ignored', ['ignored']],
    [2, 'a required check that could not look', ['pass', 'unknown']],
    [2, 'a required check with warnings and gaps', ['pass', 'warn-blind']],
    [2, 'only an optional check, which could not look', ['optional']],
    [2, 'a warning and nothing that passed', ['warn']],
    [70, 'a bug of ours', ['pass', 'bug']],
    [70, 'a bug of ours beside what could not be read', ['unknown', 'bug']],
  ])('%i: %s', (expected, _, kinds) => expect(code([kinds])).toBe(expected));

  it.each<[number, string, readonly Kind[]]>([
    [0, 'everything passes', ['pass']],
    [3, 'a warning beside a pass', ['pass', 'warn']],
    [3, 'nothing but a warning', ['warn']],
    [1, 'an error', ['warn', 'fail']],
    [2, 'something unknown', ['warn', 'unknown']],
    [2, 'every check skipped', ['skip']],
  ])('%i with --fail-on warn: %s', (expected, _, kinds) => expect(code([kinds], 'warn')).toBe(expected));

  it.each<EarlyEnd>([124, 130, 143])('%i when the run was cut short, whatever was found', (ended) => {
    expect([
      code([['pass']], 'fail', ended),
      code([['fail']], 'fail', ended),
      code([['bug']], 'fail', ended),
      code([], 'fail', ended),
    ]).toEqual([ended, ended, ended, ended]);
  });

  it('is 2 when one pipeline of two was not judged at all', () => expect(code([['pass'], ['skip']])).toBe(2));
  it('is 1 when one pipeline of two is broken', () => expect(code([['pass'], ['pass', 'fail']])).toBe(1));
  it('is 2 when there is no pipeline', () => expect(code([])).toBe(2));
});
