// PostgreSQL of the machine, else the one that npm installed, as a process among the others.
import { embeddedBinaries, PostgresServer, systemBinaries } from '@millrace/standalone/postgres';
import type { ControlledProcess } from '../processes/index.ts';

export class PostgresProcess implements ControlledProcess {
  readonly name = 'postgres';
  readonly #server: PostgresServer;

  constructor(folder: string, port: number) {
    const binaries = systemBinaries(process.env.PATH ?? '') ?? embeddedBinaries();
    this.#server = new PostgresServer({ binaries, folder, port, database: 'millrace' });
  }

  /** The address of its database, with the password. */
  get url(): string {
    return this.#server.url;
  }

  get pid(): number | undefined {
    return this.#server.pid;
  }

  get running(): boolean {
    return this.pid !== undefined;
  }

  async start(): Promise<void> {
    await this.#server.start();
  }

  async stop(): Promise<void> {
    await this.#server.stop();
  }

  signal(signal: NodeJS.Signals): void {
    const { pid } = this;
    if (pid === undefined) throw new Error('postgres does not run');
    process.kill(pid, signal);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.#server.kill(signal);
  }

  async restart(signal?: NodeJS.Signals): Promise<void> {
    await (signal === undefined ? this.stop() : this.kill(signal));
    await this.start();
  }
}
