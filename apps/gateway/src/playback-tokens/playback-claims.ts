// What a playback token says: a JWT (RFC 7519) that a tenant signs with a playback key.
import { z } from 'zod';
import { idField } from '../http/fields.ts';
import { originPattern } from './origin-pattern.ts';
import { PLAYBACK_TOKEN_CODE_LIMITS } from './playback-token-limits.ts';

export const PLAYBACK_AUDIENCE = 'playback';
/** Of `viewer_session_version`: what the column holds. */
export const MAX_SESSION_VERSION = 2 ** 31 - 1;

export const viewerIdField = z
  .string()
  .min(1)
  .max(PLAYBACK_TOKEN_CODE_LIMITS.maxViewerIdLength)
  .regex(/^[\x21-\x7e]+$/, 'must be visible ASCII characters, without spaces');

/** The registered claims that are used, and those of our own. Others are ignored, as RFC 7519 section 4 says. */
export const playbackClaims = z
  .object({
    /** The playback id. */
    sub: idField('playback'),
    exp: z.number(),
    nbf: z.number().optional(),
    iat: z.number().optional(),
    jti: z.string().min(1).max(PLAYBACK_TOKEN_CODE_LIMITS.maxTokenIdLength).optional(),
    /** The tenant's own name for the viewer: sessions are revoked by it. */
    viewer_id: viewerIdField.optional(),
    viewer_session_version: z.int().min(0).max(MAX_SESSION_VERSION).default(0),
    origins: z.array(originPattern).min(1).max(PLAYBACK_TOKEN_CODE_LIMITS.maxTokenOrigins).optional(),
    restriction_id: idField('playbackRestriction').optional(),
    /** Starts playback once. */
    single_use: z.boolean().default(false),
  })
  .refine(({ single_use: isOnce, jti }) => !isOnce || jti !== undefined, {
    path: ['jti'],
    error: 'is required with `single_use`',
  });
export type PlaybackClaims = z.infer<typeof playbackClaims>;
