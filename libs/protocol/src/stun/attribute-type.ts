// The attributes that a message's own structure depends on. RFC 8489 sections 14.5 to 14.7.

export const MESSAGE_INTEGRITY = 0x0008;
export const MESSAGE_INTEGRITY_SHA256 = 0x001c;
export const FINGERPRINT = 0x8028;

/** Whether it ends a message and depends on what is before it. */
export const isClosing = (type: number): boolean =>
  type === MESSAGE_INTEGRITY || type === MESSAGE_INTEGRITY_SHA256 || type === FINGERPRINT;
