// Brings a feed up to date from the captured stream, and joins it to the live messages that wait meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import { comparePositions } from '@millrace/domain';
import type { FramePosition } from '@millrace/domain';
import type { FrameFeed } from './frame-feed.ts';
import type { HeldMessages } from './held-messages.ts';
import type { JetStreamLog, LogStart } from './jetstream-log.ts';
import type { NatsLink } from './nats-link.ts';
import type { NatsFrameBusLimits } from './nats-limits.ts';

/** A wait for missing frames. */
interface Missing {
  readonly expected: FramePosition;
  readonly sinceMs: number;
  /** The whole log was read for them once. */
  wasSearched: boolean;
}

/**
 * One pass over the log, on one connection. Missing frames are waited for where they may still come:
 * - before the oldest message, if the link has only just become ready: publishers may be about to send again;
 * - elsewhere, or between the log and the live feed: the server stores a moment later than it delivers.
 *
 * They are given up only when the whole log was read for them, not just from where they should be.
 */
export class CatchUp {
  readonly #feed: FrameFeed;
  readonly #log: JetStreamLog;
  readonly #held: HeldMessages;
  readonly #link: NatsLink;
  readonly #limits: NatsFrameBusLimits;
  #missing: Missing | undefined;
  /** The log is read from its oldest message on. */
  #isThorough = false;

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
    const start = await this.#findStart();
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

  /** From the position that follows; from the oldest message when that has just not helped, or is about to be given up. */
  #findStart(): Promise<LogStart | undefined> {
    const { expected } = this.#feed;
    const missing = expected && this.#missingAt(expected);
    const isOverdue = Date.now() >= this.#giveUpAtMs(false);
    this.#isThorough = !expected || (missing !== undefined && (isOverdue || !missing.wasSearched));
    if (missing && this.#isThorough) missing.wasSearched = true;
    return expected && !this.#isThorough ? this.#log.find(expected) : this.#log.findOldest();
  }

  /** Gives missing frames up when they have been looked and waited for long enough. @returns whether it did */
  #giveUp(next: FramePosition, isBeforeOldest: boolean): boolean {
    const { expected } = this.#feed;
    if (!expected) return true;
    this.#missing = this.#missingAt(expected) ?? { expected, sinceMs: Date.now(), wasSearched: false };
    const isSearched = this.#isThorough || isBeforeOldest;
    if (!isSearched || Date.now() < this.#giveUpAtMs(isBeforeOldest)) return false;
    this.#feed.giveUpBefore(next);
    return true;
  }

  /** The wait for the frames at this position, if it has begun. */
  #missingAt(expected: FramePosition): Missing | undefined {
    const missing = this.#missing;
    return missing && comparePositions(missing.expected, expected) === 0 ? missing : undefined;
  }

  #giveUpAtMs(isBeforeOldest: boolean): number {
    const sinceMs = isBeforeOldest ? this.#link.readySinceMs : (this.#missing?.sinceMs ?? Date.now());
    return sinceMs + this.#limits.gapWaitMs;
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
