import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const source = ['@millrace/source'];

/** A browser has the machine to itself: else a picture that stalls would say nothing about the server. */
const withBrowser = globSync('**/*.e2e.ts', { cwd: import.meta.dirname }).filter((file) =>
  /playwright|watch-page/.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
);

/** Whole systems on one machine, each with ports and folders of its own: two at a time, since they mostly wait. */
export default defineConfig({
  root: import.meta.dirname,
  resolve: { conditions: source },
  ssr: { resolve: { conditions: [...source, 'node', 'module'], externalConditions: source } },
  test: {
    // Those have a stage of their own: npm run test:k8s.
    exclude: ['**/node_modules/**', 'real-nodes/**'],
    // Processes die with the thread that started them: it must be the main one.
    pool: 'forks',
    testTimeout: 180_000,
    hookTimeout: 120_000,
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'services',
          include: ['**/*.e2e.ts', 'support/**/*.spec.ts'],
          exclude: [...withBrowser, 'real-nodes/**'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'browser', include: withBrowser, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
