// Writes what sessions and rooms leave behind, in the background: in order, again when PostgreSQL was away, bounded in number.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable, isMissingReference } from '../database/database.errors.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS } from '../ports/tokens.ts';
import type { SessionWrite } from './session-writes.ts';

/** So many writes wait for a database that is away; then the oldest is dropped: the reconciler writes what still matters. */
const MAX_PENDING = 10_000;
/** After a failure that is not the database's absence. */
const RETRY_MS = 250;

@Injectable()
export class SessionRecorder implements OnApplicationShutdown {
  readonly #pending: SessionWrite[] = [];
  #running: Promise<void> | undefined;
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(
    private readonly database: Database,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
  ) {}

  record(write: SessionWrite): void {
    if (this.#pending.length >= MAX_PENDING) {
      this.#pending.shift();
      this.logger.warn('too many rows of sessions and rooms are waiting for PostgreSQL; dropping the oldest');
    }
    this.#pending.push(write);
    this.metrics.sessionWritesPending.set(this.#pending.length);
    this.#run();
  }

  /** Resolves once everything recorded so far is written or given up. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async onApplicationShutdown(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#running;
  }

  #run(): void {
    this.#running ??= this.#writeAll().finally(() => {
      this.#running = undefined;
      if (this.#pending.length > 0 && !this.#closed) this.#run();
    });
  }

  async #writeAll(): Promise<void> {
    for (let write = this.#pending[0]; write !== undefined; write = this.#pending[0]) {
      if (!(await this.#tryWrite(write))) {
        if (this.#closed) return;
        await this.#untilWorthAnotherTry();
        continue;
      }
      if (this.#pending[0] === write) this.#pending.shift();
      this.metrics.sessionWritesPending.set(this.#pending.length);
    }
  }

  /** @returns whether it is done with */
  async #tryWrite(write: SessionWrite): Promise<boolean> {
    try {
      await this.database.transaction(write, { lane: 'control' });
    } catch (error) {
      if (error instanceof DatabaseUnavailable) return false;
      // The stream or the tenant was deleted meanwhile: then its sessions are too.
      if (!isMissingReference(error)) this.logger.error({ err: error }, 'cannot write a row of a session or a room');
    }
    return true;
  }

  async #untilWorthAnotherTry(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, RETRY_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
