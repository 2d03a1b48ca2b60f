// How an edge connects to a source, in its own protocol.
import type { TakenSource } from '@millrace/control';

/** Told of one attempt to pull a source. */
export interface PullObserver {
  /** Media flows. */
  live(): void;
  /** It is over, or did not come about; nothing is told after it. @param message for the tenant: holds no secret */
  ended(message: string): void;
}

export interface PullAttempt {
  /** Ends it; the observer is told nothing more. @param reason one of a bounded set */
  close(reason: string): void;
}

export interface PullConnector {
  /** Schemes of addresses that it pulls. */
  readonly protocols: readonly string[];
  /** Connects, publishes with the key of the source, and tells what becomes of it. Does not throw. */
  open(source: TakenSource, observer: PullObserver): PullAttempt;
}

export const PULL_CONNECTOR = Symbol('PullConnector');
