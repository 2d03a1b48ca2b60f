// What a store reports for metrics and logs: never a peer's data.
import type { LiveStoreErrorCode, LiveStoreOperation } from './live-store-error.ts';

export interface LiveStoreObserver {
  /** After each call: how long it took in seconds, and how it failed if it did. */
  called?(operation: LiveStoreOperation, seconds: number, failure: LiveStoreErrorCode | undefined): void;
  /** A connection could not be made or was lost; it is tried again for ever. `message` holds no secret. */
  connectionFailed?(connection: string, message: string): void;
}
