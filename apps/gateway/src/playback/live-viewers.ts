// Concurrent viewers over all processes: what this one reports to the live store, and the total that it reads from there.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { PlaybackMeter, ViewerReports } from '@millrace/playout';
import type { Logger } from '@millrace/service-kit';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { PlaybackDirectory } from './playback-directory.ts';

/** A count is asked for once in this time at most. */
const FRESH_MS = 1_000;
const MAX_COUNTS = 10_000;

@Injectable()
export class LiveViewers implements OnApplicationShutdown {
  readonly #reports: ViewerReports;
  readonly #counts = new BoundedCache<string, { readonly count: Promise<number>; readonly askedAtMs: number }>(
    MAX_COUNTS,
  );

  constructor(
    @Inject(LIVE_STORE) private readonly store: Pick<LiveStore, 'noteViewers' | 'countViewers'>,
    private readonly meter: PlaybackMeter,
    directory: PlaybackDirectory,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    const groupsOf = (playbackId: string): string[] => directory.viewerGroups(playbackId).map(({ id }) => id);
    this.#reports = new ViewerReports({ store, logger, groupsOf });
    meter.listen(this.#reports);
  }

  /** How many watch a playback id; those of this gateway alone while the live store does not answer. */
  async countOf(playbackId: string): Promise<number> {
    const now = Date.now();
    const last = this.#counts.get(playbackId);
    if (last !== undefined && now - last.askedAtMs < FRESH_MS) return last.count;
    const count = this.#askFor(playbackId);
    this.#counts.set(playbackId, { count, askedAtMs: now });
    return count;
  }

  onApplicationShutdown(): Promise<void> {
    return this.#reports.close();
  }

  async #askFor(playbackId: string): Promise<number> {
    try {
      const [count = 0] = await this.store.countViewers([playbackId]);
      // The store is told once a second: the first viewer of this gateway counts from its first moment.
      return Math.max(count, this.meter.viewersOf(playbackId) > 0 ? 1 : 0);
    } catch (error) {
      this.logger.debug({ err: error }, 'cannot count the viewers of all gateways');
      return this.meter.viewersOf(playbackId);
    }
  }
}
