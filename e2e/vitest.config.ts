import { defineConfig } from 'vitest/config';

const source = ['@millrace/source'];

const named = (...names: readonly string[]): string[] => names.map((name) => `${name}.e2e.ts`);
/** Those in which a browser or an encoder keeps a core busy: two at a time, after the others. */
const withPicture = named('call-page', 'encoder-cases', 'flv-playback', 'ladder', 'live-path');
/** Seconds behind the encoder are measured with the machine to itself: else they would say nothing about the server. */
const measured = named('low-latency');

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
          exclude: [...withPicture, ...measured, 'real-nodes/**'],
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'pictures', include: withPicture, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'measured', include: measured, maxWorkers: 1, sequence: { groupOrder: 2 } },
      },
    ],
  },
});
