// What the contract needs of an adapter: handles on one store, and time that passes.
import type { LiveStore } from '../live-store.ts';
import type { LiveStoreLimits } from '../live-store-limits.ts';

export interface LiveStoreHarness {
  /** A handle on the store, as each process has its own. */
  open(): Promise<LiveStore>;
  /** The store's clock, in milliseconds since 1970. */
  nowMs(): number;
  /** Lets time pass until the condition holds. */
  until(condition: () => boolean | Promise<boolean>): Promise<void>;
  close(): Promise<void>;
}

/** Makes an empty store with these limits. */
export type MakeHarness = (limits?: Partial<LiveStoreLimits>) => Promise<LiveStoreHarness>;
