/** Bounds on what RTMP messages make the media path keep or do; without settings, since no encoder comes near. */
export const INTAKE_LIMITS = {
  maxAssembledBytes: 8 * 1024 * 1024,
  longestWaitMs: 200,
  maxFramesPerMessage: 64,
} as const;
