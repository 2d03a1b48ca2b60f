import { defineConfig } from 'vitest/config';

const source = ['@millrace/source'];

/** What runs on real nodes: `npm run test:k8s`, which starts it in a sandbox. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: source },
  ssr: { resolve: { conditions: [...source, 'node', 'module'], externalConditions: source } },
  test: {
    include: ['*.e2e.ts'],
    // Processes die with the thread that started them: it must be the main one.
    pool: 'forks',
    maxWorkers: 1,
    // Each test goes on where the one before it ended.
    bail: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 60_000,
  },
});
