import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { pathWithNatsServer } from './tools/nats-server/nats-server.ts';

/** Packages resolve to their sources, so tests need no build. Set twice: once for Vite, once for what Node loads itself. */
const source = ['@millrace/source'];

/** Code without a process-wide state: its files share a worker, which saves what a worker of its own costs each of them. */
const pure = [
  'libs/{protocol,media,rooms-client}/src/**/*.spec.ts',
  'apps/console/src/**/*.spec.ts',
  'k8s/**/*.spec.ts',
];

export default defineConfig({
  resolve: { conditions: source },
  ssr: {
    // Not 'import': test workers get these as --conditions, where it would also steer require().
    resolve: { conditions: [...source, 'node', 'module'], externalConditions: source },
  },
  test: {
    env: { PATH: pathWithNatsServer() },
    // Many files wait for real servers: three at a time even on two cores, where Vitest alone would run one.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    projects: [
      {
        extends: true,
        test: {
          name: 'services',
          include: [
            'libs/*/src/**/*.spec.ts',
            'apps/*/src/**/*.spec.ts',
            'tools/**/*.spec.ts',
            'k8s/**/*.spec.ts',
            'bench/**/*.spec.ts',
          ],
          exclude: pure,
        },
      },
      {
        extends: true,
        test: { name: 'pure', include: pure, isolate: false, restoreMocks: true },
      },
    ],
    // Generous, since tests wait for conditions: a busy machine makes them late, never wrong.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
