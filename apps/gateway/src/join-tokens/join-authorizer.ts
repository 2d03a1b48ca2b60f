// "May the bearer of this token join?"
import { Inject, Injectable } from '@nestjs/common';
import type { AuthorizeJoin, AuthorizeJoinAnswer } from '@millrace/control';
import { banKeysOf } from '@millrace/domain';
import type { Admission, JoinRefusal } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import type { RoomFact, TenantFact } from '../known/facts.ts';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';
import type { FactReader } from '../known/fact-finder.ts';
import { roomFactsOf } from '../known/room-facts.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { Keyring } from '../signing-keys/keyring.ts';
import { permissionsOf } from './join-claims.ts';
import type { JoinClaims } from './join-claims.ts';
import { verifyJoinToken } from './verify-join-token.ts';

const MS = 1_000;

@Injectable()
export class JoinAuthorizer {
  constructor(
    private readonly facts: FactFinder,
    private readonly keyring: Keyring,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Does not fail: what cannot be decided is refused as `unavailable`. */
  async authorize({ token }: AuthorizeJoin): Promise<AuthorizeJoinAnswer> {
    const answer = await this.facts
      .look((read) => this.#decide(read, token))
      .catch((error: unknown) => {
        if (!(error instanceof NotKnown)) this.logger.warn({ err: error }, 'cannot decide whether a token may join');
        return refuse('unavailable');
      });
    this.metrics.joinDecisions.inc({ outcome: answer.granted ? 'granted' : answer.refusal });
    if (!answer.granted && answer.refusal === 'quota') this.metrics.quotaRejections.inc({ kind: 'join' });
    return answer;
  }

  async #decide(read: FactReader, token: string): Promise<AuthorizeJoinAnswer> {
    const nowMs = Date.now();
    const rules = { nowMs, maxTtlMs: this.settings.joinTokenMaxTtlMs };
    const verdict = await verifyJoinToken(token, (tenant, key) => this.keyring.find(read, tenant, key), rules);
    if (!verdict.valid) return refuse(verdict.refusal);
    const { claims, keyId, tokenId } = verdict;
    this.keyring.noteUse(keyId, nowMs);
    const [tenant, room] = await Promise.all([read('tenants', claims.iss), read('rooms', claims.room)]);
    // A deleted tenant takes its keys along.
    if (tenant === undefined) return refuse('bad_token');
    if (tenant.suspended) return refuse('tenant_suspended');
    if (room === undefined || room.tenantId !== claims.iss) return refuse('room_not_found');
    if (room.ended) return refuse('room_ended');
    const admission = { tokenId, signingKeyId: keyId, name: claims.name, expiresAtMs: Math.floor(claims.exp * MS) };
    if (banKeysOf({ identity: claims.sub, admission }).some((key) => room.bans.includes(key))) return refuse('banned');
    return grant(claims, admission, room, tenant);
  }
}

/** Whether the room is locked or full is decided where it is known who is in it: that is no reason to refuse here. */
const grant = (claims: JoinClaims, admission: Admission, room: RoomFact, tenant: TenantFact): AuthorizeJoinAnswer => ({
  granted: true,
  grant: {
    room: roomFactsOf(claims.room, room),
    identity: claims.sub,
    name: claims.name,
    permissions: permissionsOf(claims),
    limits: { maxRooms: tenant.maxRooms, maxParticipants: tenant.maxParticipants },
    admission,
    bansVersion: room.bansVersion,
  },
});

const refuse = (refusal: JoinRefusal): AuthorizeJoinAnswer => ({ granted: false, refusal });
