// How long places are kept, and how much waits for each participant: the same names and defaults for every adapter.

export interface PresenceLimits {
  /** How long a pod that gives no sign of life keeps its seats. */
  readonly leaseMs: number;
  /** How long a participant whose socket dropped may come back. */
  readonly resumeWindowMs: number;
  /** How long an empty room stays open. */
  readonly emptyRoomMs: number;
  /** How long it is remembered that, and why, a participant is gone or a room was ended. */
  readonly rememberMs: number;
  /** Most messages that wait in a mailbox, counting those that have not been acknowledged; then the oldest goes. */
  readonly maxMailboxMessages: number;
  /** Most bytes likewise. */
  readonly maxMailboxBytes: number;
  /**
   * When there was no sweep for longer than this (the store was away), that time does not count: who was reconnecting has as much
   * of the window left as before.
   */
  readonly outageMs: number;
}

export const DEFAULT_PRESENCE_LIMITS: PresenceLimits = {
  leaseMs: 4_000,
  resumeWindowMs: 15_000,
  emptyRoomMs: 30_000,
  rememberMs: 60_000,
  maxMailboxMessages: 512,
  maxMailboxBytes: 1_024 * 1_024,
  outageMs: 2_500,
};

/** The limits that a caller has chosen, and the defaults for the others. */
export function presenceLimits(chosen: Partial<PresenceLimits>): PresenceLimits {
  const given = Object.entries(chosen).filter(
    ([name, value]) => name in DEFAULT_PRESENCE_LIMITS && value !== undefined,
  );
  return { ...DEFAULT_PRESENCE_LIMITS, ...(Object.fromEntries(given) as Partial<PresenceLimits>) };
}
