import { defineConfig } from 'vitest/config';

const source = ['@millrace/source'];

/** Tests on real nodes. `npm run test:k8s` runs them in its sandbox. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: source },
  ssr: { resolve: { conditions: [...source, 'node', 'module'], externalConditions: source } },
  test: {
    include: ['*.e2e.ts'],
    // Processes die with the thread that started them: it must be the main one.
    pool: 'forks',
    maxWorkers: 1,
    // Each test continues in the state that the one before it left.
    bail: 1,
    testTimeout: 600_000,
    hookTimeout: 1_200_000,
    teardownTimeout: 60_000,
  },
});
