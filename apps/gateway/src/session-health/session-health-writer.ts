// Writes each minute what all sessions were sent in it. Every gateway tries; the table lets one of them.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { randomInt } from 'node:crypto';
import { LIVE_STORE, LiveStoreError } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { DatabaseUnavailable } from '../database/database.errors.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { beginningOfStep, FIVE_MINUTES_SECONDS, joinSteps, MINUTE_SECONDS, stepOfSample } from './health-steps.ts';
import { SessionHealthTable } from './session-health-table.ts';
import type { SessionStep } from './session-health-table.ts';

const MINUTE_MS = MINUTE_SECONDS * 1_000;
/** A minute is complete when its last reports have come: an edge reports every 5 s, by its own clock. */
const LATE_REPORTS_MS = 15_000;
/** How often to look, and by how much several gateways differ. */
const LOOK_MS = 15_000;
const SPREAD_MS = 5_000;
/** What was missed, while no gateway was there, is written so many minutes at a time, as far back as the live store reaches. */
const MINUTES_AT_ONCE = 5;
const KEPT_MINUTES = 180;
/** So many sessions are read at once. */
const READ_AT_ONCE = 500;
/** Old steps are joined this much at a time, a few times in a round. */
const COARSEN_MS = 60 * MINUTE_MS;
const COARSEN_ROUNDS = 24;
const DAY_MS = 24 * 60 * MINUTE_MS;

@Injectable()
export class SessionHealthWriter implements OnApplicationBootstrap, OnApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;
  #purgedAtMs = 0;
  /** Every minute before this is written, by whichever gateway. */
  #writtenUntilMs = 0;

  constructor(
    private readonly table: SessionHealthTable,
    private readonly database: Database,
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

  /** One round: every minute that is complete and not written. */
  async round(nowMs: number): Promise<void> {
    if (!this.database.isUp || !this.store.isReady()) return;
    const completeMs = completeUntil(nowMs);
    let from = await this.table.writtenUntil(MINUTE_SECONDS, new Date(completeMs - MINUTE_MS));
    while (from.getTime() < completeMs && !this.#closed) {
      const to = new Date(Math.min(from.getTime() + MINUTES_AT_ONCE * MINUTE_MS, completeMs));
      // What the live store has forgotten is skipped.
      const kept = to.getTime() > completeMs - KEPT_MINUTES * MINUTE_MS;
      const steps = kept ? await this.#measured(from, to) : [];
      await this.table.write(
        from,
        to,
        to.getTime() === completeMs ? await this.#withViewers(steps, completeMs) : steps,
      );
      from = to;
    }
    this.#writtenUntilMs = from.getTime();
    if (nowMs - this.#purgedAtMs < COARSEN_MS) return;
    this.#purgedAtMs = nowMs;
    await this.age(nowMs);
  }

  /** Joins minutes that are old, and deletes what is older. */
  async age(nowMs: number): Promise<void> {
    const { sessionHealthMinuteRetentionMs: minutesMs, sessionHealthRetentionMs: allMs } = this.settings;
    const until = beginningOfStep(nowMs - minutesMs, FIVE_MINUTES_SECONDS);
    let from = await this.table.writtenUntil(FIVE_MINUTES_SECONDS, new Date(until - DAY_MS));
    for (let round = 0; round < COARSEN_ROUNDS && from.getTime() < until && !this.#closed; round++) {
      const to = new Date(Math.min(from.getTime() + COARSEN_MS, until));
      await this.table.coarsen(from, to);
      from = to;
    }
    for (const step of [MINUTE_SECONDS, FIVE_MINUTES_SECONDS])
      await this.table.deleteBefore(step, new Date(nowMs - allMs));
  }

  async #measured(from: Date, to: Date): Promise<SessionStep[]> {
    const sessions = await this.table.sessionsSince(from);
    const steps: SessionStep[] = [];
    for (let i = 0; i < sessions.length; i += READ_AT_ONCE) {
      const some = sessions.slice(i, i + READ_AT_ONCE);
      const series = await this.store.readHealth(some, from.getTime(), to.getTime());
      for (const [place, samples] of series.entries())
        for (const step of joinSteps(samples.map(stepOfSample), MINUTE_SECONDS))
          steps.push({ ...step, sessionId: some[place]! });
    }
    return steps;
  }

  /** How many watch is known of this moment only: it counts for the newest minute, which has just ended. */
  async #withViewers(steps: readonly SessionStep[], completeMs: number): Promise<SessionStep[]> {
    const newest = new Set(
      steps.filter(({ atMs }) => atMs === completeMs - MINUTE_MS).map(({ sessionId }) => sessionId),
    );
    const ids = newest.size === 0 ? [] : await this.table.playbackIdsOf([...newest]);
    const viewers = new Map<string, number>();
    for (let i = 0; i < ids.length; i += READ_AT_ONCE) {
      const some = ids.slice(i, i + READ_AT_ONCE);
      const counts = await this.store.countViewers(some.map(({ playbackId }) => playbackId));
      for (const [place, { sessionId }] of some.entries())
        viewers.set(sessionId, (viewers.get(sessionId) ?? 0) + (counts[place] ?? 0));
    }
    return steps.map((step) =>
      step.atMs === completeMs - MINUTE_MS ? { ...step, viewers: viewers.get(step.sessionId) ?? null } : step,
    );
  }

  #schedule(): void {
    this.#timer = setTimeout(
      () => {
        this.#running = this.#tryRound().finally(() => {
          if (!this.#closed) this.#schedule();
        });
      },
      LOOK_MS + randomInt(SPREAD_MS),
    ).unref();
  }

  async #tryRound(): Promise<void> {
    try {
      const nowMs = Date.now();
      if (completeUntil(nowMs) > this.#writtenUntilMs) await this.round(nowMs);
    } catch (error) {
      // The next round writes what this one has not.
      if (!(error instanceof DatabaseUnavailable || error instanceof LiveStoreError))
        this.logger.error({ err: error }, 'cannot write the health of sessions');
    }
  }
}

const completeUntil = (nowMs: number): number => beginningOfStep(nowMs - LATE_REPORTS_MS, MINUTE_SECONDS);
