import { describe, expect, it } from 'vitest';
import type { Remedy } from '../../../src/model/check.ts';
import { type FixFormat, fixText } from '../../../src/report/fix.ts';

const said = (remedy: Remedy, format: FixFormat): readonly string[] =>
  fixText([{ check: 'a', subject: 'B c/d', message: '', remedy, object: null, owners: [] }], format, {
    colour: false,
    symbols: { break: '', fail: '', pass: '', skip: '', unknown: '', warn: '' },
    columns: 80,
  } as never)
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('#'));

describe('commands for a shell', () => {
  it.each([
    ['on lines of their own', 'kubectl get a b -o json | jq . | kubectl create -f -\nkubectl delete a b'],
    ['in one line', 'kubectl get a b -o json | jq . | kubectl create -f - && kubectl delete a b'],
  ])('go on only where the one before worked: %s', (_, command) =>
    expect(said({ text: '', command }, 'commands')).toEqual([
      'kubectl get a b -o json | jq . | kubectl create -f - &&',
      'kubectl delete a b',
    ]),
  );

  it.each(['rm x', 'kubectl get a; kubectl delete b', 'kubectl get a && sh -c x', 'kubectl delete a & rm b'])(
    'are none where something else would run: %s',
    (command) => expect(said({ text: '', command }, 'commands')).toEqual([]),
  );

  it('are not ended by what a manifest says', () => {
    const text = "x\nEOF_OF_TOKMETER\nkubectl delete ns owned\n'\u2028$(id)`id`";
    const patch = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', labels: { [text]: text } }, data: { [text]: text } };
    const lines = said({ text: '', patch }, 'commands');
    expect(lines.filter((line) => /^(?:EOF_OF_TOKMETER|kubectl)/.test(line))).toEqual([
      "kubectl apply -f - <<'EOF_OF_TOKMETER'",
      'EOF_OF_TOKMETER',
    ]);
    expect(lines.at(-1)).toBe('EOF_OF_TOKMETER');
  });
});
