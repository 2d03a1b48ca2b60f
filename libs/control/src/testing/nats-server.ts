// A real nats-server for tests, on a free port of the loopback.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const LISTENING = /Listening for client connections on 127\.0\.0\.1:(\d+)/;

export class TestNatsServer {
  #process: ChildProcess | undefined;
  #port = -1;

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Starts it, on the port of last time if there was one. */
  async start(): Promise<void> {
    const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(this.#port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = server;
    const lines = createInterface({ input: server.stderr });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.once('exit', (code) => reject(new Error(`nats-server ended with code ${code}`)));
      lines.on('line', (line) => {
        const port = LISTENING.exec(line)?.[1];
        if (port !== undefined) this.#port = Number(port);
        if (line.includes('Server is ready')) resolve();
      });
    });
  }

  async stop(): Promise<void> {
    const server = this.#process;
    if (!server || server.exitCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  }
}
