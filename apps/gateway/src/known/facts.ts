// What must be known to let a key publish and a viewer watch, as small flat records.
import { z } from 'zod';

/** A stream key, by the hash of its secret. */
export const keyFact = z.strictObject({
  streamKeyId: z.string(),
  tenantId: z.string(),
  streamId: z.string(),
  expiresAtMs: z.number().nullable(),
  revoked: z.boolean(),
});
export type KeyFact = z.infer<typeof keyFact>;

/** A live stream, by its id. */
export const streamFact = z.strictObject({
  enabled: z.boolean(),
  segmentTargetMs: z.number(),
  windowMs: z.number(),
  reconnectWindowMs: z.number(),
  secondPublisher: z.enum(['refuse', 'takeover']),
});
export type StreamFact = z.infer<typeof streamFact>;

/** A tenant, by its id. */
export const tenantFact = z.strictObject({ suspended: z.boolean(), maxLiveStreams: z.number() });
export type TenantFact = z.infer<typeof tenantFact>;

/** A playback id: which stream it plays. */
export const playbackFact = z.strictObject({ tenantId: z.string(), streamId: z.string() });
export type PlaybackFact = z.infer<typeof playbackFact>;
