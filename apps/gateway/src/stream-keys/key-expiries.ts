// Cuts who publishes with a key when it expires, at that time rather than in the reconciler's next round.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { StreamKeyEntity } from './stream-key.entity.ts';
import { PublisherCuts } from '../publisher-cuts/publisher-cuts.ts';

/** More are left to the reconciler, which finds them a little later. */
const MAX_TIMERS = 10_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

interface Expiry {
  readonly atMs: number;
  readonly timer: NodeJS.Timeout;
}

@Injectable()
export class KeyExpiries implements OnApplicationShutdown {
  readonly #expiries = new Map<string, Expiry>();

  constructor(
    private readonly database: Database,
    private readonly cuts: PublisherCuts,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  /** Takes note of when a key in use expires. The reconciler repeats in time what is too far away now. */
  expect(streamId: string, streamKeyId: string, expiresAtMs: number | null): void {
    const known = this.#expiries.get(streamKeyId);
    if (known?.atMs === expiresAtMs) return;
    this.#forget(streamKeyId);
    if (expiresAtMs === null || this.#expiries.size >= MAX_TIMERS) return;
    const inMs = Math.max(0, expiresAtMs - Date.now());
    if (inMs > Math.min(2 * this.settings.reconcileMs, LONGEST_TIMER_MS)) return;
    const timer = setTimeout(() => void this.#expire(streamId, streamKeyId), inMs).unref();
    this.#expiries.set(streamKeyId, { atMs: expiresAtMs, timer });
  }

  onApplicationShutdown(): void {
    for (const streamKeyId of [...this.#expiries.keys()]) this.#forget(streamKeyId);
  }

  async #expire(streamId: string, streamKeyId: string): Promise<void> {
    this.#forget(streamKeyId);
    const expiresAtMs = await this.#readExpiry(streamKeyId);
    if (expiresAtMs === undefined || expiresAtMs <= Date.now())
      await this.cuts.cutKey(streamId, streamKeyId, 'key_expired');
    else this.expect(streamId, streamKeyId, expiresAtMs);
  }

  /** @returns undefined when the database does not answer: then what was known holds */
  async #readExpiry(id: string): Promise<number | undefined> {
    try {
      const row = await this.database.run((manager) => manager.findOneBy(StreamKeyEntity, { id }), 'control');
      return row === null ? undefined : (row.expiresAt?.getTime() ?? Infinity);
    } catch (error) {
      if (error instanceof DatabaseUnavailable) return undefined;
      throw error;
    }
  }

  #forget(streamKeyId: string): void {
    clearTimeout(this.#expiries.get(streamKeyId)?.timer);
    this.#expiries.delete(streamKeyId);
  }
}
