import { defineConfig } from 'vitest/config';

const source = ['@millrace/source'];

/** Whole systems on one machine: one file after another, each with ports and folders of its own. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: source },
  ssr: { resolve: { conditions: [...source, 'node', 'module'], externalConditions: source } },
  test: {
    include: ['**/*.e2e.ts', 'support/**/*.spec.ts'],
    // Processes die with the thread that started them: it must be the main one.
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
  },
});
