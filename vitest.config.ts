import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Fast, pure and free of processes: what `npm run check` runs. Files share modules, which costs half the time and is safe without mocks.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 10_000, isolate: false } },
      // The compiled program and the served worlds; needs `npm run build`, nothing else.
      { test: { name: 'program', include: ['test/program/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      // The real kube-apiserver, kubelet port-forward, operator and Prometheus; skipped by name where they are not built.
      // They scrape by the clock, and a machine that stalls for a second loses a scrape: one that fails is tried once more.
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/fix-*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          retry: 1,
        },
      },
      // Every remedy applied to the real bed and judged again: a quarter of an hour, run before a release and after a change of a remedy.
      { test: { name: 'fix', include: ['test/e2e/fix-*.test.ts'], testTimeout: 180_000, hookTimeout: 180_000 } },
    ],
  },
});
