// The packager as a process of its own, as it is deployed: to be killed, frozen and stopped.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const STARTED = 'packager waiting for streams';
const MAX_KEPT_LINES = 500;

export interface PackagerChildOptions {
  readonly name: string;
  readonly natsUrl: string;
  readonly redisUrl: string;
}

export class PackagerChild {
  readonly name: string;
  /** What it has logged. */
  readonly lines: string[] = [];
  readonly #child: ChildProcess;
  readonly #killOnExit = (): void => void this.#child.kill('SIGKILL');

  /** Starts it. Resolves when it looks for streams. */
  static async start(options: PackagerChildOptions): Promise<PackagerChild> {
    if (!existsSync(MAIN)) throw new Error(`${MAIN} is not built: run "npm run build"`);
    const child = new PackagerChild(options);
    await child.saying(STARTED);
    return child;
  }

  private constructor({ name, natsUrl, redisUrl }: PackagerChildOptions) {
    this.name = name;
    this.#child = spawn(process.execPath, [MAIN], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        MILLRACE_INSTANCE_ID: name,
        MILLRACE_NATS_URL: natsUrl,
        MILLRACE_REDIS_URL: redisUrl,
        MILLRACE_METRICS_PORT: '0',
        MILLRACE_LEASE_TTL_MS: '900',
        MILLRACE_LEASE_RENEW_MS: '200',
        MILLRACE_WORK_POLL_MS: '50',
      },
    });
    process.once('exit', this.#killOnExit);
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      createInterface({ input: stream }).on('line', (line) => {
        this.lines.push(line);
        if (this.lines.length > MAX_KEPT_LINES) this.lines.shift();
        this.#child.emit('said');
      });
  }

  /** Resolves when it has logged a line with this in it. */
  async saying(text: string): Promise<void> {
    while (!this.lines.some((line) => line.includes(text))) {
      if (this.#hasEnded) throw new Error(`the packager has ended:\n${this.lines.join('\n')}`);
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
