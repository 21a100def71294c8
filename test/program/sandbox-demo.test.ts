import { existsSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { listWorlds, loadWorld } from '../../src/sandbox/worlds.ts';
import { blunders, call } from './bad-input-cli.ts';

let names: readonly string[];
beforeAll(async () => {
  names = await listWorlds();
});

describe('tokmeter demo', () => {
  it('shows a broken cluster when none is named, and says what it is', async () => {
    const ended = await call(['demo']);
    expect({ code: ended.code, blunders: blunders(ended) }).toEqual({ code: 1, blunders: [] });
    expect(ended.err).toContain('demo cluster "duplicate-monitors": ');
    expect(ended.out).toMatch(/× .*\n?.*duplicate-monitors/);
  });

  it("takes doctor's flags, and is no cluster of anybody", async () => {
    const { code, out } = await call(['demo', 'duplicate-monitors', '-o', 'json', '-q']);
    const report = code === 1 && out === '' ? JSON.parse((await call(['demo', 'duplicate-monitors', '-o', 'json'])).out) : null;
    expect(report).toMatchObject({ origin: { kind: 'demo', name: 'duplicate-monitors' }, exitCode: 1 });
  });

  it('lists every world with what is wrong with it', async () => {
    const { code, out } = await call(['demo', '--list']);
    expect(code).toBe(0);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(names);
    expect(out).toContain((await loadWorld('duplicate-monitors')).title);
  });

  it('knows no other world, but a near one', async () => {
    const { code, out, err } = await call(['demo', 'duplicate-monitor']);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toBe('tokmeter: unknown world "duplicate-monitor"; did you mean "duplicate-monitors"?\n');
  });

  it('stays up for kubectl and doctor until it is interrupted, and leaves nothing behind', async () => {
    let found: { readonly kubeconfig: string; readonly doctor: Awaited<ReturnType<typeof call>> } | null = null;
    const ended = await call(['demo', 'duplicate-monitors', '--serve'], {
      meanwhile: (child) => {
        child.stdout?.on('data', async (text) => {
          const [, kubeconfig] = /KUBECONFIG=(\S+)/.exec(String(text)) ?? [];
          if (kubeconfig === undefined) return;
          found = { kubeconfig, doctor: await call(['doctor'], { environment: { KUBECONFIG: kubeconfig } }) };
          child.kill('SIGINT');
        });
      },
    });
    expect({ code: ended.code, blunders: blunders(ended) }).toEqual({ code: 130, blunders: [] });
    expect(found).toMatchObject({ doctor: { code: 1 } });
    const { kubeconfig } = found as unknown as { readonly kubeconfig: string };
    expect(existsSync(kubeconfig)).toBe(false);
    expect(ended.out).toMatch(/kubectl port-forward -n \S+ pod\/\S+ \d+/);
  });
});
