// Concurrent viewers over all gateways: each reports to the live store the viewers that it has seen, and reads the total from there.
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { LIVE_STORE } from '@millrace/live-store';
import type { LiveStore } from '@millrace/live-store';
import { PlaybackMeter } from '@millrace/playout';
import type { ViewerListener } from '@millrace/playout';
import type { Logger } from '@millrace/service-kit';
import { BoundedCache } from '../cache/bounded-cache.ts';
import { GATEWAY_LOGGER } from '../ports/tokens.ts';
import { PlaybackDirectory } from './playback-directory.ts';

const TELL_MS = 1_000;
/** How often viewers with a connection are told again: the store forgets them after half a minute. */
const TELL_AGAIN_MS = 10_000;
/** A count is asked for once in this time at most. */
const FRESH_MS = 1_000;
const MAX_COUNTS = 10_000;

interface News {
  readonly seen: Set<string>;
  readonly left: Set<string>;
}

@Injectable()
export class LiveViewers implements ViewerListener, OnApplicationShutdown {
  /** Viewers with a connection here, and how many each: one token may open several. */
  readonly #connected = new Map<string, Map<string, number>>();
  readonly #counts = new BoundedCache<string, { readonly count: Promise<number>; readonly askedAtMs: number }>(
    MAX_COUNTS,
  );
  #news = new Map<string, News>();
  #toldAllAtMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #telling: Promise<void> | undefined;

  constructor(
    @Inject(LIVE_STORE) private readonly store: Pick<LiveStore, 'noteViewers' | 'countViewers'>,
    private readonly meter: PlaybackMeter,
    private readonly directory: PlaybackDirectory,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    meter.listen(this);
  }

  seen(playbackId: string, name: string): void {
    const { seen, left } = this.#newsOf(playbackId);
    left.delete(name);
    seen.add(name);
  }

  arrived(playbackId: string, name: string): void {
    const here = this.#connected.get(playbackId) ?? new Map<string, number>();
    this.#connected.set(playbackId, here.set(name, (here.get(name) ?? 0) + 1));
    this.seen(playbackId, name);
  }

  left(playbackId: string, name: string): void {
    const here = this.#connected.get(playbackId);
    const others = (here?.get(name) ?? 1) - 1;
    if (others > 0) return void here?.set(name, others);
    here?.delete(name);
    if (here?.size === 0) this.#connected.delete(playbackId);
    const { seen, left } = this.#newsOf(playbackId);
    seen.delete(name);
    left.add(name);
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

  async onApplicationShutdown(): Promise<void> {
    await this.#telling;
    clearTimeout(this.#timer);
    // Those who have been cut off by the stop.
    await this.#tell();
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

  async #tell(): Promise<void> {
    const now = performance.now();
    if (now - this.#toldAllAtMs >= TELL_AGAIN_MS) {
      this.#toldAllAtMs = now;
      for (const [playbackId, here] of this.#connected) for (const name of here.keys()) this.seen(playbackId, name);
    }
    if (this.#news.size === 0) return;
    const news = this.#news;
    this.#news = new Map();
    const notes = [...news].map(([playbackId, { seen, left }]) => ({
      playbackId,
      seen: [...seen],
      left: [...left],
      groups: this.directory.viewerGroups(playbackId).map(({ id }) => id),
    }));
    try {
      await this.store.noteViewers(notes);
    } catch (error) {
      // Told again soon, or forgotten by the store by itself.
      this.logger.debug({ err: error }, 'cannot tell the live store who watches');
    }
  }

  /** Nothing wakes up while there are no viewers. */
  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#telling = this.#tell().finally(() => {
        if (this.#news.size > 0 || this.#connected.size > 0) this.#schedule();
      });
    }, TELL_MS).unref();
  }

  #newsOf(playbackId: string): News {
    this.#schedule();
    const known = this.#news.get(playbackId);
    if (known !== undefined) return known;
    const made: News = { seen: new Set(), left: new Set() };
    this.#news.set(playbackId, made);
    return made;
  }
}
