/** Bounds on what an AMF decoder accepts. Nothing is allocated by a declared count, so these two bound its memory. */
export interface AmfLimits {
  /** How deep containers may be nested. */
  readonly maxDepth: number;
  /** The longest input, and the longest text that string references may add up to. */
  readonly maxBytes: number;
}

export const DEFAULT_AMF_LIMITS: AmfLimits = { maxDepth: 32, maxBytes: 64 * 1024 };
