// Starts a real redis-server for tests: a free port of 127.0.0.1, its own temporary folder, nothing written to disk unasked.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const START_ATTEMPTS = 5;

/**
 * Starts a server.
 *
 * @param settings more arguments, such as `--cluster-enabled yes`
 * @throws Error when redis-server is not on the PATH or does not come up
 */
export async function startRedisServer(settings: readonly string[] = []): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-redis-'));
  for (let attempt = 1; ; attempt++) {
    const server = new RedisServer(await freePort(), directory, settings);
    try {
      await server.start();
      return server;
    } catch (error) {
      // Another process may have taken the port meanwhile.
      if (attempt < START_ATTEMPTS && String(error).includes('Address already in use')) continue;
      await server.stop();
      throw error;
    }
  }
}

/** A redis-server of a test, which can be killed, paused and started again at the same address. */
export class RedisServer {
  readonly port: number;
  readonly #directory: string;
  readonly #settings: readonly string[];
  #process: ChildProcess | undefined;
  readonly #killOnExit = (): void => void this.#process?.kill('SIGKILL');

  constructor(port: number, directory: string, settings: readonly string[]) {
    this.port = port;
    this.#directory = directory;
    this.#settings = settings;
    process.once('exit', this.#killOnExit);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Where it loads its dump from when it starts, and where SAVE writes it. */
  get dumpFile(): string {
    return join(this.#directory, 'dump.rdb');
  }

  /** Starts it, with the dump if there is one. */
  async start(): Promise<void> {
    const address = ['--bind', '127.0.0.1', '--port', String(this.port), '--dir', this.#directory];
    const unsaved = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    const child = spawn('redis-server', [...address, ...unsaved, ...this.#settings], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let output = '';
      child.once('error', (error) => reject(new Error('redis-server cannot be started', { cause: error })));
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${output}`)));
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Ready to accept connections')) resolve();
      });
    });
  }

  /** Ends it at once, as a crash would; what it held is lost. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Starts it again at the same address after a kill, empty, or with what a dump holds. */
  async restart(dump?: string): Promise<void> {
    await this.kill();
    await rm(this.dumpFile, { force: true });
    if (dump !== undefined) await copyFile(dump, this.dumpFile);
    await this.start();
  }

  /** It keeps its connections and answers nothing, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP');
  }

  resume(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    process.removeListener('exit', this.#killOnExit);
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** @returns a port that was free just now */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
