// How a store fails: always this error, so that callers decide by its code.
import type { LiveStore } from './live-store.ts';
import type { PresenceStore } from './presence/presence-store.ts';

export type PresenceOperation = Exclude<keyof PresenceStore, 'isReady' | 'close'>;
export type LiveStoreOperation = Exclude<keyof LiveStore, 'isReady' | 'close' | 'watchPlaylist'> | PresenceOperation;

/**
 * - `disconnected`: the store cannot be reached; nothing waits for it.
 * - `timed_out`: no answer within the deadline.
 * - `full`: the store has no room left. Nothing was written.
 * - `closed`: this handle was closed.
 * - `failed`: the store answered with an error.
 */
export type LiveStoreErrorCode = 'disconnected' | 'timed_out' | 'full' | 'closed' | 'failed';

/**
 * A call that was not answered. After `disconnected` and `timed_out` it may have been done all the same.
 *
 * It has no `cause`: a client's error carries the command with its arguments, which may be a password or a whole segment.
 */
export class LiveStoreError extends Error {
  override readonly name = 'LiveStoreError';

  constructor(
    readonly code: LiveStoreErrorCode,
    readonly operation: LiveStoreOperation,
    detail?: string,
  ) {
    super(`live store: ${operation} ${code}${detail === undefined ? '' : `: ${detail}`}`);
  }
}
