// Every key of presence. All in one slot: a join touches tenant, room, identity, every mailbox of the room and the index of what
// is due in one step.

/** What scripts build their keys from: `<prefix>:{rooms}:`. */
export const presencePrefix = (keyPrefix: string): string => `${keyPrefix}:{rooms}:`;

/** A key of the slot, so that a cluster sends the script to where it is. */
export const presenceSlotKey = (keyPrefix: string): string => `${presencePrefix(keyPrefix)}due`;
