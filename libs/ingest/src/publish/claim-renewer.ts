// Keeps the claims of this edge's publishers alive, all of them in one round trip a second, and promotes those that wait.
import { Inject, Injectable } from '@nestjs/common';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { newId, onSharedBeatWhile } from '@millrace/domain';
import type { Beat, PublishClaim, PublishRefusal } from '@millrace/domain';
import { LIVE_STORE } from '@millrace/live-store';
import type { ClaimLoss, LiveStore, PromotionCause, StandbyReport } from '@millrace/live-store';
import { LOGGER } from '@millrace/service-kit';
import type { Logger } from '@millrace/service-kit';
import { INGEST_CLOCK, INGEST_METRICS, INGEST_SETTINGS } from '../ingest-options.ts';
import type { IngestSettings } from '../ingest-options.ts';
import type { IngestMetrics } from '../metrics/ingest-metrics.ts';
import type { ActivePublisher } from './active-publishers.ts';
import { claimIds } from './claim-ids.ts';
import { PublishLifecycle } from './publish-lifecycle.ts';
import { PublisherDrain } from './publisher-drain.ts';

/** Revoking a key disconnects its publisher within a second even if the control message was lost. */
const RENEW_INTERVAL_MS = 1_000;
/** Encoders that wait are renewed so often, and publishers that are silent: so soon one takes over from the other. */
const ROUND_MS = RENEW_INTERVAL_MS / 2;
/** Less silence than this is not told. */
const SILENT_FROM_MS = 500;
/** A round that begins so long after the one before is late: this process stood still. */
const LATE_MS = 2 * ROUND_MS;

const REASONS: Readonly<Record<ClaimLoss, PublishRefusal>> = {
  taken_over: 'taken_over',
  key_revoked: 'key_revoked',
  ended: 'ended',
};

@Injectable()
export class ClaimRenewer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: Beat | undefined;
  #running = false;
  #failing = false;
  #isWholeRound = false;
  #roundAtMs: number | undefined;
  /** Those whose silence the store has: it is told as soon as that is over. */
  #silent = new WeakSet<ActivePublisher>();

  constructor(
    @Inject(PublishLifecycle)
    private readonly publishes: Pick<PublishLifecycle, 'active' | 'waiting' | 'promote' | 'demote' | 'detailsOf'>,
    @Inject(LIVE_STORE) private readonly liveStore: Pick<LiveStore, 'renewClaims' | 'renewStandbys'>,
    @Inject(PublisherDrain) private readonly drain: Pick<PublisherDrain, 'hasBegun'>,
    @Inject(INGEST_SETTINGS) private readonly settings: Pick<IngestSettings, 'backupAfterMs'>,
    @Inject(INGEST_METRICS) private readonly metrics: Pick<IngestMetrics, 'renewFailures'>,
    @Inject(INGEST_CLOCK) private readonly clock: () => number,
    @Inject(LOGGER) private readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>,
  ) {}

  onApplicationBootstrap(): void {
    const { active, waiting } = this.publishes;
    const beat = onSharedBeatWhile(
      ROUND_MS,
      () => active.size + waiting.size > 0,
      () => void this.renew(),
    );
    this.#timer = beat;
    // What came before the rest tells nothing of how late the next round is.
    const begin = (): void => {
      if (active.size + waiting.size === 1) this.#roundAtMs = undefined;
      beat.wake();
    };
    active.whenAdded(begin);
    waiting.whenAdded(begin);
  }

  beforeApplicationShutdown(): void {
    this.#timer?.stop();
  }

  /** One round. It is skipped while another one waits for the store. Streams stay live while the store is unavailable. */
  async renew(): Promise<void> {
    if (this.#running) return;
    this.#isWholeRound = !this.#isWholeRound;
    const silenceOf = this.#silences();
    const active = this.publishes.active
      .list()
      .filter((each) => this.#isWholeRound || silenceOf(each) > 0 || this.#silent.has(each));
    const waiting = this.publishes.waiting.list();
    if (active.length + waiting.length === 0) return;
    this.#running = true;
    try {
      await Promise.all([this.#renewActive(active, silenceOf), this.#renewWaiting(waiting)]);
      if (this.#failing) this.logger.info('claim renewal works again');
      this.#failing = false;
    } catch (error) {
      this.metrics.renewFailures.inc();
      if (!this.#failing) this.logger.warn({ err: error }, 'cannot renew claims; publishers continue');
      this.#failing = true;
    } finally {
      this.#running = false;
    }
  }

  /** When this process stood still, what encoders sent meanwhile is not read yet: nothing is said of their silence then. */
  #silences(): (active: ActivePublisher) => number {
    const nowMs = this.clock();
    const isLate = this.#roundAtMs !== undefined && nowMs - this.#roundAtMs > LATE_MS;
    this.#roundAtMs = nowMs;
    return ({ publisher: { silentMs } }) => (isLate || silentMs < SILENT_FROM_MS ? 0 : silentMs);
  }

  async #renewActive(
    active: readonly ActivePublisher[],
    silenceOf: (active: ActivePublisher) => number,
  ): Promise<void> {
    if (active.length === 0) return;
    const silences = active.map(silenceOf);
    active.forEach((each, i) => {
      if (silences[i] === 0) this.#silent.delete(each);
      else this.#silent.add(each);
    });
    const losses = await this.liveStore.renewClaims(
      active.map(({ publisher }) => publisher.claim),
      silences,
    );
    losses.forEach((loss, i) => {
      const lost = active[i];
      if (loss === undefined || lost === undefined) return;
      if (loss === 'standby') this.publishes.demote(lost);
      else lost.cut(REASONS[loss]);
    });
  }

  async #renewWaiting(waiting: readonly ActivePublisher[]): Promise<void> {
    if (waiting.length === 0) return;
    const { backupAfterMs } = this.settings;
    const reports = waiting.map((active): StandbyReport => {
      const { claim, silentMs, hasBegun } = active.publisher;
      const details = this.publishes.detailsOf(active);
      // One that waits at a stopping edge leaves in a moment.
      const isReady = !this.drain.hasBegun && hasBegun && silentMs < backupAfterMs;
      return { claim, silentMs, isReady, details, newSessionId: newId('ses') };
    });
    const outcomes = await this.liveStore.renewStandbys(reports, backupAfterMs);
    outcomes.forEach((outcome, i) => {
      const active = waiting[i];
      if (active === undefined) return;
      if (outcome.outcome === 'promoted') this.#promote(active, outcome.claim, outcome.cause);
      else if (outcome.outcome === 'lost') active.cut(REASONS[outcome.loss]);
    });
  }

  #promote(active: ActivePublisher, claim: PublishClaim, cause: PromotionCause): void {
    try {
      this.publishes.promote(active, claim, cause);
    } catch (error) {
      this.logger.error({ err: error, ...claimIds(claim) }, 'the frame bus did not accept the publisher');
      active.cut('unavailable');
    }
  }
}
