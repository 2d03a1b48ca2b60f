// The tools of Debian's coturn: an independent TURN client and its peer, STUN clients, and another server to compare with.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { findProgram } from '@millrace/tools/processes';

const RUN_TIMEOUT_MS = 60_000;

/** Starts a tool. It dies with the test. */
export function startTool(name: string, args: readonly string[]): ChildProcess {
  const program = findProgram(name);
  if (program === undefined) throw new Error(`${name} is not installed: it is in the package coturn`);
  return spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs a tool to its end. @returns everything it has printed */
export async function runTool(name: string, args: readonly string[]): Promise<string> {
  const child = startTool(name, args);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS);
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve());
  });
  clearTimeout(timer);
  return output;
}

export interface Relayed {
  readonly sent: number;
  readonly received: number;
  readonly lost: number;
  readonly output: string;
}

/** Runs `turnutils_uclient`, and reads its last counts. */
export async function uclient(args: readonly string[]): Promise<Relayed> {
  const output = await runTool('turnutils_uclient', args);
  const last = (pattern: RegExp): number => Number([...output.matchAll(pattern)].at(-1)?.[1] ?? Number.NaN);
  return {
    sent: last(/tot_send_msgs=(\d+)/g),
    received: last(/tot_recv_msgs=(\d+)/g),
    lost: last(/Total lost packets (\d+)/g),
    output,
  };
}
