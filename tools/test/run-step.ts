// Runs one program of the test run with its output on the terminal.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

/** @returns its exit code; 1 when it was ended by a signal or could not be started */
export function runStep(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } });
    running.add(child);
    child.once('close', () => running.delete(child));
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Ends what runs now: for when the whole run is told to stop. */
export function stopSteps(): void {
  for (const child of running) child.kill('SIGTERM');
}
