// Whether viewers of a tenant may be sent any more this month: answered from memory, brought up to date every few seconds.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from '@millrace/service-kit';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { ProblemError } from '../http/problem-error.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { EgressOfMonth } from './egress-of-month.ts';

const LOOK_MS = 5_000;
/** Tenants with a limit whose streams were asked for lately. */
const MAX_TENANTS = 10_000;
const TENANTS_AT_ONCE = 500;

@Injectable()
export class PlaybackQuotas implements OnApplicationShutdown {
  /** Bytes of the month. */
  readonly #used = new BoundedCache<string, number>(MAX_TENANTS);
  readonly #wanted = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly egress: EgressOfMonth,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** @returns why viewers of this tenant are refused. What is not known yet is allowed. */
  refusal(tenantId: string, limit: number | null | undefined): ProblemError | undefined {
    if (limit === null || limit === undefined) return undefined;
    const used = this.#used.get(tenantId);
    if (this.#wanted.size < MAX_TENANTS) this.#wanted.add(tenantId);
    this.#schedule(used === undefined ? 0 : LOOK_MS);
    if ((used ?? 0) < limit) return undefined;
    return new ProblemError(
      'playback_quota_exceeded',
      `The tenant of this stream has used its quota of ${limit} bytes sent to viewers this month (egress_bytes_per_month).`,
    );
  }

  #schedule(afterMs: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#running = this.#look().finally(() => (this.#timer = undefined));
    }, afterMs).unref();
  }

  async #look(): Promise<void> {
    const wanted = [...this.#wanted];
    this.#wanted.clear();
    try {
      for (let from = 0; from < wanted.length; from += TENANTS_AT_ONCE)
        for (const [id, used] of await this.egress.of(wanted.slice(from, from + TENANTS_AT_ONCE), Date.now()))
          this.#used.set(id, used);
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable))
        this.logger.warn({ err: error }, 'cannot read the egress of tenants');
    }
  }
}
