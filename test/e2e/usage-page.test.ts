import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { UsageReport } from '../../src/model/usage.ts';
import { usageHtml } from '../../src/report/usage-html.ts';
import { end, until } from './testbed/processes.ts';

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path)) ?? '';

const names = [
  'team-a',
  'a-team-with-a-name-that-is-longer-than-any-column',
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  'צוות "🦊"',
  '',
  '\r\u001b[2J\u202egnp',
  '__proto__',
  'W'.repeat(40),
  '漢'.repeat(40),
];
const report: UsageReport = {
  pipeline: 'envoy-ai-gateway',
  origin: { kind: 'cluster', name: 'dev' },
  usage: {
    from: 'Prometheus monitoring/k8s',
    window: { start: 1764000000, end: 1764086400, step: 1800 },
    apart: true,
    since: null,
    by: ['user_namespace', 'user_id'],
    counted: ['input', 'output'],
    rows: names.map((name, at) => ({
      values: [name, `user-${at}@example.com`],
      tokens: { input: 4_000_000 / (at + 1), output: 1000 },
      requests: 10,
      points: Array.from({ length: 48 }, (_, piece) => 1000 * ((piece * (at + 1)) % 7)),
      pieces: [0, 7].map((piece) => ({ at: piece, tokens: { input: 1000, output: 10 }, requests: 1, cost: { amount: 1, unpriced: 0 } })),
      cost: { amount: 1, unpriced: 0 },
    })),
    unsure: 5,
    notes: [],
    unread: [],
  },
  why: null,
  unread: null,
  prices: { currency: 'EUR', unknownModels: [] },
  top: null,
  trust: { judged: 3, failing: [], unknown: [] },
};

/** What a browser made of the page, at one width. */
interface Seen {
  readonly overflows: boolean;
  readonly charts: readonly { readonly label: string; readonly width: number; readonly marks: number; readonly outside: number }[];
  readonly rows: number;
  readonly elements: number;
  readonly resources: number;
}

const look = `(() => ({
  overflows: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  charts: [...document.querySelectorAll('[role=img]')].filter((chart) => chart.checkVisibility()).map((chart) => {
    const svg = chart.querySelector('svg') ?? chart;
    const box = svg.getBoundingClientRect();
    const parts = [...svg.querySelectorAll('path,text')].filter((part) => !part.closest('defs'));
    const outside = parts.filter((part) => {
      const own = part.getBoundingClientRect();
      return own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1;
    });
    const marks = parts.filter((part) => (part.getAttribute('fill') ?? '').startsWith('var(--c')).length;
    return { label: chart.getAttribute('aria-label'), width: box.width, marks, outside: outside.length };
  }),
  rows: document.querySelectorAll('main > .scroll tbody tr').length,
  elements: document.querySelectorAll('img,main script:not([type="application/json"])').length,
  resources: performance.getEntriesByType('resource').length,
}))()`;

/** The text of the tooltip that is shown; empty: none. */
const told = `[...document.querySelectorAll('.live > div')].filter((box) => !box.querySelector('svg') && getComputedStyle(box).opacity === '1' && getComputedStyle(box).visibility === 'visible').map((box) => box.innerText).join('')`;

