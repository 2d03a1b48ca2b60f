// Is this join token good, and if not, why not?
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from 'jose';
import type { JoinRefusal } from '@millrace/domain';
import { ROOM_CODE_LIMITS } from '../room-limits.ts';
import { JOIN_TOKEN_ALGORITHM, joinClaims, signingBytes } from './join-claims.ts';
import type { JoinClaims } from './join-claims.ts';

const MS = 1_000;
/** How far the clocks of a tenant and of this server may be apart. */
const CLOCK_TOLERANCE_S = ROOM_CODE_LIMITS.clockToleranceMs / MS;

/** @returns the secret when this key is the tenant's and in force */
export type FindSecret = (tenantId: string, keyId: string) => Promise<string | undefined>;

export interface TokenRules {
  readonly nowMs: number;
  readonly maxTtlMs: number;
}

export type TokenVerdict =
  | { readonly valid: true; readonly claims: JoinClaims; readonly keyId: string; readonly tokenId: string }
  | { readonly valid: false; readonly refusal: JoinRefusal };

/**
 * The signature is checked before anything that the token claims counts: until then `kid` and `iss` only say which secret to
 * check it with. The comparison is that of the runtime's HMAC, in constant time.
 *
 * @throws what `findSecret` throws
 */
export async function verifyJoinToken(
  token: string,
  findSecret: FindSecret,
  { nowMs, maxTtlMs }: TokenRules,
): Promise<TokenVerdict> {
  const signer = token.length > ROOM_CODE_LIMITS.maxTokenLength ? undefined : signerOf(token);
  if (signer === undefined) return refuse('bad_token');
  const secret = await findSecret(signer.tenantId, signer.keyId);
  if (secret === undefined) return refuse('bad_token');
  let payload: unknown;
  try {
    ({ payload } = await jwtVerify(token, signingBytes(secret), {
      algorithms: [JOIN_TOKEN_ALGORITHM],
      issuer: signer.tenantId,
      requiredClaims: ['exp', 'iat', 'room'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(nowMs),
    }));
  } catch (error) {
    return refuse(refusalOf(error));
  }
  const claims = joinClaims.safeParse(payload).data;
  if (claims === undefined) return refuse('bad_token');
  const nowS = nowMs / MS;
  if (claims.iat > nowS + CLOCK_TOLERANCE_S) return refuse('token_not_yet_valid');
  // It has begun, so what holds for its whole life holds from now on.
  if (claims.exp - claims.iat > maxTtlMs / MS) return refuse('bad_token');
  return { valid: true, claims, keyId: signer.keyId, tokenId: claims.jti ?? hashOf(token) };
}

/** Names a token that has no `jti`: as exact, and of no use to who reads it. */
const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url');

/** Who says to have signed it. */
function signerOf(token: string): { tenantId: string; keyId: string } | undefined {
  try {
    const { kid, alg } = decodeProtectedHeader(token);
    const { iss } = decodeJwt(token);
    if (alg !== JOIN_TOKEN_ALGORITHM || typeof kid !== 'string' || typeof iss !== 'string') return undefined;
    return { tenantId: iss, keyId: kid };
  } catch (error) {
    // jose throws a JOSEError, or a TypeError for what is not three parts of base64url.
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function refusalOf(error: unknown): JoinRefusal {
  if (error instanceof errors.JWTExpired) return 'token_expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return error.claim === 'nbf' && error.reason === 'check_failed' ? 'token_not_yet_valid' : 'bad_token';
  if (error instanceof errors.JOSEError) return 'bad_token';
  throw error;
}

const refuse = (refusal: JoinRefusal): TokenVerdict => ({ valid: false, refusal });
