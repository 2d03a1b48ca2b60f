// The TURN server as a whole: what others ask of it, and how it leaves.
import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { RevokeRelay } from '@millrace/control';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { announcedAddresses, familiesWithoutRelays } from './addresses.ts';
import type { TurnAddresses } from './addresses.ts';
import { AlternateWatch } from './alternate-watch.ts';
import type { TurnClock } from './clock.ts';
import type { TurnMetrics } from './metrics/turn-metrics.ts';
import type { TurnSettings } from './settings.ts';
import { TURN_ADDRESSES, TURN_CLOCK, TURN_METRICS, TURN_SETTINGS } from './turn-options.ts';
import { RelayWorkers } from './worker/relay-workers.ts';
import type { OpenedPorts } from './worker/worker-messages.ts';

/** How often a draining server looks whether it is empty. */
const DRAIN_LOOK_MS = 50;

/** Depends on all that it needs to leave: Nest starts them first, and stops them once this has drained. */
@Injectable()
export class TurnService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #leaving = false;

  constructor(
    private readonly workers: RelayWorkers,
    _alternates: AlternateWatch,
    @Inject(TURN_SETTINGS) private readonly settings: TurnSettings,
    @Inject(TURN_ADDRESSES) private readonly addresses: TurnAddresses,
    @Inject(TURN_METRICS) private readonly metrics: TurnMetrics,
    @Inject(TURN_CLOCK) private readonly clock: TurnClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The ports that were opened; undefined before the application has started. */
  get ports(): OpenedPorts | undefined {
    return this.workers.opened;
  }

  /** Number of current allocations. */
  get allocations(): number {
    return this.workers.allocations;
  }

  onApplicationBootstrap(): void {
    const { settings, addresses, logger } = this;
    for (const family of familiesWithoutRelays(settings, addresses.relays))
      logger.warn(
        { family },
        'listening for clients of this family, but there are no relays of it: set MILLRACE_TURN_PUBLIC_ADDRESS',
      );
    logger.info(
      { ports: this.ports, relays: announcedAddresses(addresses), allowed_peers: settings.turnAllowedPeers },
      'TURN listening',
    );
  }

  /** Leaves, and waits at most `turnDrainMs` until the allocations that there are have ended. */
  async beforeApplicationShutdown(): Promise<void> {
    this.leave();
    const deadlineMs = this.clock.nowMs() + this.settings.turnDrainMs;
    while (this.allocations > 0 && this.clock.nowMs() < deadlineMs) await delay(DRAIN_LOOK_MS);
  }

  /** Refuses new allocations from now on; existing ones continue and can be refreshed. Idempotent. */
  leave(): void {
    if (this.#leaving) return;
    this.#leaving = true;
    this.metrics.draining.set(1);
    this.workers.drain();
  }

  /** A control message: what this subject has ends now. */
  revoke({ tenantId, subject }: RevokeRelay): void {
    this.metrics.revocations.inc();
    this.workers.tellAll({ kind: 'revoke', tenantId, subject });
  }
}
