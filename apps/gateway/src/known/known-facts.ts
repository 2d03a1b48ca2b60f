// Keeps the remembered facts true: refreshed after every change, and again later where the live store was away.
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { LIVE_STORE, type LiveStore } from '@millrace/live-store';
import type { Logger } from '@millrace/service-kit';
import { IsNull } from 'typeorm';
import type { z } from 'zod';
import { Database } from '../database/database.ts';
import { GATEWAY_LOGGER, GATEWAY_SETTINGS } from '../ports/tokens.ts';
import { PlaybackIdEntity } from '../playback/playback-id.entity.ts';
import { RelayCredentialEntity } from '../relay/relay-credential.entity.ts';
import { RoomEntity } from '../rooms/room.entity.ts';
import type { GatewaySettings } from '../settings.ts';
import { SigningKeyEntity } from '../signing-keys/signing-key.entity.ts';
import { StreamKeyEntity } from '../stream-keys/stream-key.entity.ts';
import { LiveStreamEntity } from '../streams/live-stream.entity.ts';
import { TenantEntity } from '../tenants/tenant.entity.ts';
import { keyFactOf, roomFactOf, signingKeysFactOf, streamFactOf, tenantFactOf } from './fact-rows.ts';
import { keyFact, playbackFact, revocationFact, roomFact, signingKeysFact, streamFact, tenantFact } from './facts.ts';
import type {
  KeyFact,
  PlaybackFact,
  RevocationFact,
  RoomFact,
  SigningKeysFact,
  StreamFact,
  TenantFact,
} from './facts.ts';
import { Remembered } from './remembered.ts';

const RETRY_MS = 500;
/** So many facts may wait for a live store that is away; then the oldest is dropped and lives until its time is over. */
const MAX_WAITING = 10_000;

export type FactKind = 'keys' | 'streams' | 'tenants' | 'playback' | 'rooms' | 'signingKeys' | 'revocations';

@Injectable()
export class KnownFacts implements OnApplicationShutdown {
  readonly keys: Remembered<KeyFact>;
  readonly streams: Remembered<StreamFact>;
  readonly tenants: Remembered<TenantFact>;
  readonly playback: Remembered<PlaybackFact>;
  readonly rooms: Remembered<RoomFact>;
  readonly signingKeys: Remembered<SigningKeysFact>;
  readonly revocations: Remembered<RevocationFact>;
  private readonly waiting = new Map<string, { kind: FactKind; id: string }>();
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(
    private readonly database: Database,
    @Inject(LIVE_STORE) store: LiveStore,
    @Inject(GATEWAY_SETTINGS) settings: GatewaySettings,
    @Inject(GATEWAY_LOGGER) private readonly logger: Logger,
  ) {
    const remembered = <T>(kind: string, schema: z.ZodType<T>, read: (id: string) => Promise<T | undefined>) =>
      new Remembered<T>(store, { kind, read, parse: (value) => schema.safeParse(value).data }, settings.rememberMs);
    this.keys = remembered('key', keyFact, (hash) => this.readKey(hash));
    this.streams = remembered('stream', streamFact, (id) => this.readStream(id));
    this.tenants = remembered('tenant', tenantFact, (id) => this.readTenant(id));
    this.playback = remembered('playback', playbackFact, (id) => this.readPlayback(id));
    this.rooms = remembered('room', roomFact, (id) => this.readRoom(id));
    this.signingKeys = remembered('signing', signingKeysFact, (tenantId) => this.readSigningKeys(tenantId));
    this.revocations = remembered('revocation', revocationFact, (id) => this.readRevocation(id));
  }

  /** Call after a change is committed. Does not fail: what cannot be done now is done as soon as it can be. */
  async changed(kind: FactKind, id: string): Promise<void> {
    try {
      await this[kind].refresh(id);
    } catch (error) {
      this.logger.debug({ err: error, kind }, 'cannot refresh what is remembered; trying again');
      this.later(kind, id);
    }
  }

  onApplicationShutdown(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private later(kind: FactKind, id: string): void {
    const key = `${kind} ${id}`;
    this.waiting.delete(key);
    this.waiting.set(key, { kind, id });
    if (this.waiting.size > MAX_WAITING) this.waiting.delete(this.waiting.keys().next().value ?? key);
    if (!this.closed) this.timer ??= setTimeout(() => void this.retry(), RETRY_MS).unref();
  }

  private async retry(): Promise<void> {
    this.timer = undefined;
    const due = [...this.waiting.values()];
    this.waiting.clear();
    for (const { kind, id } of due) await this.changed(kind, id);
  }

  private async readKey(hash: string): Promise<KeyFact | undefined> {
    const row = await this.database.run((manager) =>
      manager.findOneBy(StreamKeyEntity, { hash: Buffer.from(hash, 'hex') }),
    );
    return row === null ? undefined : keyFactOf(row);
  }

  private async readStream(id: string): Promise<StreamFact | undefined> {
    const row = await this.database.run((manager) => manager.findOneBy(LiveStreamEntity, { id }));
    return row === null ? undefined : streamFactOf(row);
  }

  private async readTenant(id: string): Promise<TenantFact | undefined> {
    const row = await this.database.run((manager) => manager.findOneBy(TenantEntity, { id }));
    return row === null ? undefined : tenantFactOf(row);
  }

  private async readPlayback(id: string): Promise<PlaybackFact | undefined> {
    const row = await this.database.run((manager) => manager.findOneBy(PlaybackIdEntity, { id }));
    return row === null ? undefined : { tenantId: row.tenantId, streamId: row.liveStreamId };
  }

  private async readRoom(id: string): Promise<RoomFact | undefined> {
    const row = await this.database.run((manager) => manager.findOneBy(RoomEntity, { id }));
    return row === null ? undefined : roomFactOf(row);
  }

  /** None is as good as no such tenant: whoever guesses tenants must not fill the live store with what is not there. */
  private async readSigningKeys(tenantId: string): Promise<SigningKeysFact | undefined> {
    const where = { tenantId, revokedAt: IsNull() };
    const rows = await this.database.run((manager) => manager.find(SigningKeyEntity, { where, order: { id: 'DESC' } }));
    return rows.length === 0 ? undefined : signingKeysFactOf(rows);
  }

  private async readRevocation(id: string): Promise<RevocationFact | undefined> {
    const [tenantId = '', subject = ''] = id.split(':');
    const row = await this.database.run((manager) => manager.findOneBy(RelayCredentialEntity, { tenantId, subject }));
    return row?.revokedAt ? { revokedAtMs: row.revokedAt.getTime() } : undefined;
  }
}
