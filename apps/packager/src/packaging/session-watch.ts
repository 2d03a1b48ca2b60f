// Decides when a session is over: its publisher has been away for the reconnect window, and nothing of it is still on its way.
import type { LiveStream } from '@millrace/live-store';

/** No frame has come for so long: what the log held is read, also by a packager that has just taken over. */
const QUIET_MS = 500;
/**
 * A stream whose lease is held and that the store does not list for so long has no session any more: an operator ended it. A
 * store that lost everything lost the lease as well, which shows sooner.
 */
const UNLISTED_MS = 2_000;
/** Edges cut publishers that say nothing; a feed that brings nothing for so long is opened anew. */
const STALLED_MS = 20_000;

export class SessionWatch {
  #awaySinceMs: number | undefined;
  #unlistedSinceMs: number | undefined;
  #quietSinceMs = 0;
  #framesTaken = -1;
  #nowMs = 0;
  #isConnected = false;

  /**
   * Takes note of what the store says of the stream now. The window is counted on this process's own clock from when it first
   * saw the publisher missing: wall clocks may be set, and those of machines differ. A takeover in between makes it longer.
   *
   * @param live undefined when the store does not list the stream
   * @param framesTaken grows with each frame
   * @returns whether the session is over
   */
  observe(live: LiveStream | undefined, reconnectWindowMs: number, framesTaken: number, nowMs: number): boolean {
    this.#nowMs = nowMs;
    this.hasFlowed(framesTaken, nowMs);
    this.#isConnected = live !== undefined && live.disconnectedAtMs === undefined;
    // An encoder that waits goes on in a moment.
    const isAway = live !== undefined && live.disconnectedAtMs !== undefined && live.standby?.isReady !== true;
    this.#awaySinceMs = isAway ? (this.#awaySinceMs ?? nowMs) : undefined;
    this.#unlistedSinceMs = live === undefined ? (this.#unlistedSinceMs ?? nowMs) : undefined;
    if (!this.isQuiet) return false;
    if (this.#awaySinceMs !== undefined) return nowMs - this.#awaySinceMs >= reconnectWindowMs;
    if (this.#unlistedSinceMs === undefined) return false;
    return nowMs - this.#unlistedSinceMs >= UNLISTED_MS;
  }

  /** @returns whether frames have come since this was asked, or the stream observed, last */
  hasFlowed(framesTaken: number, nowMs: number): boolean {
    if (framesTaken === this.#framesTaken) return false;
    this.#framesTaken = framesTaken;
    this.#quietSinceMs = nowMs;
    return true;
  }

  /** Whether no frame has come for a while, as of the last observation. */
  get isQuiet(): boolean {
    return this.#nowMs - this.#quietSinceMs >= QUIET_MS;
  }

  /** Whether a connected publisher has sent nothing for so long that the feed itself may be broken: asked, it counts anew. */
  isStalled(): boolean {
    const isStalled = this.#isConnected && this.#nowMs - this.#quietSinceMs >= STALLED_MS;
    if (isStalled) this.#quietSinceMs = this.#nowMs;
    return isStalled;
  }

  /** The publisher came back after all: the window begins anew. */
  reset(): void {
    this.#awaySinceMs = undefined;
    this.#unlistedSinceMs = undefined;
  }
}
