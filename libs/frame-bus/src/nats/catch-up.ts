// Brings a feed up to date from the captured stream, and joins it to the live messages that wait meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { comparePositions, type FramePosition } from '@millrace/domain';
import type { FrameFeed } from './frame-feed.ts';
import type { HeldMessages } from './held-messages.ts';
import type { JetStreamLog } from './jetstream-log.ts';
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

/** A wait for missing frames. */
interface Missing {
  readonly expected: FramePosition;
  readonly sinceMs: number;
}

/**
 * One pass over the log, on one connection. Missing frames are waited for where they may still come:
 * - before the oldest message, if the link has only just become ready: publishers may be about to send again;
 * - elsewhere, or between the log and the live feed: the server stores a moment later than it delivers.
 */
export class CatchUp {
  readonly #feed: FrameFeed;
  readonly #log: JetStreamLog;
  readonly #held: HeldMessages;
  readonly #link: NatsLink;
  readonly #limits: NatsFrameBusLimits;
  #missing: Missing | undefined;

  constructor(feed: FrameFeed, log: JetStreamLog, held: HeldMessages, link: NatsLink, limits: NatsFrameBusLimits) {
    this.#feed = feed;
    this.#log = log;
    this.#held = held;
    this.#link = link;
    this.#limits = limits;
  }

  /**
   * Resolves when the feed is up to date: whatever the live feed brings from now on follows.
   * @throws when the connection breaks, or the server does not answer
   */
  async run(): Promise<void> {
    let wasQuiet = false;
    while (!this.#feed.isClosed) {
      const isAtEnd = await this.#readLog();
      if (this.#feed.isClosed) return;
      if (this.#held.takeOverflow()) continue;
      const next = isAtEnd ? this.#held.first() : undefined;
      if (next && (this.#feed.joins(next) || this.#giveUp(next, false))) {
        if (this.#giveHeld()) return;
        continue;
      }
      if (isAtEnd && !next && wasQuiet) return;
      wasQuiet = isAtEnd && !next;
      await delay(isAtEnd ? this.#limits.settleMs : this.#limits.gapPollMs);
    }
  }

  /** Reads the log to its end. @returns false when it stopped before, at frames that are missing but may still come */
  async #readLog(): Promise<boolean> {
    const start = await this.#log.find(this.#feed.expected);
    if (!start) return true;
    this.#feed.interrupted();
    let isOldest = start.isOldest;
    for await (const message of this.#log.read(start.sequence)) {
      while (!this.#feed.take(message)) {
        const next = this.#feed.missingBefore;
        if (!next || !this.#giveUp(next, isOldest)) return false;
      }
      if (this.#feed.isClosed) return true;
      isOldest = false;
    }
    return true;
  }

  /** Gives missing frames up when they have been waited for long enough. @returns whether it did */
  #giveUp(next: FramePosition, isOldest: boolean): boolean {
    const { expected } = this.#feed;
    if (!expected) return true;
    if (!this.#missing || comparePositions(this.#missing.expected, expected) !== 0)
      this.#missing = { expected, sinceMs: Date.now() };
    const sinceMs = isOldest ? this.#link.readySinceMs : this.#missing.sinceMs;
    if (Date.now() < sinceMs + this.#limits.gapWaitMs) return false;
    this.#feed.giveUpBefore(next);
    return true;
  }

  /** Gives what is held. @returns false when frames are missing in between: they must be looked for in the log */
  #giveHeld(): boolean {
    this.#feed.restartParts();
    for (let message = this.#held.peek(); message; message = this.#held.peek()) {
      if (!this.#feed.take(message)) return false;
      this.#held.shift();
    }
    return true;
  }
}
