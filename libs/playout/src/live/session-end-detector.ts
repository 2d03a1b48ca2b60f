// Decides when a stream is over for its viewers. It asks the live store only while no frames come: a packager is not needed.
import type { LiveStore } from '@millrace/live-store';

/** What the live store says of a stream; undefined when it lists none. */
export interface LiveSession {
  /** Of its newest publisher. */
  readonly epoch: number;
  /** Whether the publisher is connected now. */
  readonly isPublished: boolean;
  /** How long the session waits for its publisher to come back. */
  readonly reconnectWindowMs: number;
}

/** What playout asks of the live store. */
export const sessionReader =
  (store: Pick<LiveStore, 'readLiveStream'>) =>
  async (streamId: string): Promise<LiveSession | undefined> => {
    const live = await store.readLiveStream(streamId);
    return (
      live && {
        epoch: live.claim.epoch,
        // An encoder that waits goes on in a moment.
        isPublished: live.disconnectedAtMs === undefined || live.standby?.isReady === true,
        reconnectWindowMs: live.claim.settings.reconnectWindowMs,
      }
    );
  };

/** A session that the store has not listed for this long is over: a store that has lost everything gets it back sooner. */
const UNLISTED_MS = 2_000;

export class SessionEndDetector {
  #awaySinceMs: number | undefined;
  #unlistedSinceMs: number | undefined;

  /**
   * Takes note of what the store says while no frames come. The window is counted on this process's own clock.
   *
   * @returns whether the session is over
   */
  observe(session: LiveSession | undefined, nowMs: number): boolean {
    this.#unlistedSinceMs = session === undefined ? (this.#unlistedSinceMs ?? nowMs) : undefined;
    const isAway = session !== undefined && !session.isPublished;
    this.#awaySinceMs = isAway ? (this.#awaySinceMs ?? nowMs) : undefined;
    if (this.#unlistedSinceMs !== undefined) return nowMs - this.#unlistedSinceMs >= UNLISTED_MS;
    return this.#awaySinceMs !== undefined && nowMs - this.#awaySinceMs >= (session?.reconnectWindowMs ?? 0);
  }

  /** A frame has arrived. */
  reset(): void {
    this.#awaySinceMs = undefined;
    this.#unlistedSinceMs = undefined;
  }
}
