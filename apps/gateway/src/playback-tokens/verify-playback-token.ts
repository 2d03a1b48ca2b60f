// Is this playback token good, and if not, why not?
import { createHash } from 'node:crypto';
import { decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import { isId } from '@millrace/domain';
import type { PlaybackAlgorithm, PublicJwk } from '../known/facts.ts';
import { PLAYBACK_AUDIENCE, playbackClaims } from './playback-claims.ts';
import type { PlaybackClaims } from './playback-claims.ts';
import { PLAYBACK_TOKEN_CODE_LIMITS } from './playback-token-limits.ts';

const MS = 1_000;
/** How far the clocks of a tenant and of this server may be apart. */
const CLOCK_TOLERANCE_S = PLAYBACK_TOKEN_CODE_LIMITS.clockToleranceMs / MS;

export interface VerificationKey {
  readonly id: string;
  readonly algorithm: PlaybackAlgorithm;
  readonly jwk: PublicJwk;
}

export interface PlaybackTokenRules {
  readonly playbackId: string;
  readonly nowMs: number;
  readonly maxTtlMs: number;
  /** Of tokens that name a viewer: what they begin goes on without them. */
  readonly maxViewerTtlMs: number;
}

export type PlaybackTokenVerdict =
  | {
      readonly valid: true;
      readonly claims: PlaybackClaims;
      readonly keyId: string;
      /** Names the token: its `jti`, or its digest. */
      readonly tokenId: string;
    }
  | { readonly valid: false; readonly refusal: 'invalid' | 'expired'; readonly detail: string };

/**
 * The algorithm is the key's. The token's header names only the key; until the signature is checked, nothing else in it counts.
 *
 * @param keys those in force of the tenant that the playback id belongs to: no other key can sign for it
 */
export async function verifyPlaybackToken(
  token: string,
  keys: readonly VerificationKey[],
  rules: PlaybackTokenRules,
): Promise<PlaybackTokenVerdict> {
  const { playbackId, nowMs } = rules;
  if (token.length > PLAYBACK_TOKEN_CODE_LIMITS.maxTokenLength) return invalid('The playback token is too long.');
  const keyId = keyIdOf(token);
  if (keyId === undefined) return invalid('The playback token is not a JWT with a `kid` in its header.');
  const key = keys.find(({ id }) => id === keyId);
  if (key === undefined) return invalid('The `kid` of the playback token names no active playback key.');
  let payload: unknown;
  try {
    ({ payload } = await jwtVerify(token, await publicKeyOf(key), {
      algorithms: [key.algorithm],
      audience: PLAYBACK_AUDIENCE,
      subject: playbackId,
      requiredClaims: ['exp', 'aud', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(nowMs),
    }));
  } catch (error) {
    return refusalOf(error);
  }
  const { data: claims, error } = playbackClaims.safeParse(payload);
  if (claims === undefined) {
    const [issue] = error.issues;
    const why = issue?.code === 'custom' ? issue.message : 'is not allowed';
    return invalid(`The claim \`${String(issue?.path[0])}\` of the playback token ${why}.`);
  }
  return lifeFault(claims, rules) ?? { valid: true, claims, keyId, tokenId: claims.jti ?? digestOf(token) };
}

/** Tokens that name a viewer, or work once, are short-lived: one that is passed on is soon of no use, and those used need not be kept long. */
function lifeFault(
  { exp, iat, viewer_id: viewerId, single_use: isOnce }: PlaybackClaims,
  { nowMs, maxTtlMs, maxViewerTtlMs }: PlaybackTokenRules,
): PlaybackTokenVerdict | undefined {
  const shortFor = isOnce ? ' with `single_use`' : viewerId === undefined ? '' : ' with a `viewer_id`';
  const maxS = (shortFor === '' ? maxTtlMs : maxViewerTtlMs) / MS;
  const nowS = nowMs / MS;
  if (iat !== undefined && iat > nowS + CLOCK_TOLERANCE_S)
    return invalid('The playback token was issued in the future.');
  if (exp - nowS <= maxS + CLOCK_TOLERANCE_S && (iat === undefined || exp - iat <= maxS)) return undefined;
  return invalid(`The playback token lives too long: \`exp\` may be at most ${maxS} s away${shortFor}.`);
}

export const digestOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

function keyIdOf(token: string): string | undefined {
  try {
    const { kid } = decodeProtectedHeader(token);
    return kid !== undefined && isId('pky', kid) ? kid : undefined;
  } catch (error) {
    // jose throws a JOSEError, or a TypeError for what is not three parts of base64url.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Imported once: facts that are read again have the same text, and a key never changes under its id. */
const imported = new Map<string, ReturnType<typeof importJWK>>();
const MAX_IMPORTED = 1_000;

function publicKeyOf({ id, algorithm, jwk }: VerificationKey): ReturnType<typeof importJWK> {
  const known = imported.get(id);
  if (known !== undefined) return known;
  const { kty, crv, x, y } = jwk;
  const made = importJWK({ kty, crv, x, ...(y !== undefined && { y }) }, algorithm);
  imported.set(id, made);
  if (imported.size > MAX_IMPORTED) imported.delete(imported.keys().next().value ?? id);
  return made;
}

function refusalOf(error: unknown): PlaybackTokenVerdict {
  if (error instanceof errors.JWTExpired)
    return { valid: false, refusal: 'expired', detail: 'The playback token has expired.' };
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'nbf' && error.reason === 'check_failed')
      return invalid('The playback token is not valid yet (`nbf`).');
    return invalid(`The claim \`${error.claim}\` of the playback token is missing or wrong.`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed)
    return invalid('The `alg` of the playback token is not that of its key.');
  if (error instanceof errors.JOSEError || error instanceof TypeError)
    return invalid('The signature of the playback token is wrong.');
  throw error;
}

const invalid = (detail: string): PlaybackTokenVerdict => ({ valid: false, refusal: 'invalid', detail });
