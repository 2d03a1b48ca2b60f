// A child process by name: started until ready, its output kept, stopped for sure.
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { ControlledProcess } from './controlled-process.ts';
import { LineLog } from './line-log.ts';

export interface ProcessOptions {
  readonly name: string;
  readonly command: string;
  /** Read at each start when it is a function. */
  readonly args: readonly string[] | (() => readonly string[]);
  /** Read at each start; goes over the environment of this process. */
  readonly env?: () => Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Asked again and again after the start until it says true. */
  readonly isReady: () => Promise<boolean>;
  readonly startTimeoutMs?: number;
  /** How long a stop may take until SIGKILL follows. */
  readonly stopTimeoutMs?: number;
}

const READY_INTERVAL_MS = 50;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** On Linux a child is told when its parent dies, however that dies: nothing is left behind. */
const setpriv = process.platform === 'linux' && spawnSync('setpriv', ['--pdeathsig', 'TERM', 'true']).status === 0;

export class ManagedProcess implements ControlledProcess {
  readonly logs = new LineLog();
  readonly #options: ProcessOptions;
  #child: ChildProcess | undefined;
  readonly #failures: Error[] = [];

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  get running(): boolean {
    const child = this.#child;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** The code it ended with; undefined while it runs and after a signal. */
  get exitCode(): number | undefined {
    return this.#child?.exitCode ?? undefined;
  }

  async start(): Promise<void> {
    if (this.running) throw new Error(`${this.name} runs already`);
    const { command, args, env, cwd, startTimeoutMs = START_TIMEOUT_MS } = this.#options;
    const given = typeof args === 'function' ? args() : args;
    const words = [...(setpriv ? ['setpriv', '--pdeathsig', 'TERM'] : []), command, ...given];
    this.#failures.length = 0;
    const child = spawn(words[0] ?? command, words.slice(1), {
      cwd,
      env: { ...process.env, ...env?.() },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own: Ctrl-C is for who holds it.
      detached: true,
    });
    this.#child = child;
    child.once('error', (error) => this.#failures.push(error));
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => this.logs.push(text));
    }
    const deadline = performance.now() + startTimeoutMs;
    while (!(await this.#options.isReady())) {
      if (!this.running)
        throw new Error(`${this.name} did not start: ${this.#failures[0]?.message ?? this.logs.tail()}`);
      if (performance.now() > deadline) {
        await this.kill();
        throw new Error(`${this.name} was not ready within ${startTimeoutMs} ms; its last lines:\n${this.logs.tail()}`);
      }
      await delay(READY_INTERVAL_MS);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.stopTimeoutMs ?? STOP_TIMEOUT_MS);
    // One that was stopped by SIGSTOP hears SIGTERM only when it goes on.
    child.kill('SIGTERM');
    child.kill('SIGCONT');
    await this.ended();
    clearTimeout(timer);
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.running) throw new Error(`${this.name} does not run`);
    this.#child?.kill(signal);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (!this.running) return;
    this.#child?.kill(signal);
    await this.ended();
  }

  async restart(signal?: NodeJS.Signals): Promise<void> {
    await (signal === undefined ? this.stop() : this.kill(signal));
    await this.start();
  }

  /** Resolves when it does not run any more. */
  async ended(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    await new Promise<void>((resolve) => child.once('exit', () => resolve()));
  }
}
