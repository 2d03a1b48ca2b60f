// Makes relay credentials, and takes them back.
import { Inject, Injectable } from '@nestjs/common';
import { RELAY_CONTROL } from '@millrace/control';
import type { RelayControl } from '@millrace/control';
import { formatRelayUsername } from '@millrace/domain';
import type { IceServer } from '@millrace/domain';
import type { Logger } from '@millrace/service-kit';
import { Database } from '../database/database.ts';
import { revocationId } from '../known/facts.ts';
import { KnownFacts } from '../known/known-facts.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import type { GatewaySettings } from '../settings.ts';
import { Keyring } from '../signing-keys/keyring.ts';
import { RelayCredentialEntity } from './relay-credential.entity.ts';
import { relayPassword } from './relay-password.ts';

export interface IceServerGrant {
  readonly iceServers: IceServer[];
  readonly expiresAtMs: number;
}

const MS = 1_000;

@Injectable()
export class RelayCredentials {
  constructor(
    private readonly keyring: Keyring,
    private readonly database: Database,
    private readonly known: KnownFacts,
    @Inject(RELAY_CONTROL) private readonly control: RelayControl,
    @Inject(GATEWAY_SETTINGS) private readonly settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * @param subject whose credential it is: an id of `ice_` or `par_`
   * @throws NotKnown when no signing key is known
   */
  async issue(tenantId: string, subject: string, ttlMs: number): Promise<IceServerGrant> {
    const { secret } = await this.keyring.newest(tenantId);
    const expiresAtS = Math.floor((Date.now() + ttlMs) / MS);
    const username = formatRelayUsername({ expiresAtS, tenantId, subject });
    const iceServers = iceServerList(this.settings.iceUrls, username, relayPassword(secret, username));
    return { iceServers, expiresAtMs: expiresAtS * MS };
  }

  /** Relays are told once it is written down: an allocation that is cut must not come back. */
  async revoke(tenantId: string, subject: string): Promise<void> {
    const now = new Date();
    const kept = new Date(now.getTime() + this.settings.iceMaxTtlMs);
    await this.database.run(async (manager) => {
      await manager.query(
        `INSERT INTO relay_credentials (tenant_id, subject, created_at, expires_at, revoked_at)
         VALUES ($1, $2, $3, $4, $3)
         ON CONFLICT (tenant_id, subject) DO UPDATE SET revoked_at = COALESCE(relay_credentials.revoked_at, $3)`,
        [tenantId, subject, now, kept],
      );
    });
    await this.known.changed('revocations', revocationId(tenantId, subject));
    this.control.revokeRelay({ tenantId, subject });
  }

  /** The same for who does not wait for it. The relays are told in any case. */
  revokeSoon(tenantId: string, subject: string): void {
    this.revoke(tenantId, subject).catch((error: unknown) => {
      this.logger.warn({ err: error, tenant_id: tenantId, subject }, 'could not record a revoked relay credential');
      this.control.revokeRelay({ tenantId, subject });
    });
  }

  /** Forgets what has expired: it is refused without being known. */
  async purge(nowMs: number): Promise<void> {
    await this.database.run((manager) =>
      manager
        .createQueryBuilder()
        .delete()
        .from(RelayCredentialEntity)
        .where(
          `(tenant_id, subject) IN (SELECT tenant_id, subject FROM relay_credentials WHERE expires_at < :now LIMIT 1000)`,
        )
        .setParameter('now', new Date(nowMs))
        .execute(),
    );
  }
}

/** @param urls of STUN and TURN, separated by commas. @returns what `RTCPeerConnection` takes as `iceServers` */
function iceServerList(urls: string, username: string, credential: string): IceServer[] {
  const all = urls.split(',');
  const stun = all.filter((address) => address.startsWith('stun'));
  const turn = all.filter((address) => address.startsWith('turn'));
  return [
    ...(stun.length > 0 ? [{ urls: stun }] : []),
    ...(turn.length > 0 ? [{ urls: turn, username, credential }] : []),
  ];
}
