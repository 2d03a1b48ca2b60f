// "A fresh join token for this participant, please": what it needs to come back after its own has expired.
import { Inject, Injectable } from '@nestjs/common';
import type { RenewToken, RenewTokenAnswer } from '@millrace/control';
import { banKeysOf } from '@millrace/domain';
import type { Admission, JoinRefusal, ParticipantProfile } from '@millrace/domain';
import { LiveStoreError, PRESENCE_STORE } from '@millrace/live-store';
import type { PresenceStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { FactFinder, NotKnown } from '../known/fact-finder.ts';
import type { FactReader } from '../known/fact-finder.ts';
import type { GatewayMetrics } from '../ports/gateway-metrics.ts';
import { GATEWAY_LOGGER, GATEWAY_METRICS, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { ROOM_CODE_LIMITS } from '../room-limits.ts';
import type { GatewaySettings } from '../settings.ts';
import { Keyring } from '../signing-keys/keyring.ts';
import type { SigningSecret } from '../signing-keys/keyring.ts';
import { issueJoinToken } from './issue-join-token.ts';

const MS = 1_000;

@Injectable()
export class TokenRenewer {
  constructor(
    private readonly facts: FactFinder,
    private readonly keyring: Keyring,
    @Inject(PRESENCE_STORE) private readonly presence: PresenceStore,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_METRICS) private readonly metrics: GatewayMetrics,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /** Does not fail: what cannot be decided is refused as `unavailable`. */
  async renew(request: RenewToken): Promise<RenewTokenAnswer> {
    const answer = await this.#decide(request).catch((error: unknown) => {
      if (!(error instanceof NotKnown || error instanceof LiveStoreError))
        this.logger.warn({ err: error }, 'cannot create a fresh join token');
      return refuse('unavailable');
    });
    this.metrics.tokenRenewals.inc({ outcome: answer.granted ? 'granted' : answer.refusal });
    return answer;
  }

  /**
   * What the token says is taken from presence, which the join put there, and from nothing in the request: a token is made only
   * for who is in the room, and allows what the first one allowed.
   */
  async #decide({ tenantId, roomId, participantId, resumeWindowMs }: RenewToken): Promise<RenewTokenAnswer> {
    const present = await this.presence.participants(roomId);
    const profile = present.find((one) => one.participantId === participantId);
    if (profile?.admission === undefined || profile.tenantId !== tenantId) return refuse('bad_token');
    const { admission } = profile;
    const allowed = await this.facts.look((read) => this.#allow(read, profile, admission));
    if (typeof allowed === 'string') return refuse(allowed);
    const lifetimeMs = Math.min(resumeWindowMs + ROOM_CODE_LIMITS.freshTokenSpareMs, this.settings.joinTokenMaxTtlMs);
    const issuedAtS = Math.floor(Date.now() / MS);
    const expiresAtS = issuedAtS + Math.floor(lifetimeMs / MS);
    const token = await issueJoinToken(
      {
        tenantId,
        roomId,
        identity: profile.identity,
        name: admission.name,
        permissions: profile.permissions,
        tokenId: admission.tokenId,
        issuedAtS,
        expiresAtS,
      },
      allowed,
    );
    return { granted: true, token, expiresAtMs: expiresAtS * MS };
  }

  /** The same questions as for a join. @returns the key that signed the first token, so that revoking it ends this one too */
  async #allow(
    read: FactReader,
    { tenantId, roomId, identity }: ParticipantProfile,
    admission: Admission,
  ): Promise<JoinRefusal | SigningSecret> {
    const id = admission.signingKeyId;
    const secret = await this.keyring.find(read, tenantId, id);
    if (secret === undefined) return 'bad_token';
    const [tenant, room] = await Promise.all([read('tenants', tenantId), read('rooms', roomId)]);
    if (tenant === undefined) return 'bad_token';
    if (tenant.suspended) return 'tenant_suspended';
    if (room === undefined || room.tenantId !== tenantId) return 'room_not_found';
    if (room.ended) return 'room_ended';
    if (banKeysOf({ identity, admission }).some((key) => room.bans.includes(key))) return 'banned';
    return { id, secret };
  }
}

const refuse = (refusal: JoinRefusal): RenewTokenAnswer => ({ granted: false, refusal });
