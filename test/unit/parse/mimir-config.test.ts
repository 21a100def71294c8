import { describe, expect, it } from 'vitest';
import { flag, mimirLimits } from '../../../src/parse/mimir-config.ts';

const limits = (files: readonly string[], argv: readonly string[] = []) => {
  const { multitenancy, retention } = mimirLimits(files, argv);
  return { multitenancy, retention };
};

describe('what a Mimir is told', () => {
  it.each<[string, readonly string[], readonly string[], boolean | null, number | null]>([
    ['nothing that can be seen', [], [], null, null],
    ['a file without either', ['blocks_storage: {}'], [], true, 0],
    [
      'tenants off and thirty days',
      ['multitenancy_enabled: false\nlimits: {compactor_blocks_retention_period: 30d}'],
      [],
      false,
      2_592_000,
    ],
    ['a flag over the file', ['multitenancy_enabled: true\nlimits: {}'], ['-auth.multitenancy-enabled=false'], false, 0],
    ['a retention by flag', [], ['-compactor.blocks-retention-period=1w'], null, 604_800],
    ['zero for ever', ['limits: {compactor_blocks_retention_period: 0}'], [], true, 0],
    ['a period that a template fills in', ['limits: {compactor_blocks_retention_period: "${RETENTION}"}'], [], true, null],
    ['no YAML', ['{{ .Values.x }}: ['], [], null, null],
    ['another file beside it', ['overrides: {}'], [], null, null],
  ])('%s', (_, files, argv, multitenancy, retention) => expect(limits(files, argv)).toEqual({ multitenancy, retention }));

  it('knows what a tenant keeps beside the others', () => {
    const { retentionOf } = mimirLimits(['overrides: {team-a: {compactor_blocks_retention_period: 90d}, team-b: {ruler_max: 1}}'], []);
    expect([...retentionOf]).toEqual([['team-a', 7_776_000]]);
  });

  it.each<[string[], string | null]>([
    [['-target=querier'], 'querier'],
    [['--target', 'querier'], 'querier'],
    [['-target', '-x'], 'true'],
    [['-target=a', '-target=b'], 'b'],
    [['-targets=a'], null],
  ])('%j gives %s', (argv, value) => expect(flag(argv, 'target')).toBe(value));
});
