// The figures of signaling: how fast people come in, and what it costs that they are there.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BENCH_DIR } from './measure/load.ts';
import { IDLE_SOCKETS, measureIdle, measureJoins } from './measure/signaling.ts';
import { watchSteal } from './report/recorder.ts';
import type { Recorder } from './report/recorder.ts';
import { portOpen, startChild, stopChild } from './servers/child.ts';
import { millraceStandalone } from './servers/millrace-standalone.ts';

export const SIGNALING_FIGURES = ['signaling-joins', 'signaling-idle'] as const;

const BUILT = join(BENCH_DIR, '..', 'apps', 'signaling', 'dist', 'index.js');
const START_TIMEOUT_MS = 20_000;

export const SIGNALING = {
  name: 'millrace-signaling',
  missing: () => (existsSync(BUILT) ? undefined : 'npm run build'),
  version: () => millraceStandalone.version(),
} as const;

export interface RunningSignaling {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

export async function startSignaling(workDir: string, port: number): Promise<RunningSignaling> {
  const program = join(BENCH_DIR, 'servers', 'millrace-signaling-server.ts');
  const child = startChild([process.execPath, program, String(port)], join(workDir, 'log'));
  await portOpen(port, START_TIMEOUT_MS);
  return { pid: child.pid!, port, stop: () => stopChild(child) };
}

/** @param withSignaling starts a server of its own for each figure */
export async function measureSignaling(
  figures: readonly string[],
  withSignaling: <T>(use: (running: RunningSignaling) => Promise<T>) => Promise<T>,
  recorder: Recorder,
): Promise<void> {
  const note = (figure: string, title: string, unit: string, value: number, steal: number): void =>
    recorder.note({ figure: `signaling-${figure}`, title, unit }, SIGNALING.name, value, steal);
  const measures: Readonly<Record<(typeof SIGNALING_FIGURES)[number], () => Promise<void>>> = {
    'signaling-joins': async () => {
      const steal = watchSteal();
      const joins = await withSignaling(({ port, pid }) => measureJoins(port, pid));
      note('joins', 'Joins, each on a new socket, 32 at once', 'per second', joins.perSecond, steal());
      note('join-cpu', 'CPU of a join, with connecting and leaving', 'ms', joins.cpuMsPerJoin, steal());
      note('join-p50', 'From connecting to being in the room, median', 'ms', joins.p50Ms, steal());
      note('join-p99', 'From connecting to being in the room, 99th percentile', 'ms', joins.p99Ms, steal());
    },
    'signaling-idle': async () => {
      const steal = watchSteal();
      const idle = await withSignaling(({ port, pid }) => measureIdle(port, pid));
      const sockets = IDLE_SOCKETS.toLocaleString('en');
      note('idle-memory', `Memory of each of ${sockets} idle participants`, 'KiB', idle.kibPerSocket, steal());
      note('idle-cpu', `CPU of ${sockets} idle participants`, 'ms per second', idle.cpuMsPerSecond, steal());
    },
  };
  for (const figure of SIGNALING_FIGURES)
    if (figures.includes(figure)) await recorder.attempt(figure, SIGNALING.name, measures[figure]);
}
