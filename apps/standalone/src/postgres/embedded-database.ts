// The database of one process: PostgreSQL from npm, started again should it ever end by itself.
import type { Logger } from '@millrace/service-kit';
import { embeddedBinaries } from './postgres-binaries.ts';
import { PostgresServer } from './postgres-server.ts';

const RESTART_MS = 1_000;

export class EmbeddedDatabase {
  readonly #server: PostgresServer;
  readonly #logger: Logger;
  #retry: NodeJS.Timeout | undefined;
  #stopping = false;

  /** @param port 0 takes a free one. @throws PostgresError where no PostgreSQL comes with Millrace */
  constructor(folder: string, port: number, logger: Logger) {
    this.#logger = logger;
    this.#server = new PostgresServer({
      binaries: embeddedBinaries(),
      folder,
      port,
      database: 'millrace',
      onExit: () => this.#restart('the database stopped unexpectedly'),
    });
  }

  /** @returns its address, with the password; the same after a restart */
  start(): Promise<string> {
    return this.#server.start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#retry);
    await this.#server.stop();
  }

  #restart(reason: string, cause?: unknown): void {
    if (this.#stopping) return;
    this.#logger.error({ err: cause }, `${reason}; restarting it`);
    this.#retry = setTimeout(() => {
      this.#server.start().catch((error: unknown) => this.#restart('the database does not start', error));
    }, RESTART_MS);
  }
}
