import { Inject, Injectable } from '@nestjs/common';
import { recordChange } from '../audit/record-change.ts';
import type { Principal } from '../auth/principal.ts';
import { Database } from '../database/database.ts';
import { timeText } from '../http/fields.ts';
import { dependencyUnavailable, ProblemError } from '../http/problem-error.ts';
import { newId } from '@millrace/domain';
import { issueJoinToken } from '../join-tokens/issue-join-token.ts';
import { permissionsOf } from '../join-tokens/join-claims.ts';
import { NotKnown } from '../known/fact-finder.ts';
import { GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { Keyring } from '../signing-keys/keyring.ts';
import { findRoom } from './find-room.ts';
import type { CreateTokenBody, TokenAnswer } from './tokens.dto.ts';

const MS = 1_000;

@Injectable()
export class TokensService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
  ) {}

  async create(caller: Principal, roomId: string, body: CreateTokenBody): Promise<TokenAnswer> {
    const { joinTokenTtlMs, joinTokenMaxTtlMs, publicUrl, publicSignalingUrl } = this.settings;
    const ttlMs = body.ttl_seconds === undefined ? Math.min(joinTokenTtlMs, joinTokenMaxTtlMs) : body.ttl_seconds * MS;
    if (ttlMs > joinTokenMaxTtlMs)
      throw new ProblemError('invalid_request', 'The request is invalid; `errors` lists the problems.', {
        errors: [{ pointer: '/ttl_seconds', detail: `must be at most ${Math.floor(joinTokenMaxTtlMs / MS)}` }],
      });
    const { tenantId, endedAt } = await this.database.run((manager) => findRoom(manager, caller, roomId));
    if (endedAt !== null) throw new ProblemError('conflict', 'This room has ended: create a new one.');
    const key = await this.keyring.newest(tenantId).catch((error: unknown) => {
      throw error instanceof NotKnown ? dependencyUnavailable('The signing keys', error) : error;
    });
    const issuedAtS = Math.floor(Date.now() / MS);
    const expiresAtS = issuedAtS + Math.floor(ttlMs / MS);
    const { identity, name } = body;
    const tokenId = newId('tok');
    const permissions = permissionsOf(body);
    const token = await issueJoinToken(
      { tenantId, roomId, identity, name, permissions, tokenId, issuedAtS, expiresAtS },
      key,
    );
    const after = {
      id: tokenId,
      room_id: roomId,
      identity: identity ?? null,
      expires_at: timeText(new Date(expiresAtS * MS)),
    };
    await this.database.transaction((manager) => recordChange(manager, caller, { tenantId, objectId: tokenId, after }));
    return {
      token,
      expires_at: timeText(new Date(expiresAtS * MS)),
      room_id: roomId,
      signaling_url: publicSignalingUrl,
      call_url: `${publicUrl}/call/${roomId}#token=${token}`,
    };
  }
}
