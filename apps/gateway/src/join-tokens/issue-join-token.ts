import { SignJWT } from 'jose';
import type { ParticipantPermissions } from '@millrace/domain';
import type { SigningSecret } from '../signing-keys/keyring.ts';
import { JOIN_TOKEN_ALGORITHM, signingBytes } from './join-claims.ts';

export interface JoinTokenRequest {
  readonly tenantId: string;
  readonly roomId: string;
  readonly identity: string | undefined;
  readonly name: string | undefined;
  readonly permissions: ParticipantPermissions;
  readonly tokenId: string;
  readonly issuedAtS: number;
  readonly expiresAtS: number;
}

/** Makes a token exactly as a tenant would make it. */
export async function issueJoinToken(request: JoinTokenRequest, key: SigningSecret): Promise<string> {
  const { tenantId, roomId, identity, name, permissions, tokenId, issuedAtS, expiresAtS } = request;
  return new SignJWT({
    iss: tenantId,
    ...(identity !== undefined && { sub: identity }),
    room: roomId,
    ...(name !== undefined && { name }),
    permissions: { publish: permissions.publish, chat: permissions.chat, rename: permissions.rename },
    jti: tokenId,
    iat: issuedAtS,
    exp: expiresAtS,
  })
    .setProtectedHeader({ alg: JOIN_TOKEN_ALGORITHM, typ: 'JWT', kid: key.id })
    .sign(signingBytes(key.secret));
}
