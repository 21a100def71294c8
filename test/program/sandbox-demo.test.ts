import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadWorld, worldsFolder } from '../../src/sandbox/worlds.ts';
import { blunders, call } from './bad-input-cli.ts';

let names: readonly string[];
beforeAll(() => {
  // Those of the built program.
  const files = readdirSync(worldsFolder(resolve(import.meta.dirname, '../../dist/cli.js')));
  names = files.map((file) => file.replace(/\.json\.gz$/, '')).sort();
});

describe('tokmeter demo', () => {
  it('shows a broken cluster when none is named, and says what it is', async () => {
    const ended = await call(['demo']);
    expect({ code: ended.code, blunders: blunders(ended) }).toEqual({ code: 1, blunders: [] });
    expect(ended.err).toContain('demo cluster "two-monitors-one-port": ');
    expect(ended.out).toMatch(/× .*\n?.*duplicate-monitors/);
  });

  it("takes doctor's flags, and is no cluster of anybody", async () => {
    const { code, out } = await call(['demo', 'two-monitors-one-port', '-o', 'json', '-q']);
    const report = code === 1 && out === '' ? JSON.parse((await call(['demo', 'two-monitors-one-port', '-o', 'json'])).out) : null;
    expect(report).toMatchObject({ origin: { kind: 'demo', name: 'two-monitors-one-port' }, exitCode: 1 });
  });

  it.each([
    ['gpt-load-token-renewed', 1, 'metrics-token-refused', '--metrics-token-file FILE'],
    ['gpt-load-user-expected', 1, 'identity-absent', '--expect-label user_id --metrics-token-file FILE'],
    ['kuadrant-usage-missing-in-some-responses', 0, 'gateway-errors', '--logs'],
  ])('judges %s as by the flags that it was recorded with, and names them', async (name, code, broken, flags) => {
    const ended = await call(['demo', name]);
    expect({ code: ended.code, blunders: blunders(ended) }).toEqual({ code, blunders: [] });
    expect(ended.out).toContain(`tokmeter explain ${broken}`);
    expect(ended.err).toContain(`\njudged as by: tokmeter doctor ${flags}\n`);
    const { options } = await loadWorld(name);
    expect(`${ended.out}${ended.err}`).not.toContain(options?.metricsToken ?? 'tkm-');
  });

  it('names no flags where none matter', async () => {
    const { err } = await call(['demo', 'two-monitors-one-port', '-o', 'short']);
    expect(err).not.toContain('judged as by');
  });

  it('lists every world with what is wrong with it', async () => {
    const { code, out } = await call(['demo', '--list']);
    expect(code).toBe(0);
    expect(
      out
        .split('\n')
        .filter((line) => /^\S/.test(line))
        .map((line) => line.split(' ')[0]),
    ).toEqual(names);
    expect(out).toContain((await loadWorld('two-monitors-one-port')).title);
  });

  it('knows no other world, but a near one', async () => {
    const { code, out, err } = await call(['demo', 'duplicate-monitor']);
    expect({ code, out }).toEqual({ code: 64, out: '' });
    expect(err).toBe('tokmeter: unknown world "duplicate-monitor"; did you mean "duplicate-monitors"?\n');
  });

  it('takes a check for the first world that breaks it', async () => {
    const { err } = await call(['demo', 'duplicate-monitors', '-o', 'short']);
    const [, name = ''] = /demo cluster "([^"]+)"/.exec(err) ?? [];
    expect((await loadWorld(name)).breaks).toBe('duplicate-monitors');
  });

  it('stays up for kubectl and doctor until it is interrupted, and leaves nothing behind', async () => {
    let found: { readonly kubeconfig: string; readonly doctor: Awaited<ReturnType<typeof call>> } | null = null;
    const ended = await call(['demo', 'two-monitors-one-port', '--serve'], {
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
    expect(ended.out).toMatch(/\n {2}tokmeter doctor\n/);
    expect(ended.out).toMatch(/kubectl port-forward -n \S+ pod\/\S+ \d+/);
  });

  it('puts the token of its servers beside the kubeconfig, and prints the flag that takes it', async () => {
    let doctor: Awaited<ReturnType<typeof call>> | null = null;
    const ended = await call(['demo', 'gpt-load-token-renewed', '--serve'], {
      meanwhile: (child) => {
        child.stdout?.on('data', async (text) => {
          const [, kubeconfig] = /KUBECONFIG=(\S+)/.exec(String(text)) ?? [];
          const [, flags = ''] = /\n {2}tokmeter doctor (.+)\n/.exec(String(text)) ?? [];
          if (kubeconfig === undefined) return;
          doctor = await call(['doctor', ...flags.split(' ')], { environment: { KUBECONFIG: kubeconfig } });
          child.kill('SIGINT');
        });
      },
    });
    expect(ended.code).toBe(130);
    expect(doctor).toMatchObject({ code: 1, out: expect.stringContaining('tokmeter explain metrics-token-refused') });
    const { options } = await loadWorld('gpt-load-token-renewed');
    expect(ended.out).not.toContain(options?.metricsToken);
  });
});
