import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { pathWithNatsServer } from './tools/nats-server/nats-server.ts';

/** Packages resolve to their sources, so tests need no build. Set twice: once for Vite, once for what Node loads itself. */
const source = ['@millrace/source'];

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
    include: [
      'libs/*/src/**/*.spec.ts',
      'apps/*/src/**/*.spec.ts',
      'tools/**/*.spec.ts',
      'k8s/**/*.spec.ts',
      'bench/**/*.spec.ts',
    ],
    // Files share a worker and its modules, which saves a second of each: a test must leave nothing behind in the process.
    isolate: false,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    // Generous, since tests wait for conditions: a busy machine makes them late, never wrong.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
});
