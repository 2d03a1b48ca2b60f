// A service as a process of its own, as it is deployed: to be killed, frozen and stopped.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

const MAX_KEPT_LINES = 500;

export interface ServiceChildOptions {
  /** Its instance id. */
  readonly name: string;
  /** The file that Node.js runs. */
  readonly main: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
  readonly env: Readonly<Record<string, string>>;
}

export class ServiceChild {
  readonly name: string;
  readonly pid: number;
  /** What it has logged. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #killOnExit = (): void => void this.#child.kill('SIGKILL');

  /** Starts it; what is to be waited for next is what it logs when it is ready. */
  constructor({ name, main, natsUrl, redisUrl, env }: ServiceChildOptions) {
    if (!existsSync(main)) throw new Error(`${main} is not built: run "npm run build"`);
    this.name = name;
    this.#child = spawn(process.execPath, [main], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        MILLRACE_INSTANCE_ID: name,
        MILLRACE_NATS_URL: natsUrl,
        MILLRACE_REDIS_URL: redisUrl,
        MILLRACE_METRICS_PORT: '0',
        ...env,
      },
    });
    this.pid = this.#child.pid ?? 0;
    process.once('exit', this.#killOnExit);
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > MAX_KEPT_LINES) this.lines.shift();
        this.#child.emit('said');
      });
  }

  /** Resolves with the line when it has logged one with this in it. */
  async saying(text: string): Promise<string> {
    for (;;) {
      const line = this.lines.find((one) => one.includes(text));
      if (line !== undefined) return line;
      if (this.#hasEnded) throw new Error(`${this.name} has ended:\n${this.lines.join('\n')}`);
      await Promise.race([once(this.#child, 'said'), once(this.#child, 'exit')]);
    }
  }

  freeze(): void {
    this.#child.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child.kill('SIGCONT');
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Stops it as an orchestrator does. @returns its exit code */
  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    process.removeListener('exit', this.#killOnExit);
    if (this.#hasEnded) return this.#child.exitCode;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
    return this.#child.exitCode;
  }
}
