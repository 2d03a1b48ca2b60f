// Compares what is live with what the database says, again and again: what an event would have told, had it arrived.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { RoomReconciliation } from '../rooms/room-reconciliation.ts';
import { SessionReconciliation } from '../sessions/session-reconciliation.ts';
import type { GatewaySettings } from '../settings.ts';
import { RefusedPublishers } from './refused-publishers.ts';

@Injectable()
export class Reconciler implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(
    private readonly database: Database,
    private readonly refused: RefusedPublishers,
    private readonly sessions: SessionReconciliation,
    private readonly rooms: RoomReconciliation,
    @Inject(LIVE_STORE) private readonly store: LiveStore,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.#schedule();
  }

  async onApplicationShutdown(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  /** One round. Does nothing while either side is away. */
  async reconcile(): Promise<void> {
    if (!this.database.isUp || !this.store.isReady()) return;
    const live = await this.store.listLiveStreams();
    const now = Date.now();
    await this.refused.cut(live, now);
    await this.sessions.reconcile(live, now);
    await this.rooms.reconcile(now);
  }

  #schedule(): void {
    // Several gateways do not all ask at the same time.
    const pause = this.settings.reconcileMs / 2 + randomInt(this.settings.reconcileMs);
    this.#timer = setTimeout(() => {
      this.#running = this.#tryReconcile().finally(() => {
        if (!this.#closed) this.#schedule();
      });
    }, pause).unref();
  }

  async #tryReconcile(): Promise<void> {
    try {
      await this.reconcile();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailable))
        this.logger.warn({ err: error }, 'cannot reconcile live streams and rooms');
    }
  }
}
