import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { UsageReport } from '../../src/model/usage.ts';
import { plain } from '../../src/report/style.ts';
import { usageText } from '../../src/report/usage.ts';
import { end, until } from './testbed/processes.ts';

const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => existsSync(path)) ?? '';

const names = ['team-a', 'a-team-with-a-name-that-is-longer-than-any-column', '<img src=x onerror=alert(1)>', ''];
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
  readonly charts: readonly { readonly label: string; readonly width: number; readonly outside: number }[];
  readonly rows: number;
  readonly images: number;
  readonly resources: number;
}

const look = `(() => ({
  overflows: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  charts: [...document.querySelectorAll('svg[role=img]')].map((svg) => {
    const box = svg.getBoundingClientRect();
    const outside = [...svg.querySelectorAll('rect,text')].filter((part) => {
      const own = part.getBoundingClientRect();
      return own.left < box.left - 1 || own.right > box.right + 1 || own.top < box.top - 1 || own.bottom > box.bottom + 1;
    });
    return { label: svg.getAttribute('aria-label'), width: box.width, outside: outside.length };
  }),
  rows: document.querySelectorAll('tbody tr').length,
  images: document.images.length,
  resources: performance.getEntriesByType('resource').length,
}))()`;

describe.skipIf(chromium === '')('the page of usage in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'usage-page-'));
  let browser: ChildProcess;
  let tab: WebSocket;
  let asked = 0;

  beforeAll(async () => {
    writeFileSync(join(folder, 'usage.html'), usageText([report], 'html', plain, '1'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0', `--user-data-dir=${folder}/profile`];
    browser = spawn(chromium, [...flags, `file://${folder}/usage.html`], { stdio: 'ignore' });
    const portFile = join(folder, 'profile', 'DevToolsActivePort');
    const port = await until('the browser', () => (existsSync(portFile) ? (readFileSync(portFile, 'utf8').split('\n')[0] ?? null) : null));
    const address = await until('the page', async () => {
      const pages = (await (await fetch(`http://127.0.0.1:${port}/json`)).json()) as { url: string; webSocketDebuggerUrl: string }[];
      return pages.find(({ url }) => url.endsWith('usage.html'))?.webSocketDebuggerUrl ?? null;
    });
    tab = new WebSocket(address);
    await new Promise((resolve) => tab.once('open', resolve));
  });

  afterAll(async () => {
    tab.close();
    await end(browser);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

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

  const seenAt = async (width: number): Promise<Seen> => {
    await call('Emulation.setDeviceMetricsOverride', { width, height: 900, deviceScaleFactor: 1, mobile: false });
    const { result } = await call('Runtime.evaluate', { expression: look, returnByValue: true });
    return (result as { value: Seen }).value;
  };

  it.each([360, 800, 1400])('fits %d pixels, its charts whole and named', async (width) => {
    const { overflows, charts, rows } = await seenAt(width);
    expect({ overflows, rows, outside: charts.map(({ outside }) => outside) }).toEqual({
      overflows: false,
      // Each group, and each again in two pieces.
      rows: 3 * names.length,
      outside: [0, 0],
    });
    expect(charts.every(({ label, width }) => label.length > 20 && width > 200)).toBe(true);
  });

  it('makes no element of a name, and loads nothing', async () => {
    const { images, resources } = await seenAt(800);
    expect({ images, resources }).toEqual({ images: 0, resources: 0 });
  });

  it('prints on paper', async () => {
    const { data } = await call('Page.printToPDF', {});
    expect(Buffer.from(String(data), 'base64').subarray(0, 5).toString()).toBe('%PDF-');
  });
});
