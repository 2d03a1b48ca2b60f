/** Bounds on what an AMF decoder accepts. Nothing is allocated by a declared count, so these two bound its memory. */
export interface AmfLimits {
  /** How many containers may stand in each other. */
  readonly maxDepth: number;
  /** The longest input, and the longest text that string references may add up to. */
  readonly maxBytes: number;
}

export const DEFAULT_AMF_LIMITS: AmfLimits = { maxDepth: 32, maxBytes: 64 * 1024 };
