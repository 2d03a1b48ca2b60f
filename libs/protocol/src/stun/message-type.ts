// RFC 8489 section 5: the message type, whose 2 class bits are between the 12 method bits.

export const StunClass = { request: 0, indication: 1, success: 2, error: 3 } as const;
export type StunClass = (typeof StunClass)[keyof typeof StunClass];

/** RFC 8489 section 18.2, RFC 8656 section 17, RFC 6062 section 6.1. */
export const StunMethod = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  createPermission: 0x008,
  channelBind: 0x009,
  connect: 0x00a,
  connectionBind: 0x00b,
  connectionAttempt: 0x00c,
} as const;
export type StunMethod = (typeof StunMethod)[keyof typeof StunMethod];

/** Bits 13 to 9, 7 to 5 and 3 to 0 of the type. */
export function methodOfType(type: number): number {
  return (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2);
}

/** Bits 8 and 4 of the type. */
export function classOfType(type: number): StunClass {
  return (((type & 0x0100) >> 7) | ((type & 0x0010) >> 4)) as StunClass;
}

/** The 14 bits of a type. `method` has 12 bits: unassigned methods have a type as well. */
export function messageType(stunClass: StunClass, method: number): number {
  const methodBits = ((method & 0xf80) << 2) | ((method & 0x070) << 1) | (method & 0x00f);
  return methodBits | ((stunClass & 2) << 7) | ((stunClass & 1) << 4);
}
