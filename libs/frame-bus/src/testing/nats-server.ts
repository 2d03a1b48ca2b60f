// A real nats-server for tests: on a free port of this machine, with a folder of its own, to be stopped, killed, paused.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface NatsServerOptions {
  /** 0 picks a free one; it stays the same over restarts. */
  readonly port?: number;
  /** Where it stores, when not in a folder of its own; it is not removed. */
  readonly folder?: string;
  /** Further arguments of the command line. */
  readonly arguments?: readonly string[];
  /** How long the server may take to listen, in milliseconds. Default 10 000. */
  readonly startTimeoutMs?: number;
}

const LISTENING = /Listening for client connections on 127\.0\.0\.1:(\d+)/;
const READY = /Server is ready/;
const MAX_KEPT_LOG_LINES = 200;

export class NatsServer {
  readonly #options: NatsServerOptions;
  readonly #folder: string;
  #port: number;
  #child: ChildProcess | undefined;
  #log: string[] = [];
  readonly #onExit = (): void => void this.#child?.kill('SIGKILL');

  /** Use `startNatsServer`. */
  constructor(folder: string, options: NatsServerOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#port = options.port ?? 0;
    process.on('exit', this.#onExit);
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** The id of the server's process, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** The newest lines that the server has logged. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** Starts it, again on the same port. Resolves when it is ready. */
  async start(): Promise<void> {
    if (this.#child) throw new Error('the server is running');
    const port = this.#port === 0 ? '-1' : String(this.#port);
    const fixed = ['--addr', '127.0.0.1', '--port', port, '--jetstream', '--store_dir', this.#folder];
    const child = spawn('nats-server', [...fixed, ...(this.#options.arguments ?? [])], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#child = child;
    const timer = setTimeout(() => child.kill('SIGKILL'), this.#options.startTimeoutMs ?? 10_000);
    const ready = new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`nats-server did not start:\n${this.#log.join('\n')}`)));
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.#log.push(line);
        if (this.#log.length > MAX_KEPT_LOG_LINES) this.#log.shift();
        const listening = LISTENING.exec(line);
        if (listening) this.#port = Number(listening[1]);
        if (READY.test(line)) resolve();
      });
    });
    await ready.finally(() => clearTimeout(timer));
  }

  /** Stops it as an operator would, and waits until it is gone. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Ends it at once: what is only in its memory is lost. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Freezes it: connections stay open, nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Deletes all that it has stored. Only while it does not run. */
  async wipe(): Promise<void> {
    if (this.#child) throw new Error('the server is running');
    if (this.#options.folder === undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  /** Kills it and deletes its folder. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.wipe();
    process.off('exit', this.#onExit);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await gone;
  }
}

/** Starts a server with JetStream, in a new folder under the system's temporary one. Dispose of it at the end. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = new NatsServer(options.folder ?? (await mkdtemp(join(tmpdir(), 'millrace-nats-'))), options);
  try {
    await server.start();
    return server;
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}