describe.skipIf(chromium === '' || !existsSync('dist/usage-page.js'))('the page of usage in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usage-page-'));
  /** What the browser has to complain of: refusals of the policy, exceptions, anything on the console; and each address it asked for. */
  const heard: string[] = [];
  let browser: ChildProcess;
  let tab: WebSocket;
  let asked = 0;

  beforeAll(async () => {
    writeFileSync(join(folder, 'usage.html'), usageHtml([report], '1', readFileSync('dist/usage-page.js', 'utf8')));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${folder}/profile`];
    browser = spawn(chromium, [...flags, 'about:blank'], { stdio: 'ignore' });
    const portFile = join(folder, 'profile', 'DevToolsActivePort');
    const port = await until('the browser', () => (existsSync(portFile) ? readFileSync(portFile, 'utf8').split('\n')[0] || null : null));
    const address = await until('the page', async () => {
      const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { type: string; webSocketDebuggerUrl: string }[];
      return pages.find(({ type }) => type === 'page')?.webSocketDebuggerUrl ?? null;
    });
    tab = new WebSocket(address);
    await new Promise((resolve) => tab.once('open', resolve));
    tab.on('message', listen);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`, {});
  });

  afterAll(async () => {
    tab.close();
    await end(browser);
    // its helpers write a little longer than it lives
    rmSync(folder, { recursive: true, force: true, maxRetries: 15, retryDelay: 200 });
  });

  const listen = (message: Buffer): void => {
    const { method, params } = JSON.parse(message.toString('utf8')) as { method?: string; params?: { request?: { url: string } } };
    const complaint = ['Log.entryAdded', 'Runtime.exceptionThrown', 'Runtime.consoleAPICalled', 'Page.javascriptDialogOpening'];
    if (method !== undefined && complaint.includes(method)) heard.push(JSON.stringify(params));
    if (method === 'Network.requestWillBeSent') heard.push(params?.request?.url ?? '');
  };

  const call = (method: string, params: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> =>
    new Promise((resolve) => {
      const id = ++asked;
      const hear = (message: Buffer): void => {
        const answer = JSON.parse(message.toString('utf8')) as { id?: number; result?: Record<string, unknown> };
        if (answer.id !== id) return;
        tab.off('message', hear);
        resolve(answer.result ?? {});
      };
      tab.on('message', hear);
      tab.send(JSON.stringify({ id, method, params }));
    });

  const evaluate = async <T>(expression: string): Promise<T> => {
    const { result } = await call('Runtime.evaluate', { expression, returnByValue: true });
    return (result as { value: T }).value;
  };

  /** Opens the page anew, and returns what it says of itself when it has been drawn. */
  const opened = async (width: number, scripts: boolean, scheme: 'light' | 'dark' = 'light'): Promise<Seen> => {
    heard.length = 0;
    await call('Emulation.setScriptExecutionDisabled', { value: !scripts });
    await call('Emulation.setEmulatedMedia', { media: '', features: [{ name: 'prefers-color-scheme', value: scheme }] });
    await call('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false });
    const loaded = new Promise<void>((resolve) => {
      const hear = (message: Buffer): void => {
        if (!message.toString('utf8').startsWith('{"method":"Page.loadEventFired"')) return;
        tab.off('message', hear);
        resolve();
      };
      tab.on('message', hear);
    });
    await call('Page.navigate', { url: `file://${folder}/usage.html` });
    await loaded;
    return evaluate<Seen>(look);
  };

  /** The middle of an element, in pixels of the window. */
  const middleOf = (selector: string, at: number): Promise<{ x: number; y: number }> =>
    evaluate(
      `(() => { const part = document.querySelectorAll('${selector}')[${at}]; part.scrollIntoView({ block: 'center' }); const box = part.getBoundingClientRect(); return { x: box.x + box.width / 2, y: box.y + box.height / 2 }; })()`,
    );

  const marksOf = async (): Promise<number> => (await evaluate<Seen>(look)).charts[1]?.marks ?? 0;

  it.each([true, false].flatMap((scripts) => [360, 800, 1400].map((width) => [scripts ? 'with' : 'without', width, scripts] as const)))(
    '%s scripts fits %d pixels, its charts whole and named',
    async (_, width, scripts) => {
      const { overflows, charts, rows } = await opened(width, scripts);
      expect({ overflows, rows, outside: charts.map(({ outside }) => outside) }).toEqual({
        overflows: false,
        // Each group, and each again in two pieces.
        rows: 3 * names.length,
        outside: [0, 0],
      });
      for (const { label, width, marks } of charts) {
        expect(label.length).toBeGreaterThan(20);
        expect(width).toBeGreaterThan(200);
        expect(marks).toBeGreaterThanOrEqual(names.length);
      }
    },
  );

  it.each([true, false])('makes no element of a name, loads nothing and has nothing to complain of, scripts: %s', async (scripts) => {
    const { elements, resources } = await opened(800, scripts);
    if (scripts) await showTip();
    expect({ elements, resources, heard }).toEqual({ elements: 0, resources: 0, heard: [`file://${folder}/usage.html`] });
    expect(await evaluate<number>(`document.querySelectorAll('.live img, .live script').length`)).toBe(0);
    expect(await evaluate<number>('Object.getOwnPropertyNames(Object.prototype).length')).toBe(
      Object.getOwnPropertyNames(Object.prototype).length,
    );
  });

  it('would refuse a script that is not its own, and say so', async () => {
    await opened(800, true);
    const add = `(() => { const own = document.createElement('script'); own.textContent = 'window.ran = 1'; document.body.append(own); return window.ran ?? 0; })()`;
    expect(await evaluate<number>(add)).toBe(0);
    expect((await until('the complaint', async () => heard[1] ?? null)).toLowerCase()).toContain('content security policy');
  });

  const showTip = async (): Promise<string> => {
    const { x, y } = await middleOf('.live', 1);
    for (const step of [0, 3]) await call('Input.dispatchMouseEvent', { type: 'mouseMoved', x: x + step, y });
    return until('the tooltip', async () => (await evaluate<string>(told)) || null);
  };

  it('tells the figures of the column below the pointer', async () => {
    await opened(1400, true);
    const tip = await showTip();
    expect(tip).toMatch(/^2025-11-25T0\d:[03]0:00Z to 2025-11-25T0\d:[03]0:00Z: [\d,]+ tokens/);
    expect(tip).toMatch(/team-a · user-0@example\.com\s+\d,\d{3}/);
    expect(tip).toMatch(/<img src=x onerror=alert\(1\)> · user-2@exa…\s+\d,\d{3}/);
    expect(tip).toMatch(/5 more\s+[\d,]+/);
  });

  it('hides a group by its button in the key, from the keyboard too', async () => {
    await opened(1400, true);
    const before = await marksOf();
    const { x, y } = await middleOf('.key button', 0);
    for (const type of ['mousePressed', 'mouseReleased'])
      await call('Input.dispatchMouseEvent', { type, x, y, button: 'left', clickCount: 1 });
    const pressed = `document.querySelector('.key button').getAttribute('aria-pressed')`;
    expect(await evaluate<string>(pressed)).toBe('false');
    expect(await marksOf()).toBeLessThan(before);
    await call('Input.dispatchKeyEvent', { type: 'keyDown', key: 'Enter', code: 'Enter', windowsVirtualKeyCode: 13, text: '\r' });
    expect(await evaluate<string>(pressed)).toBe('true');
    expect(await marksOf()).toBe(before);
  });

  it('fits its charts when the window changes', async () => {
    await opened(1400, true);
    await call('Emulation.setDeviceMetricsOverride', { width: 500, height: 900, deviceScaleFactor: 1, mobile: false });
    const widths = await until('the narrow charts', async () => {
      const { charts } = await evaluate<Seen>(look);
      return charts.every(({ width, outside }) => width < 500 && outside === 0) ? charts.length : null;
    });
    expect(widths).toBe(2);
  });

  it.each(['light', 'dark'] as const)('is %s where that is wanted', async (scheme) => {
    await opened(800, true, scheme);
    const [back, bar] = await evaluate<string[]>(
      `[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.live path[fill="var(--c0)"]')).fill]`,
    );
    expect({ back, bar }).toEqual(
      scheme === 'light' ? { back: 'rgb(255, 255, 255)', bar: 'rgb(10, 95, 180)' } : { back: 'rgb(13, 17, 23)', bar: 'rgb(88, 166, 255)' },
    );
  });

  it('prints both charts whole on white paper, whatever was hidden and however dark the screen', async () => {
    await opened(1400, true, 'dark');
    const all = (await opened(1400, false, 'dark')).charts.map(({ marks }) => marks);
    await opened(1400, true, 'dark');
    await evaluate(`document.querySelector('.key button').click()`);
    await call('Emulation.setEmulatedMedia', { media: 'print', features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
    await call('Emulation.setDeviceMetricsOverride', { width: 718, height: 1000, deviceScaleFactor: 1, mobile: false });
    const { charts } = await evaluate<Seen>(look);
    expect(charts.map(({ marks, outside }) => ({ marks, outside }))).toEqual(all.map((marks) => ({ marks, outside: 0 })));
    expect(charts.every(({ width }) => width <= 718)).toBe(true);
    expect(await evaluate<string>('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const { data } = await call('Page.printToPDF', {});
    expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-');
  });
});
