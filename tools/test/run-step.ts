// Runs one program of the test run with its output on the terminal.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

const running = new Set<ChildProcess>();

/**
 * @param onOutput called with what it writes to its standard output, which goes to the terminal all the same
 * @returns its exit code; 1 when it was ended by a signal or could not be started
 */
export function runStep(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  onOutput?: (text: string) => void,
): Promise<number> {
  return new Promise((resolve) => {
    const output = onOutput ? 'pipe' : 'inherit';
    const child = spawn(command, args, { stdio: ['ignore', output, 'inherit'], env: { ...process.env, ...env } });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      process.stdout.write(text);
      onOutput?.(text);
    });
    running.add(child);
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
