import { defineConfig } from 'vitest/config';

const source = ['@millrace/source'];

/**
 * Those in which a picture must not stall have the machine to themselves: else one that does would say nothing about the
 * server.
 */
const withPicture = ['call-page', 'encoder-cases', 'flv-playback', 'live-path', 'low-latency'].map(
  (name) => `${name}.e2e.ts`,
);

/** Whole systems on one machine, each with ports and folders of its own: three at a time, since they mostly wait. */
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
          exclude: [...withPicture, 'real-nodes/**'],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'pictures', include: withPicture, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
