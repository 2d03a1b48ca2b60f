// Runs one program of the test run with its output on the terminal.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants, setPriority } from 'node:os';

export interface StepOptions {
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with what it writes to its standard output, which goes to the terminal all the same. */
  readonly onOutput?: (text: string) => void;
  /** It gets only what processor time others leave. */
  readonly politely?: boolean;
}

const running = new Set<ChildProcess>();

/** @returns its exit code; 1 when it was ended by a signal or could not be started */
export function runStep(command: string, args: readonly string[], options: StepOptions = {}): Promise<number> {
  const { env, onOutput, politely = false } = options;
  return new Promise((resolve) => {
    const output = onOutput ? 'pipe' : 'inherit';
    const child = spawn(command, args, { stdio: ['ignore', output, 'inherit'], env: { ...process.env, ...env } });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      process.stdout.write(text);
      onOutput?.(text);
    });
    running.add(child);
    if (politely && child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
    child.once('close', () => running.delete(child));
    child.once('error', (error) => {
      console.error(`${command}: ${error.message}`);
      resolve(1);
    });
    // Not before all of its output has come.
    child.once(onOutput ? 'close' : 'exit', (code) => resolve(code ?? 1));
  });
}

/** Ends what runs now: for when the whole run is told to stop. */
export function stopSteps(): void {
  for (const child of running) child.kill('SIGTERM');
}
