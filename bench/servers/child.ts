// Child processes of the benchmarks: pinned, waited for, and never left behind.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { pinned, SERVER_CPU } from '../measure/load.ts';
import { processTree } from '../measure/process-usage.ts';

const STOP_TIMEOUT_MS = 8_000;
const running = new Set<ChildProcess>();

process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export function startChild(
  command: readonly string[],
  logFile: string,
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
  cpus = SERVER_CPU,
): ChildProcess {
  const [program, ...args] = pinned(cpus, command);
  const log = openSync(logFile, 'w');
  const child = spawn(program!, args, { stdio: ['ignore', log, log], env: { ...process.env, ...env }, cwd });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const tree = processTree([child.pid]);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([ended, delay(STOP_TIMEOUT_MS)]);
  for (const pid of tree.filter((pid) => processTree([pid]).length > 0)) process.kill(pid, 'SIGKILL');
}

export async function portOpen(port: number, timeoutMs: number): Promise<void> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await delay(25)) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port }, () => resolve(socket.destroy() !== undefined));
      socket.on('error', () => resolve(false));
    });
    if (open) return;
  }
  throw new Error(`port ${port} did not open within ${timeoutMs} ms`);
}
